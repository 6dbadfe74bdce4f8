"""Tesseract in this process, by tesserocr: no child process, no file, and the language data loaded once."""

import threading
import time
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from pigeonhole.ocr.engine import ENGINE_MISSING, INSTALL_HINT, EngineFailure, EngineTimeout, Layout, Recognition
from pigeonhole.ocr.engines.flags import LSTM_ONLY, SEGMENTATION, VARIABLES, fingerprint
from pigeonhole.ocr.engines.tessdata import find_tessdata, tessdata_digest
from pigeonhole.ocr.engines.tsv import parse_tsv

import tesserocr  # isort: skip  # after the flags, which set OpenMP's threads

_ASSUMED_DPI = 200

# Leptonica, Tesseract's image library, writes a line to stderr for every box that it cuts off at the page's edge.
tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)


class TesserocrEngine:
    """Reads in this process, with one recogniser a thread; a crash of it is the process's."""

    name = "tesserocr"

    def __init__(self, languages: str = "fra") -> None:
        self.languages = languages
        # Tesseract's API objects are not thread-safe.
        self._recognisers = threading.local()

    @cached_property
    def version(self) -> str:
        """Return the version of the tesseract library, such as 5.5.4."""
        return str(tesserocr.tesseract_version()).split()[1]

    @property
    def fingerprint(self) -> str:
        """Return the languages, their data and the flags."""
        return f"{fingerprint(self.languages)} data={tessdata_digest(self.languages)}"

    def missing_languages(self) -> tuple[str, ...]:
        """Return the configured languages that there is no data for."""
        _, installed = tesserocr.get_languages(find_tessdata())
        return tuple(language for language in self.languages.split("+") if language not in installed)

    def read(self, pixels: NDArray[np.uint8], *, layout: Layout, deadline_seconds: float) -> Recognition:
        """Return what stands on a gray image.

        The deadline is looked at between words; finding the lines before is not interrupted.

        Raises:
            EngineTimeout: The deadline passed.
            EngineFailure: A language is missing, or the recogniser broke.
        """
        recogniser = self._recogniser()
        height, width = pixels.shape
        try:
            recogniser.SetPageSegMode(SEGMENTATION[layout])
            recogniser.SetImageBytes(np.ascontiguousarray(pixels).tobytes(), width, height, 1, width)
            recogniser.SetSourceResolution(_ASSUMED_DPI)
            started = time.monotonic()
            if not recogniser.Recognize(max(1, round(deadline_seconds * 1000))):
                late = time.monotonic() - started >= deadline_seconds
                raise EngineTimeout(deadline_seconds) if late else EngineFailure("tesseract failed on the page.")
            return parse_tsv(recogniser.GetTSVText(0))
        except RuntimeError as error:
            raise EngineFailure("tesseract failed on the page.") from error
        finally:
            recogniser.Clear()

    def _recogniser(self) -> "tesserocr.PyTessBaseAPI":
        existing = getattr(self._recognisers, "api", None)
        if existing is None:
            existing = self._recognisers.api = self._open()
        return existing

    def _open(self) -> "tesserocr.PyTessBaseAPI":
        try:
            return tesserocr.PyTessBaseAPI(
                path=find_tessdata(), lang=self.languages, oem=LSTM_ONLY, psm=SEGMENTATION["page"], variables=VARIABLES
            )
        except RuntimeError as error:
            message = f"tesseract does not start with the languages {self.languages}."
            raise EngineFailure(message, code=ENGINE_MISSING, hint=INSTALL_HINT) from error
