"""What the reading processes of the step `ocr` keep of a document."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pigeonhole.ocr import DocumentText

_LEFT_OUT = ("text", "words", "seconds")


@dataclass(frozen=True)
class ReadText:
    """The text of a document, how each page was read and which could not be.

    Without what would differ between two runs, the time that reading took, and without the words and their boxes, which
    stay in the storage's cache: no later step looks at them.
    """

    text: str
    complete: bool
    pages: tuple[Mapping[str, Any], ...]
    failures: tuple[Mapping[str, Any], ...]


def keep_text(read: DocumentText) -> ReadText:
    """Return what the steps need of a document that was read."""
    pages = (page.to_json() for page in read.pages)
    return ReadText(
        text=read.text,
        complete=read.complete,
        pages=tuple({key: value for key, value in page.items() if key not in _LEFT_OUT} for page in pages),
        failures=tuple(asdict(failure) for failure in read.failures),
    )
