"""The documents that are measured: a generated corpus, or anybody's folder with one folder a class."""

import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from ocr.settings import BenchSettings
from pigeonhole.documents import DocumentLimits, DocumentRefused, MediaType, document_sha256, inspect_document
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr import OcrSettings
from pigeonhole.ocr.text_layer import is_usable_layer
from pigeonhole.pages import page_text_layer
from pigeonhole.processes import usable_cpus
from pigeonhole.synthetic import CLASSES, FormatMix, GenerationSettings, read_groups, write_corpus

Kind = Literal["image", "scanned pdf", "digital pdf"]
SCANS: tuple[Kind, ...] = ("image", "scanned pdf")
"""The kinds whose first page has to be recognised."""
FORMATS = FormatMix(pdf=0.15, image_pdf=0.15, jpeg=0.4, png=0.15, tiff=0.15)
MIN_EXAMPLES = 5
"""Independent documents that a class needs, so that every fold can learn it and choose by it."""

_Item = TypeVar("_Item")


class BenchDataError(PigeonholeError):
    """The folder cannot be measured."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-data")


@dataclass(frozen=True)
class BenchDocument:
    """A document of known class; documents of one group are never on both sides of a fold."""

    path: Path
    class_name: str
    sha256: str
    group: str
    kind: Kind


@dataclass(frozen=True)
class BenchCorpus:
    """What is measured, and what was passed over: files by reason of refusal, and documents of classes too small."""

    documents: tuple[BenchDocument, ...]
    source: str
    refused: dict[str, int]
    too_small: dict[str, int]

    @property
    def classes(self) -> tuple[str, ...]:
        """The classes that are measured, in order."""
        return tuple(sorted({document.class_name for document in self.documents}))

    @property
    def summary(self) -> str:
        """What is measured and what is not, in a line."""
        refused = "".join(f", {count} files refused as {reason}" for reason, count in sorted(self.refused.items()))
        small = "".join(f", class '{name}' left out with {count}" for name, count in self.too_small.items())
        return f"{len(self.documents)} documents of {len(self.classes)} classes{refused}{small}"


def open_corpus(settings: BenchSettings) -> BenchCorpus:
    """Return the documents to measure: those of the folder that was named, else generated ones.

    Raises:
        BenchDataError: Fewer than two classes have enough documents.
    """
    if settings.data is not None:
        return read_corpus(settings.data, settings, source="BENCH_DATA")
    count = -(-settings.documents // len(CLASSES))
    wanted = GenerationSettings(
        count=count, difficulty=settings.difficulty, seed=settings.seed, formats=FORMATS, workers=usable_cpus()
    )
    folder = settings.output / "ocr-corpus"
    write_corpus(folder, wanted)
    return read_corpus(folder, settings, source=f"generated, difficulty {settings.difficulty:g}")


def read_corpus(folder: Path, settings: BenchSettings, *, source: str) -> BenchCorpus:
    """Inspect every file of the folder's class folders and take as many of each class.

    Raises:
        BenchDataError: The folder is missing, or fewer than two classes have enough documents.
    """
    if not folder.is_dir():
        raise BenchDataError(f"BENCH_DATA: '{folder}' is no folder.")
    groups, limits, reading = read_groups(folder), DocumentLimits(), OcrSettings()
    refused: Counter[str] = Counter()
    found: dict[str, BenchDocument] = {}
    files = sorted(path for path in folder.glob("*/*") if path.is_file() and not path.name.startswith("."))
    # One order for every machine, and not that of names: those may tell when documents came in.
    for path in sorted(
        files, key=lambda path: random.Random(f"{settings.seed} {path.parent.name}/{path.name}").random()
    ):
        try:
            document = inspect_file(path, groups, limits, reading)
        except DocumentRefused as refusal:
            refused[refusal.reason.value] += 1
            continue
        found.setdefault(document.sha256, document)
    kept, too_small = drop_small_classes(found.values())
    chosen = tuple(take_evenly(kept, settings.documents, [document.class_name for document in kept]))
    return BenchCorpus(chosen, source, dict(refused), too_small)


def inspect_file(path: Path, groups: dict[str, str], limits: DocumentLimits, reading: OcrSettings) -> BenchDocument:
    """Return what a file is; without a known group, a document is its own.

    Raises:
        DocumentRefused: It cannot be accepted.
    """
    data = path.read_bytes()
    document = inspect_document(data, limits)
    kind: Kind = "image"
    if document.media_type is MediaType.PDF:
        kind = "digital pdf" if is_usable_layer(page_text_layer(data, 0), reading) else "scanned pdf"
    sha256 = document_sha256(data)
    return BenchDocument(path, path.parent.name, sha256, groups.get(sha256, sha256), kind)


def drop_small_classes(documents: Iterable[BenchDocument]) -> tuple[list[BenchDocument], dict[str, int]]:
    """Return the documents of classes with enough of them, and how many documents each other class has.

    Raises:
        BenchDataError: Fewer than two classes are left.
    """
    by_class: dict[str, list[BenchDocument]] = defaultdict(list)
    for document in documents:
        by_class[document.class_name].append(document)
    is_small = {name: len({each.group for each in members}) < MIN_EXAMPLES for name, members in by_class.items()}
    too_small = {name: len(by_class[name]) for name, small in sorted(is_small.items()) if small}
    if len(by_class) - len(too_small) < 2:
        counts = ", ".join(f"{name}: {len(members)}" for name, members in sorted(by_class.items())) or "none"
        raise BenchDataError(
            f"Not enough documents: at least 2 classes with {MIN_EXAMPLES} different readable documents each are"
            f" needed, and the folder has {counts}."
        )
    return [each for name, members in by_class.items() if not is_small[name] for each in members], too_small


def take_evenly(items: Sequence[_Item], count: int, labels: Sequence[str]) -> list[_Item]:
    """Return at most so many items, the first of each label in turn, so that no label has much more than another."""
    turns: Counter[str] = Counter()
    ranked = []
    for place, (item, label) in enumerate(zip(items, labels, strict=True)):
        turns[label] += 1
        ranked.append((turns[label], place, item))
    return [item for _, _, item in sorted(ranked, key=lambda entry: entry[:2])[:count]]
