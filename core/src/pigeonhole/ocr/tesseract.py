"""Tesseract as a child process a page, by pytesseract."""

import os
from collections.abc import Iterable
from functools import cached_property

import cv2
import numpy as np
import pytesseract
from numpy.typing import NDArray
from PIL import Image

from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure, EngineTimeout
from pigeonhole.ocr.page_text import Box, Word

# OpenMP's threads spin when cores are contended: 16.5 s a page instead of 2.3 s on two cores (docs/ocr.md).
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

_INSTALL_HINT = "Install tesseract with the languages fra and eng (Debian: tesseract-ocr tesseract-ocr-fra)."
# LSTM only, automatic page segmentation, no second pass on inverted lines: as accurate here and 10 % quicker.
_CONFIG = "--oem 1 --psm 3 -c tessedit_do_invert=0"


class TesseractEngine:
    """Reads a page in a tesseract process of its own, which a deadline can end."""

    name = "tesseract"

    def __init__(self, languages: str = "fra") -> None:
        self.languages = languages

    @cached_property
    def version(self) -> str:
        """Return tesseract's version, such as 5.3.0."""
        try:
            return str(pytesseract.get_tesseract_version())
        except pytesseract.TesseractNotFoundError as error:
            raise EngineFailure("tesseract is not installed.", code=ENGINE_MISSING, hint=_INSTALL_HINT) from error

    @property
    def fingerprint(self) -> str:
        """Return the languages and flags."""
        return f"{self.languages} {_CONFIG}"

    def missing_languages(self) -> tuple[str, ...]:
        """Return the configured languages that tesseract has no data for."""
        try:
            installed = set(pytesseract.get_languages())
        except pytesseract.TesseractNotFoundError as error:
            raise EngineFailure("tesseract is not installed.", code=ENGINE_MISSING, hint=_INSTALL_HINT) from error
        return tuple(language for language in self.languages.split("+") if language not in installed)

    def read(self, pixels: NDArray[np.uint8], *, deadline_seconds: float) -> tuple[str, tuple[Word, ...]]:
        """Return the text, line by line, and the words of a BGR or gray page image.

        Raises:
            EngineTimeout: The deadline passed; the process was ended.
            EngineFailure: tesseract is missing, lacks a language or broke.
        """
        image = Image.fromarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2GRAY) if pixels.ndim == 3 else pixels)
        # pytesseract hands the page over as a file of the image's format, and PNG's compression is a third of all work.
        image.format = "PPM"
        try:
            table = pytesseract.image_to_data(
                image,
                lang=self.languages,
                config=_CONFIG,
                timeout=deadline_seconds,
                output_type=pytesseract.Output.DICT,
            )
        except pytesseract.TesseractNotFoundError as error:
            raise EngineFailure("tesseract is not installed.", code=ENGINE_MISSING, hint=_INSTALL_HINT) from error
        except pytesseract.TesseractError as error:
            raise EngineFailure("tesseract failed on the page.", hint=_INSTALL_HINT) from error
        except RuntimeError as error:  # pytesseract's own way to say that the deadline passed
            raise EngineTimeout(deadline_seconds) from error
        return _lines(table), tuple(_words(table))


def _rows(table: dict[str, list[object]]) -> Iterable[dict[str, object]]:
    for values in zip(*table.values(), strict=True):
        row = dict(zip(table, values, strict=True))
        if str(row["text"]).strip():
            yield row


def _number(value: object) -> float:
    return float(str(value))


def _words(table: dict[str, list[object]]) -> Iterable[Word]:
    for row in _rows(table):
        left, top, width, height = (int(_number(row[side])) for side in ("left", "top", "width", "height"))
        # tesseract's confidence is 0..100, and -1 where there is none.
        confidence = min(max(_number(row["conf"]) / 100, 0.0), 1.0)
        yield Word(str(row["text"]).strip(), confidence, Box(left, top, width, height))


def _lines(table: dict[str, list[object]]) -> str:
    lines: dict[tuple[object, ...], list[str]] = {}
    for row in _rows(table):
        lines.setdefault((row["block_num"], row["par_num"], row["line_num"]), []).append(str(row["text"]).strip())
    return "\n".join(" ".join(words) for words in lines.values())
