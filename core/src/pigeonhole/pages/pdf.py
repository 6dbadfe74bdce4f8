"""Read PDFs: text layer and rendering under a pixel cap, by pdfium."""

from contextlib import closing

import numpy as np
import pypdfium2 as pdfium
from numpy.typing import NDArray

from pigeonhole.documents.pdf_files import opened_pdf
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason


def page_text_layer(data: bytes, page: int) -> str:
    """Return the text layer of a page (counted from 0), empty when it has none.

    Raises:
        DocumentRefused: `encrypted` or `unreadable`.
    """
    with opened_pdf(data) as document:
        try:
            with closing(document[page]) as loaded, closing(loaded.get_textpage()) as text_page:
                return str(text_page.get_text_bounded()).replace("\r\n", "\n").replace("\x00", "")
        except (pdfium.PdfiumError, IndexError) as error:
            raise DocumentRefused(RefusalReason.UNREADABLE, f"Page {page + 1} of the PDF cannot be read.") from error


def render_pdf_page(data: bytes, page: int, *, long_side: int, colour: bool = True) -> NDArray[np.uint8]:
    """Render a page (counted from 0) as 8-bit pixels, blue first or gray, whose longer side is `long_side`.

    The scale follows from the cap in pixels, whatever size the page claims: a page of 200,000 points costs as much
    as one of A4.

    Raises:
        DocumentRefused: `encrypted` or `unreadable`.
    """
    with opened_pdf(data) as document:
        try:
            with closing(document[page]) as loaded:
                width, height = loaded.get_size()
                if min(width, height) <= 0:
                    raise DocumentRefused(RefusalReason.UNREADABLE, f"Page {page + 1} of the PDF has no area.")
                scale = long_side / max(width, height)
                with closing(loaded.render(scale=scale, may_draw_forms=True, grayscale=not colour)) as bitmap:
                    pixels = np.array(bitmap.to_numpy(), np.uint8)
        except (pdfium.PdfiumError, IndexError, MemoryError) as error:
            raise DocumentRefused(RefusalReason.UNREADABLE, f"Page {page + 1} of the PDF cannot be drawn.") from error
    return _with_channels(pixels, 3 if colour else 1)


def _with_channels(pixels: NDArray[np.uint8], channels: int) -> NDArray[np.uint8]:
    if channels == 1:
        return pixels if pixels.ndim == 2 else np.ascontiguousarray(pixels[:, :, 0])
    return pixels[:, :, :3] if pixels.ndim == 3 else np.repeat(pixels[:, :, np.newaxis], 3, axis=2)
