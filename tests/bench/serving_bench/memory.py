"""Memory of a process and its children over time."""

import statistics
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import psutil

_EVERY_SECONDS = 0.25
_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class MemoryCourse:
    """Megabytes at the start, and the medians of the middle and the last third of the time."""

    start: float
    middle: float
    end: float

    @property
    def growth(self) -> float:
        """How many times the middle third's memory the last third's is."""
        return self.end / self.middle


def course_of(samples: Sequence[float]) -> MemoryCourse:
    """Return the course of samples taken at equal distances.

    Raises:
        ValueError: There are fewer than three.
    """
    if len(samples) < 3:
        raise ValueError(f"{len(samples)} samples have no thirds")
    third = len(samples) // 3
    return MemoryCourse(samples[0], statistics.median(samples[third : 2 * third]), statistics.median(samples[-third:]))


@contextmanager
def sampling(pid: int) -> Iterator[list[float]]:
    """Sample the resident megabytes of a process and its children four times a second, while the body runs."""
    samples = [resident_megabytes(pid)]
    stop = threading.Event()

    def sample() -> None:
        while not stop.wait(_EVERY_SECONDS):
            samples.append(resident_megabytes(pid))

    thread = threading.Thread(target=sample, name="memory", daemon=True)
    thread.start()
    try:
        yield samples
    finally:
        stop.set()
        thread.join()


def resident_megabytes(pid: int) -> float:
    """Return the resident memory of a process and of its children, children of children included."""
    parent = psutil.Process(pid)
    total = 0
    for process in (parent, *parent.children(recursive=True)):
        # A reading process may be replaced just now.
        with suppress(psutil.NoSuchProcess):
            total += process.memory_info().rss
    return total / _MEGABYTE
