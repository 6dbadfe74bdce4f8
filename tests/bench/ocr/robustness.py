"""How well turned, skewed and photographed pages are sorted, beside the same pages untouched."""

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor

import cv2
import numpy as np

from ocr.corpus import BenchDocument
from ocr.distortions import SKEWED, TURNED, Pixels, fit, lossless, photograph, untouched
from ocr.ours import open_page_reader, read_text
from ocr.results import NAIVE, PHOTO, PROGRESSIVE, UNTOUCHED, Answer, Condition, ReadText
from ocr.rivals import RivalRefused, load_page, read_naive
from ocr.scores import accuracy
from ocr.sorting import FoldModels, is_enough, sort_text
from pigeonhole.classifier import TrainedClassifier
from pigeonhole.documents import DocumentRefused
from pigeonhole.ocr.pool import PoolSettings, ReadingPool

_LONGEST_SIDE = 2400
"""Pages are made no larger than 200 dots an inch, so that no file passes the limit of bytes without compression."""
_QUEUE = 10_000

Pool = ReadingPool[ReadText]


def open_pool(workers: int) -> Pool:
    """Return a pool that reads as the bench does."""
    return ReadingPool(open_page_reader, read_text, PoolSettings(workers=workers, queue_size=_QUEUE))


def measure_robustness(
    pages: Sequence[BenchDocument], models: FoldModels, *, processes: int, seed: int
) -> Iterator[Condition]:
    """Yield the conditions one after another: untouched, turned, skewed, photographed."""
    with open_pool(processes) as pool:
        for name, distort in {UNTOUCHED: untouched, **TURNED, **SKEWED}.items():
            files = (lossless(distort(_gray(page))) for page in pages)
            yield _condition(name, pages, _sort_files(pool, pages, files, models))
        photos = [photograph(load_page(page.path), f"{seed} {page.sha256}") for page in pages]
        ours = _sort_files(pool, pages, iter(photos), models)
    naive = _sort_naively(photos, pages, models, processes)
    yield _condition(PHOTO, pages, ours, accuracy([page.class_name for page in pages], naive))


def _sort_files(pool: Pool, pages: Sequence[BenchDocument], files: Iterator[bytes], models: FoldModels) -> list[Answer]:
    """Sort as it is served: a first look at every page, and the whole page where that was not enough."""
    looks = [(data, pool.submit(data, view="lines")) for data in files]
    firsts = [
        _first_answer(pool, models.model(PROGRESSIVE, page), data, look)
        for page, (data, look) in zip(pages, looks, strict=True)
    ]
    return [
        first if isinstance(first, Answer) else _last_answer(models.model(PROGRESSIVE, page), first)
        for page, first in zip(pages, firsts, strict=True)
    ]


def _first_answer(
    pool: Pool, model: TrainedClassifier, data: bytes, look: Future[ReadText]
) -> Answer | Future[ReadText]:
    """Return the answer by the first look, or the full reading that it takes."""
    try:
        lines = look.result()
    except DocumentRefused:
        return Answer(None)
    score = sort_text(model, lines)
    return Answer(score.class_name) if is_enough(model, score, lines) else pool.submit(data, view="full")


def _last_answer(model: TrainedClassifier, reading: Future[ReadText]) -> Answer:
    try:
        return Answer(sort_text(model, reading.result()).class_name, read_on=True)
    except DocumentRefused:
        return Answer(None, read_on=True)


def _sort_naively(
    photos: Sequence[bytes], pages: Sequence[BenchDocument], models: FoldModels, processes: int
) -> list[str | None]:
    def sort(photo: bytes, page: BenchDocument) -> str | None:
        try:
            text = read_naive(np.asarray(cv2.imdecode(np.frombuffer(photo, np.uint8), cv2.IMREAD_COLOR), np.uint8))
        except RivalRefused:
            return None
        return sort_text(models.model(NAIVE, page), ReadText(text, complete=True)).class_name

    with ThreadPoolExecutor(processes) as threads:
        return list(threads.map(sort, photos, pages))


def _gray(page: BenchDocument) -> Pixels:
    pixels = np.asarray(cv2.cvtColor(load_page(page.path), cv2.COLOR_BGR2GRAY), np.uint8)
    scale = _LONGEST_SIDE / max(pixels.shape)
    return fit(pixels, scale) if scale < 1 else pixels


def _condition(
    name: str, pages: Sequence[BenchDocument], answers: Sequence[Answer], naive_accuracy: float | None = None
) -> Condition:
    truth, given = [page.class_name for page in pages], [answer.class_name for answer in answers]
    return Condition(name, accuracy(truth, given), float(np.mean([each.read_on for each in answers])), naive_accuracy)
