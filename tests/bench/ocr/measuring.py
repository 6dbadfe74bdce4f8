"""CPU time of each way to read a page: all ways on the same page, one after another, in random order."""

import random
import resource
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import cv2

from ocr.corpus import BenchDocument
from ocr.ours import open_page_reader, read_text
from ocr.results import CACHED, FULL, LINES, NAIVE, RAPID, Measured, ReadText
from ocr.rivals import Rapid, RivalRefused, load_page, read_naive
from pigeonhole.documents import DocumentRefused
from pigeonhole.ocr import EngineFailure

_REPEATS = 5
"""A reading from the cache takes less than a millisecond, so the mean of some is measured."""

Way = Callable[[Path], ReadText]


@dataclass(frozen=True)
class Trial:
    """CPU seconds of one reading, and what it gave."""

    seconds: float
    text: ReadText


class Meter:
    """Measures documents in this process; every way is warm before the first."""

    def __init__(self, cache: Path, warm_up: Path, seed: int, *, with_rapid: bool) -> None:
        self._seed = seed
        self._full, self._lines, self._again = open_page_reader(cache), open_page_reader(), open_page_reader(cache)
        self._ways: dict[str, Way] = {
            NAIVE: lambda path: ReadText(read_naive(load_page(path)), complete=True),
            FULL: lambda path: read_text(self._full.read(path.read_bytes(), "full")),
            LINES: lambda path: read_text(self._lines.read(path.read_bytes(), "lines")),
        }
        if with_rapid:
            rapid = Rapid()
            self._ways[RAPID] = lambda path: ReadText(rapid.read(load_page(path)), complete=True)
        self._warm_up(warm_up)

    def measure(self, document: BenchDocument, names: Sequence[str]) -> Measured:
        """Read a document in each of these ways, in random order; then once more, as when it is uploaded again.

        The full reading fills the cache as it does in service, and finds it empty.
        """
        order = random.Random(f"{self._seed} {document.sha256}").sample(names, len(names))
        trials = {name: _try(self._ways[name], document.path) for name in order}
        if isinstance(trials.get(FULL), Trial):
            trials[CACHED] = _try(self._read_again, document.path, _REPEATS)
        done = {name: trial for name, trial in trials.items() if isinstance(trial, Trial)}
        return Measured(
            document,
            seconds={name: trial.seconds for name, trial in done.items()},
            texts={name: trial.text for name, trial in done.items()},
            refused={name: trial for name, trial in trials.items() if isinstance(trial, str)},
        )

    def _read_again(self, path: Path) -> ReadText:
        return read_text(self._again.read(path.read_bytes(), "full"))

    def _warm_up(self, path: Path) -> None:
        """Load all that is loaded once; the full reader reads no file, whose text would then come from the cache."""
        self._full.warm_up()
        for name, way in self._ways.items():
            if name != FULL:
                with suppress(RivalRefused, DocumentRefused):
                    way(path)


def cpu_seconds() -> float:
    """Return the CPU time, user and system, of this process and of its children that have ended."""
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


def measure_all(
    work: Sequence[tuple[BenchDocument, tuple[str, ...]]], cache: Path, *, processes: int, seed: int
) -> Iterator[Measured]:
    """Yield what came of each document, in random order; each is measured within one of some processes."""
    order = random.Random(seed).sample(work, len(work))
    with_rapid = any(RAPID in names for _, names in work)
    arguments = (cache, order[0][0].path, seed, with_rapid)
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=_open_meter, initargs=arguments) as pool:
        yield from pool.map(_measure_document, *zip(*order, strict=True))


def _try(way: Way, path: Path, repeats: int = 1) -> Trial | str:
    """Return what a way takes and gives, or why it refuses."""
    started = cpu_seconds()
    try:
        for _ in range(repeats):
            text = way(path)
    except (DocumentRefused, EngineFailure, RivalRefused) as refusal:
        return str(refusal)
    return Trial((cpu_seconds() - started) / repeats, text)


_METER: list[Meter] = []


def _open_meter(cache: Path, warm_up: Path, seed: int, with_rapid: bool) -> None:
    cv2.setNumThreads(1)
    _METER.append(Meter(cache, warm_up, seed, with_rapid=with_rapid))


def _measure_document(document: BenchDocument, names: Sequence[str]) -> Measured:
    return _METER[0].measure(document, names)
