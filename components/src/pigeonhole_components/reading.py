"""What the reading processes of the step `ocr` do: open a reader, and keep of a document what the steps need."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from pigeonhole.ocr import DocumentReader, DocumentText, OcrSettings, open_reader
from pigeonhole.storage import open_storage
from pigeonhole_components.sections import OcrParams

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


def open_step_reader(storage_url: str, params: OcrParams) -> DocumentReader:
    """Return a reader with the parameters of a training and the storage's cache.

    Raises:
        StorageError: There is no such storage.
        EngineFailure: The OCR engine is missing.
    """
    return open_reader(open_storage(storage_url), OcrSettings(**params.model_dump()))


def keep_text(read: DocumentText) -> ReadText:
    """Return what the steps need of a document that was read."""
    pages = (page.to_json() for page in read.pages)
    return ReadText(
        text=read.text,
        complete=read.complete,
        pages=tuple({key: value for key, value in page.items() if key not in _LEFT_OUT} for page in pages),
        failures=tuple(asdict(failure) for failure in read.failures),
    )
