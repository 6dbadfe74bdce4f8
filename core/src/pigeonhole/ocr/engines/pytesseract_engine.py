"""Tesseract as a child process a page, by pytesseract: slower, and what the other engine is compared with."""

from functools import cached_property

import numpy as np
import pytesseract
from numpy.typing import NDArray
from PIL import Image

from pigeonhole.ocr.engine import ENGINE_MISSING, INSTALL_HINT, EngineFailure, EngineTimeout, Layout, Recognition
from pigeonhole.ocr.engines.flags import LSTM_ONLY, SEGMENTATION, VARIABLES, fingerprint
from pigeonhole.ocr.engines.tsv import parse_tsv


class PytesseractEngine:
    """Reads in a tesseract process of its own, which a deadline can end."""

    name = "pytesseract"

    def __init__(self, languages: str = "fra") -> None:
        self.languages = languages

    @cached_property
    def version(self) -> str:
        """Return tesseract's version, such as 5.3.0."""
        try:
            return str(pytesseract.get_tesseract_version())
        except pytesseract.TesseractNotFoundError as error:
            raise _missing() from error

    @property
    def fingerprint(self) -> str:
        """Return the languages and flags."""
        return fingerprint(self.languages)

    def missing_languages(self) -> tuple[str, ...]:
        """Return the configured languages that tesseract has no data for."""
        try:
            installed = set(pytesseract.get_languages())
        except pytesseract.TesseractNotFoundError as error:
            raise _missing() from error
        return tuple(language for language in self.languages.split("+") if language not in installed)

    def read(self, pixels: NDArray[np.uint8], *, layout: Layout, deadline_seconds: float) -> Recognition:
        """Return what stands on a gray image.

        Raises:
            EngineTimeout: The deadline passed; the process was ended.
            EngineFailure: tesseract is missing, lacks a language or broke.
        """
        image = Image.fromarray(pixels)
        # pytesseract hands the page over as a file of the image's format, and PNG's compression is a third of all work.
        image.format = "PPM"
        try:
            table = pytesseract.image_to_data(
                image,
                lang=self.languages,
                config=_config(layout),
                timeout=deadline_seconds,
                output_type=pytesseract.Output.STRING,
            )
        except pytesseract.TesseractNotFoundError as error:
            raise _missing() from error
        except pytesseract.TesseractError as error:
            raise EngineFailure("tesseract failed on the page.", hint=INSTALL_HINT) from error
        except RuntimeError as error:  # pytesseract's own way to say that the deadline passed
            raise EngineTimeout(deadline_seconds) from error
        return parse_tsv(table)


def _config(layout: Layout) -> str:
    variables = " ".join(f"-c {name}={value}" for name, value in VARIABLES.items())
    return f"--oem {LSTM_ONLY} --psm {SEGMENTATION[layout]} {variables}"


def _missing() -> EngineFailure:
    return EngineFailure("tesseract is not installed.", code=ENGINE_MISSING, hint=INSTALL_HINT)
