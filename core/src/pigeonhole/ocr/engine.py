"""What an OCR engine is to the rest of Pigeonhole."""

from dataclasses import dataclass
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr.page_text import Word

ENGINE_MISSING = "ocr-missing"
"""The code of a failure that is every document's: the engine or one of its languages is not there."""

INSTALL_HINT = "Install tesseract with the languages fra and eng (Debian: tesseract-ocr tesseract-ocr-fra)."

Layout = Literal["page", "rows"]
"""How print stands on an image: anywhere, as on a page, or in rows from the top to the bottom."""


class EngineFailure(PigeonholeError):
    """The engine is missing, lacks a language or failed on a page."""

    def __init__(self, message: str, *, code: str = "ocr-failed", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class EngineTimeout(EngineFailure):
    """The engine did not finish a page in time."""

    def __init__(self, seconds: float) -> None:
        super().__init__(f"Reading the page took longer than {seconds:g} s.", code="timeout")


@dataclass(frozen=True)
class Recognition:
    """What an engine read: the text, a line of print a line, and its words in the same order."""

    text: str
    words: tuple[Word, ...]


class OcrEngine(Protocol):
    """Reads words from images; safe to call from several threads at once."""

    name: str

    @property
    def version(self) -> str:
        """Return the version of the recogniser, which is part of the cache's key."""

    @property
    def fingerprint(self) -> str:
        """Return the settings that change what is read, which are part of the cache's key."""

    def read(self, pixels: NDArray[np.uint8], *, layout: Layout, deadline_seconds: float) -> Recognition:
        """Return what stands on a gray image of shape (height, width), with boxes in pixels of that image.

        Raises:
            EngineTimeout: The deadline passed.
            EngineFailure: The engine is missing or broke.
        """

    def missing_languages(self) -> tuple[str, ...]:
        """Return the languages that are configured and not installed.

        Raises:
            EngineFailure: The engine is missing.
        """
