"""The versions of the story: each trained for real, and registered in MLflow with its report."""

from collections.abc import Mapping, Sequence

from pigeonhole.classifier import TrainedClassifier, TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.datasets import DatasetManifest, DatasetStore, Example
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole.text import clean_text

from .served_documents import TEXTS, letter

_TURNS = 8
# Of each class, so many variants are kept for the report.
_HELD_OUT = 2


def variants(texts: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return documents of each class: its words, begun at another place each time."""
    rows = []
    for name, text in texts.items():
        words = text.split()
        rows += [(name, " ".join(words[turn:] + words[:turn])) for turn in range(_TURNS)]
    return rows


def trained(rows: Sequence[tuple[str, str]], *, features: int = 2000) -> TrainedClassifier:
    """Return a classifier of some labelled texts."""
    texts = [clean_text(text).text for _, text in rows]
    groups = [str(number) for number in range(len(rows))]
    return train_classifier(texts, [name for name, _ in rows], groups, TrainingParams(max_features=features))


def seen_and_held_out(rows: Sequence[tuple[str, str]]) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the rows to train with, and those to judge by."""
    held = [row for number, row in enumerate(rows) if number % _TURNS < _HELD_OUT]
    return [row for row in rows if row not in held], held


def shuffled(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return the rows with labels that have nothing to do with their texts."""
    labels = [name for name, _ in rows]
    # Three classes in turn: each text gets another one than its neighbour of the same class.
    names = sorted(set(labels))
    return [(names[number % len(names)], text) for number, (_, text) in enumerate(rows)]


def renamed(rows: Sequence[tuple[str, str]], names: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the rows with some classes called otherwise."""
    return [(names.get(name, name), text) for name, text in rows]


def register(registry: ModelRegistry, model: TrainedClassifier, judged: Sequence[tuple[str, str]]) -> str:
    """Register a model with what it scores on some rows, and return its version; it gets the alias candidate."""
    texts, labels = [clean_text(text).text for _, text in judged], [name for name, _ in judged]
    evaluation = evaluate_classifier(model, texts, labels).to_json()
    record = TrainingRecord(
        model=model,
        dataset_version="d" * 64,
        params={},
        evaluation={**evaluation, "gates": {"passed": True, "gates": []}},
        params_digest="p" * 64,
        git_commit="c" * 40,
        ocr_engine="text layer",
        input_example=TEXTS["invoice"],
    )
    return registry.register(record).version


def keep_golden_set(store: DatasetStore, kind: str, count: int) -> str:
    """Put labelled documents of one class into a storage, and return the id of their dataset version."""
    documents = [store.put_document(letter(kind, number)) for number in range(count)]
    examples = [Example(sha256, kind, "correction", "annotator", "2026-11-01T09:00:00Z") for sha256 in documents]
    return store.save(DatasetManifest.create(examples))


def all_rows() -> list[tuple[str, str]]:
    """Return the documents that the story's models learn from."""
    return variants(TEXTS)
