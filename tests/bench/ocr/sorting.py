"""The same classifier on each way's texts: every document is sorted by a model that saw nothing of its group."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import StratifiedGroupKFold

from ocr.corpus import BenchDocument
from ocr.measuring import cpu_seconds
from ocr.results import FULL, LINES, NAIVE, PROGRESSIVE, Measured, ReadText, SortedPage
from pigeonhole.classifier import Score, TrainedClassifier, TrainingParams, reads_enough, score_texts, train_classifier
from pigeonhole.text import clean_text

_REPEATS = 2
TRAINED = (NAIVE, FULL, PROGRESSIVE)
"""The ways that have models of their own; the lines view is sorted by the progressive ones."""


@dataclass(frozen=True)
class FoldModels:
    """For each way, the models of the folds; `fold_of` tells, by its sha256, which fold holds a document out."""

    by_way: Mapping[str, tuple[TrainedClassifier, ...]]
    fold_of: Mapping[str, int]

    def model(self, way: str, document: BenchDocument) -> TrainedClassifier:
        """Return the way's model that saw nothing of the document's group."""
        return self.by_way[way][self.fold_of[document.sha256]]


def train_folds(rows: Sequence[Measured], folds: int, *, processes: int, seed: int) -> FoldModels:
    """Train every way's models on the same folds, with the product's parameters.

    Naive and full texts are learned as they are; the progressive way learns both views and when to read on, all of it
    without the documents that are held out.
    """
    labels = [row.document.class_name for row in rows]
    groups = [row.document.group for row in rows]
    parts = split(labels, groups, folds, seed)
    with ProcessPoolExecutor(min(processes, len(parts)), get_context("spawn")) as pool:
        trained = list(pool.map(_train_fold, ([rows[row] for row in seen] for seen, _ in parts)))
    by_way = {way: tuple(models[way] for models in trained) for way in TRAINED}
    return FoldModels(by_way, {rows[row].document.sha256: fold for fold, (_, out) in enumerate(parts) for row in out})


def split(
    labels: Sequence[str], groups: Sequence[str], folds: int, seed: int
) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Return pairs of rows to learn from and rows to hold out; no group stands on both sides."""
    members = sorted(set(zip(labels, groups, strict=True)))
    fewest = min(sum(label == name for label, _ in members) for name in set(labels))
    splitter = StratifiedGroupKFold(min(folds, fewest), shuffle=True, random_state=seed)
    return [(seen, held_out) for seen, held_out in splitter.split(labels, labels, groups) if len(held_out)]


def sort_text(model: TrainedClassifier, text: ReadText) -> Score:
    """Return what a model says of a text as it was read."""
    return score_texts(model, [clean_text(text.text).text])[0]


def is_enough(model: TrainedClassifier, score: Score, lines: ReadText) -> bool:
    """Tell whether the first look stands: there is nothing more to read, or the product's own rule says so."""
    return lines.complete or reads_enough(score, model.stop_confidence)


def sort_page(models: FoldModels, row: Measured) -> SortedPage:
    """Sort a document by each way's text.

    What the progressive way takes is the first look and its sorting, and where that was not enough, a full reading and
    its sorting as well.
    """
    timed = {way: _timed(_model_of(models, way, row), text) for way, text in row.texts.items()}
    answers = {way: score.class_name for way, (score, _) in timed.items()}
    reading, sorting = dict(row.seconds), {way: seconds for way, (_, seconds) in timed.items()}
    first, lines = timed[LINES][0], row.texts[LINES]
    read_on = not is_enough(models.model(PROGRESSIVE, row.document), first, lines)
    if read_on:
        score, seconds = _timed(models.model(PROGRESSIVE, row.document), row.texts[FULL])
        answers[PROGRESSIVE], sorting[PROGRESSIVE] = score.class_name, sorting[LINES] + seconds
    else:
        answers[PROGRESSIVE], sorting[PROGRESSIVE] = first.class_name, sorting[LINES]
    reading[PROGRESSIVE] = reading[LINES] + (reading[FULL] if read_on else 0.0)
    return SortedPage(row.document, reading, sorting, answers, read_on, row.texts[FULL].turned)


def _model_of(models: FoldModels, way: str, row: Measured) -> TrainedClassifier:
    """Return the model for a way's text; the lines view has the progressive one, all other ways that of full texts."""
    return models.model({NAIVE: NAIVE, LINES: PROGRESSIVE}.get(way, FULL), row.document)


def _timed(model: TrainedClassifier, text: ReadText) -> tuple[Score, float]:
    started = cpu_seconds()
    for _ in range(_REPEATS):
        score = sort_text(model, text)
    return score, (cpu_seconds() - started) / _REPEATS


def _train_fold(seen: Sequence[Measured]) -> dict[str, TrainedClassifier]:
    labels = [row.document.class_name for row in seen]
    groups = [row.document.group for row in seen]
    plain = {way: [clean_text(row.texts[way].text).text for row in seen] for way in (NAIVE, FULL, LINES)}
    views = {NAIVE: (plain[NAIVE], None), FULL: (plain[FULL], None), PROGRESSIVE: (plain[FULL], plain[LINES])}
    return {
        way: train_classifier(full, labels, groups, TrainingParams(), lines_texts=lines)
        for way, (full, lines) in views.items()
    }
