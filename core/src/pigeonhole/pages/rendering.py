"""One page of any document as pixels."""

import cv2
import numpy as np
from numpy.typing import NDArray

from pigeonhole.documents.limits import DocumentLimits
from pigeonhole.documents.media import MediaType
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason
from pigeonhole.pages.images import decode_frame
from pigeonhole.pages.pdf import render_pdf_page


def render_page(
    data: bytes,
    media_type: MediaType,
    page: int,
    *,
    long_side: int = 1600,
    limits: DocumentLimits,
    colour: bool = True,
) -> NDArray[np.uint8]:
    """Return a page as 8-bit pixels, its longer side at most `long_side`.

    Args:
        data: The document.
        media_type: Its type by magic bytes.
        page: The page, counted from 0.
        long_side: The cap of the longer side, in pixels; images are never scaled up.
        limits: Pixel limits, checked before decoding.
        colour: Whether to keep colours.

    Returns:
        An array of shape (height, width, 3), blue first, or of shape (height, width) without colours.

    Raises:
        DocumentRefused: `encrypted`, `too-many-pixels` or `unreadable`.
    """
    if media_type is MediaType.PDF:
        return render_pdf_page(data, page, long_side=long_side, colour=colour)
    return decode_frame(data, media_type, page, limits, long_side=long_side, colour=colour)


def page_jpeg(
    data: bytes, media_type: MediaType, page: int, *, long_side: int, limits: DocumentLimits, quality: int = 85
) -> bytes:
    """Return a page as a JPEG for people to look at: a thumbnail or a page image.

    Raises:
        DocumentRefused: `encrypted`, `too-many-pixels` or `unreadable`.
    """
    pixels = render_page(data, media_type, page, long_side=long_side, limits=limits)
    encoded, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not encoded:
        raise DocumentRefused(RefusalReason.UNREADABLE, f"Page {page + 1} cannot be drawn.")
    return bytes(jpeg.tobytes())
