"""The stages of the bench: which documents each takes, and how much of it the settings allow."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from ocr.corpus import SCANS, BenchCorpus, BenchDocument, drop_small_classes, take_evenly
from ocr.measuring import measure_all
from ocr.results import FULL, LINES, NAIVE, RAPID, Condition, Measured, Round, SortedPage
from ocr.robustness import measure_robustness
from ocr.scaling import WORKERS, measure_scaling
from ocr.settings import BenchSettings
from ocr.sorting import FoldModels
from pigeonhole.processes import usable_cpus
from progress import say

_EVERY = 40


def read_pages(corpus: BenchCorpus, settings: BenchSettings) -> list[Measured]:
    """Read every document in every way; rapidocr reads some of the scans."""
    for_rapid = set(take_scans(corpus.documents, settings.rapidocr_pages))
    work = [
        (document, (NAIVE, FULL, LINES, RAPID) if document in for_rapid else (NAIVE, FULL, LINES))
        for document in corpus.documents
    ]
    with TemporaryDirectory(prefix="pigeonhole-bench-") as cache:
        measured = []
        for row in measure_all(work, Path(cache), processes=settings.workers, seed=settings.seed):
            measured.append(row)
            if len(measured) % _EVERY == 0:
                say(f"  {len(measured)} of {len(work)} documents")
    return measured


def comparable(measured: Sequence[Measured]) -> list[Measured]:
    """Return the documents that every way could read, of classes that still have enough of them.

    What only one side can read is counted and passed over, so that no way profits from what the other refuses.

    Raises:
        BenchDataError: Fewer than two classes are left.
    """
    read = [row for row in measured if {NAIVE, FULL, LINES} <= row.texts.keys()]
    kept = {document.sha256 for document in drop_small_classes(row.document for row in read)[0]}
    return [row for row in read if row.document.sha256 in kept]


def sort_distorted(pages: Sequence[SortedPage], models: FoldModels, settings: BenchSettings) -> list[Condition]:
    """Turn, skew and photograph some of the scans, and sort them."""
    chosen = take_scans([page.document for page in pages], settings.robustness_pages)
    if not chosen:
        return []
    conditions = []
    for condition in measure_robustness(chosen, models, processes=settings.workers, seed=settings.seed):
        say(f"  {condition.name}: accuracy {condition.accuracy:.3f}")
        conditions.append(condition)
    return conditions


def read_by_workers(pages: Sequence[SortedPage], settings: BenchSettings) -> list[Round]:
    """Read some of the scans by one worker and by two; nothing where there are no two CPUs."""
    chosen = take_scans([page.document for page in pages], settings.scaling_pages)
    if usable_cpus() < max(WORKERS) or not chosen:
        return []
    files = [document.path.read_bytes() for document in chosen]
    return list(measure_scaling(files, rounds=settings.scaling_rounds, seed=settings.seed))


def take_scans(documents: Sequence[BenchDocument], count: int) -> list[BenchDocument]:
    """Return some of the documents that must be recognised, as many of each class."""
    scans = [document for document in documents if document.kind in SCANS]
    return take_evenly(scans, count, [document.class_name for document in scans])
