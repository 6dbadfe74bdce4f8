"""What the bench finds out, stage by stage, and the names of the ways to read a page."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from ocr.corpus import BenchDocument

NAIVE, RAPID = "naive", "rapidocr"
FULL, LINES, CACHED = "full", "lines", "cached"
PROGRESSIVE = "progressive"
"""First the lines, and the full text where those are not enough: not read by itself, but put together."""

UNTOUCHED, PHOTO = "untouched", "photographed"


@dataclass(frozen=True)
class ReadText:
    """A document's text.

    `complete` means that a full reading would give nothing more; `turned` that the page was found on a side or upside
    down, which only our ways look for.
    """

    text: str
    complete: bool
    turned: bool = False


@dataclass(frozen=True)
class Measured:
    """What came of one document: CPU seconds and texts of the ways that read it, reasons of those that did not."""

    document: BenchDocument
    seconds: Mapping[str, float] = field(default_factory=dict)
    texts: Mapping[str, ReadText] = field(default_factory=dict)
    refused: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """The class that a document was given, None for none; `read_on` tells that the first look was not enough."""

    class_name: str | None
    read_on: bool = False


@dataclass(frozen=True)
class SortedPage:
    """One document with its CPU seconds.

    `reading` holds the seconds of each way that read it, `sorting` those of cleaning and scoring its text in that way,
    `answers` the class that it was given; the progressive way has the sums of what it took. `turned`: the page
    lies on a side or upside down.
    """

    document: BenchDocument
    reading: Mapping[str, float]
    sorting: Mapping[str, float]
    answers: Mapping[str, str | None]
    read_on: bool
    turned: bool


@dataclass(frozen=True)
class Condition:
    """How the pages were sorted in one condition: the share that was right, and the share that was read on."""

    name: str
    accuracy: float
    read_on: float
    naive_accuracy: float | None = None


@dataclass(frozen=True)
class Round:
    """Pages a second of one worker and of two, one right after the other."""

    one: float
    two: float

    @property
    def ratio(self) -> float:
        """How many times as fast two workers are."""
        return self.two / self.one
