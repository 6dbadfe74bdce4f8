"""What people would write without Pigeonhole, each in its plainest form."""

from contextlib import closing
from pathlib import Path

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytesseract
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
_DPI = 200
_SECONDS = 120
"""Only ends a page that would hold up the bench; it is given to the naive way so that no page takes hours."""


class RivalRefused(Exception):
    """The rival cannot read the file."""


def load_page(path: Path) -> Pixels:
    """Return a file's first page as it is usually loaded: by `cv2.imread`, or by pdfium at 200 dots an inch.

    Raises:
        RivalRefused: The file cannot be opened that way.
    """
    if path.read_bytes()[:1024].find(b"%PDF-") >= 0:
        return _render_first_page(path)
    try:
        pixels = cv2.imread(str(path))
    except cv2.error as error:
        raise RivalRefused("cv2.imread fails") from error
    if pixels is None:
        raise RivalRefused("cv2.imread gives nothing")
    return np.asarray(pixels, np.uint8)


def read_naive(pixels: Pixels) -> str:
    """Return what the usual line of code gives.

    Raises:
        RivalRefused: Tesseract failed or took longer than two minutes.
    """
    try:
        return str(pytesseract.image_to_string(pixels, lang="fra+eng", timeout=_SECONDS))
    except (pytesseract.TesseractError, RuntimeError) as error:
        raise RivalRefused(f"tesseract: {type(error).__name__}") from error


class Rapid:
    """rapidocr with its default models on one thread, loaded once."""

    def __init__(self) -> None:
        # Only the bench installs it (scripts/bootstrap bench); the tests of the bench's arithmetic run without.
        from rapidocr_onnxruntime import RapidOCR

        self._engine = RapidOCR(intra_op_num_threads=1, inter_op_num_threads=1)

    def read(self, pixels: Pixels) -> str:
        """Return the lines that it finds."""
        found, _ = self._engine(pixels)
        return "\n".join(str(line[1]) for line in found or ())


def _render_first_page(path: Path) -> Pixels:
    try:
        with (
            closing(pdfium.PdfDocument(path)) as document,
            closing(document[0]) as page,
            closing(page.render(scale=_DPI / 72)) as bitmap,
        ):
            return np.array(bitmap.to_numpy()[:, :, :3], np.uint8)
    except (pdfium.PdfiumError, MemoryError) as error:
        raise RivalRefused(f"pdfium: {type(error).__name__}") from error
