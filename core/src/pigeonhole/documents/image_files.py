"""Image files as far as their headers say: whether they can be opened, how large they are and how many pages they hold.

Nothing here decodes a pixel or loads a library that could: who only takes documents in has no use for one.
"""

import io
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pillow_heif
from PIL import Image, ImageFile

from pigeonhole.documents.limits import DocumentLimits
from pigeonhole.documents.media import MediaType
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason
from pigeonhole.telemetry import get_logger

pillow_heif.register_heif_opener()
# Pillow's own bomb limit (178 Mpx, a warning at half of that) is replaced by ours, which is checked before decoding.
Image.MAX_IMAGE_PIXELS = None
# A scan that lost its end still shows its beginning, where a document says what it is.
ImageFile.LOAD_TRUNCATED_IMAGES = True

UNREADABLE_IMAGE = "The image is damaged or of a kind that cannot be decoded."

_log = get_logger(__name__)


@contextmanager
def decoding() -> Iterator[None]:
    """Turn whatever a decoder raises into a refusal; on damaged files Pillow keeps to no list of exceptions."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    except DocumentRefused:
        raise
    except Exception as error:
        _log.info("image not decodable", exception=type(error).__name__)
        raise DocumentRefused(RefusalReason.UNREADABLE, UNREADABLE_IMAGE) from error


def check_dimensions(width: int, height: int, limits: DocumentLimits) -> None:
    """Check that an image is not too large to decode.

    Raises:
        DocumentRefused: `too-many-pixels`.
    """
    if width * height > limits.max_pixels:
        raise DocumentRefused(
            RefusalReason.TOO_MANY_PIXELS,
            f"The image has {width} x {height} pixels; at most {limits.max_pixels:,} in all are accepted.",
        )
    if max(width, height) > limits.max_side:
        raise DocumentRefused(
            RefusalReason.TOO_MANY_PIXELS,
            f"The image is {max(width, height)} pixels long; at most {limits.max_side:,} a side are accepted.",
        )


def count_frames(data: bytes, media_type: MediaType, limits: DocumentLimits) -> int:
    """Return how many pages an image file holds: a TIFF's frames, one for every other type.

    Phones store a second picture in a JPEG (MPO) and animations in WebP or PNG; those are not pages. Finding a TIFF's
    frame means walking to it, so they are counted up to `max_counted_pages`.

    Raises:
        DocumentRefused: `too-many-pixels`, by the header of the first frame; `unreadable`.
    """
    with decoding():
        image = Image.open(io.BytesIO(data))
        check_dimensions(*image.size, limits)
        if media_type is not MediaType.TIFF:
            return 1
        frames = 1
        with suppress(EOFError):
            while frames < limits.max_counted_pages:
                image.seek(frames)
                frames += 1
        return frames
