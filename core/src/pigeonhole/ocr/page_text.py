"""What reading a page gives."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

from pigeonhole.documents import Document, RefusalReason

View = Literal["full", "lines"]
"""`full` is a whole page; `lines` is the first look at it, some of its lines of print."""


@dataclass(frozen=True)
class Box:
    """A rectangle in pixels of the page image, from its upper left corner."""

    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class Word:
    """A word as it was read, with the engine's confidence in 0..1 and its place."""

    text: str
    confidence: float
    box: Box


@dataclass(frozen=True)
class PageText:
    """The text of one page.

    `page` counts from 0; `view` tells whether all of it was read or some of its lines; before reading, the page was
    levelled by `skew` and turned clockwise by `rotation` degrees; `seconds` is the time that reading took; `width` and
    `height` are pixels of the page image, as it came, in which the boxes lie.
    """

    page: int
    text: str
    words: tuple[Word, ...]
    language: str
    engine: str
    engine_version: str
    view: View
    rotation: int
    skew: float
    seconds: float
    width: int
    height: int

    @property
    def confidence(self) -> float | None:
        """Return the mean confidence of the words, in 0..1, or None without words."""
        if not self.words:
            return None
        return sum(word.confidence for word in self.words) / len(self.words)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the words column by column, which takes a third of the time of so many objects."""
        texts, confidences = [word.text for word in self.words], [word.confidence for word in self.words]
        boxes = [(box.left, box.top, box.width, box.height) for box in (word.box for word in self.words)]
        return _restored, ({**vars(self), "words": ()}, texts, confidences, boxes)

    def to_json(self) -> dict[str, Any]:
        """Return the page as JSON values."""
        # By hand, since asdict copies every word's every field, which takes longer than writing them.
        words = [{"text": word.text, "confidence": word.confidence, "box": vars(word.box)} for word in self.words]
        return {**vars(self), "words": words}

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> "PageText":
        """Return the page that `to_json` wrote."""
        words = tuple(Word(word["text"], word["confidence"], Box(**word["box"])) for word in values["words"])
        return cls(**{**values, "words": words})


def _restored(
    values: dict[str, Any], texts: list[str], confidences: list[float], boxes: list[tuple[int, int, int, int]]
) -> PageText:
    words = tuple(Word(text, sure, Box(*box)) for text, sure, box in zip(texts, confidences, boxes, strict=True))
    return PageText(**{**values, "words": words})


@dataclass(frozen=True)
class PageFailure:
    """A page (counted from 0) that could not be read, and why."""

    page: int
    reason: RefusalReason
    detail: str


@dataclass(frozen=True)
class DocumentText:
    """All that was read of a document: pages in order, and the pages that failed.

    `complete` is false after a first look that left something unread.
    """

    document: Document
    pages: tuple[PageText, ...]
    failures: tuple[PageFailure, ...]
    complete: bool = True

    @property
    def text(self) -> str:
        """Return the text of the pages that were read, joined by blank lines."""
        return join_pages(self.pages)


def join_pages(pages: Iterable[PageText]) -> str:
    """Return the text of pages, joined by blank lines: what the classifier learns from and is asked about."""
    return "\n\n".join(page.text for page in pages if page.text)
