"""The answer for one document."""

from dataclasses import asdict, dataclass
from typing import Any

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import Score
from pigeonhole.documents import Document
from pigeonhole.ocr import View


@dataclass(frozen=True)
class PageBox:
    """A word's place: the page, counted from 1, and pixels of that page's image."""

    page: int
    left: int
    top: int
    width: int
    height: int


@dataclass(frozen=True)
class WordReason:
    """A word of the plain text that spoke for the class, and where the pages show it."""

    word: str
    weight: float
    boxes: tuple[PageBox, ...]


@dataclass(frozen=True)
class PageScore:
    """What one page, counted from 1, says on its own; `failure` is why it could not be read."""

    page: int
    class_name: str | None
    p: float | None
    language: str
    failure: str | None


@dataclass(frozen=True)
class OcrSummary:
    """How a document was read; `engine` joins the names when its pages were read in different ways.

    `view` is `lines` when the answer comes from a first look that left something unread, else `full`; the other fields
    are those of the reading in that view.
    """

    engine: str
    engine_version: str
    seconds: float
    pages_read: int
    language: str
    confidence: float | None
    view: View


@dataclass(frozen=True)
class Prediction:
    """The answer for one document."""

    score: Score
    reasons: tuple[WordReason, ...]
    pages: tuple[PageScore, ...]
    model: ModelIdentity
    role: str
    ocr: OcrSummary
    document: Document

    def to_json(self) -> dict[str, Any]:
        """Return the answer as JSON values."""
        return {
            "class": self.score.class_name,
            "confidence": self.score.confidence,
            "probabilities": [{"class": name, "p": p} for name, p in self.score.probabilities],
            "margin": self.score.margin,
            "abstained": self.score.abstained,
            "threshold": self.score.threshold,
            "reasons": [asdict(reason) for reason in self.reasons],
            "pages": [_page_json(page) for page in self.pages],
            "model": vars(self.model),
            "role": self.role,
            "ocr": vars(self.ocr),
            "document": vars(self.document),
        }


def _page_json(page: PageScore) -> dict[str, Any]:
    return {
        "page": page.page,
        "class": page.class_name,
        "p": page.p,
        "language": page.language,
        "failure": page.failure,
    }
