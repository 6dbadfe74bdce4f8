"""Read images: dimensions from the header first, then pixels, upright by their EXIF orientation."""

import io

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from pigeonhole.documents.image_files import UNREADABLE_IMAGE, check_dimensions, decoding
from pigeonhole.documents.limits import DocumentLimits
from pigeonhole.documents.media import MediaType
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason

_BY_OPENCV = (MediaType.JPEG, MediaType.PNG, MediaType.BMP, MediaType.WEBP)
_WITH_ALPHA = ("LA", "La", "PA", "RGBA", "RGBa")
_REDUCIBLE = ("L", "LA", "RGB", "RGBA", "CMYK", "YCbCr")


def decode_frame(
    data: bytes, media_type: MediaType, frame: int, limits: DocumentLimits, *, long_side: int, colour: bool = True
) -> NDArray[np.uint8]:
    """Decode one frame as 8-bit pixels, upright by its EXIF orientation, what is transparent as white.

    A JPEG or PNG that is cut short is read as far as it goes.

    Args:
        data: The image file.
        media_type: Its type by magic bytes.
        frame: The frame to read, counted from 0.
        limits: Pixel limits, checked before decoding.
        long_side: The cap of the longer side, in pixels; images are never scaled up.
        colour: Whether to keep colours.

    Returns:
        An array of shape (height, width, 3), blue first, or of shape (height, width) without colours.

    Raises:
        DocumentRefused: `too-many-pixels` or `unreadable`.
    """
    with decoding():
        image = Image.open(io.BytesIO(data))
        image.seek(frame)
        check_dimensions(*image.size, limits)
        if media_type not in _BY_OPENCV or _has_alpha(image):
            return fit_long_side(_decode_with_pillow(image, long_side, colour), long_side)
        pixels = _decode_with_opencv(data, colour)
        if pixels is None:
            pixels = _decode_what_is_there(image, long_side, colour)
        return fit_long_side(pixels, long_side)


def _has_alpha(image: Image.Image) -> bool:
    return image.mode in _WITH_ALPHA or "transparency" in image.info


def _decode_with_opencv(data: bytes, colour: bool) -> NDArray[np.uint8] | None:
    """Decode the quick way; None for an image that is cut short, which OpenCV does not decode from memory."""
    # Both flags apply the EXIF orientation.
    flag = cv2.IMREAD_COLOR if colour else cv2.IMREAD_GRAYSCALE
    try:
        pixels = cv2.imdecode(np.frombuffer(data, np.uint8), flag)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)


def _decode_what_is_there(image: Image.Image, long_side: int, colour: bool) -> NDArray[np.uint8]:
    """Decode an image that is cut short; one of which nothing is left comes out in a single colour and is refused."""
    pixels = _decode_with_pillow(image, long_side, colour)
    if pixels.min() == pixels.max():
        raise DocumentRefused(RefusalReason.UNREADABLE, UNREADABLE_IMAGE)
    return pixels


def _decode_with_pillow(image: Image.Image, long_side: int, colour: bool) -> NDArray[np.uint8]:
    # Shrunk before anything copies it: a page of 50 megapixels with transparency takes 200 MB a copy.
    factor = max(image.size) // long_side
    small = image.reduce(factor) if factor > 1 and image.mode in _REDUCIBLE else image
    upright = ImageOps.exif_transpose(small)
    if _has_alpha(upright):
        upright = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright.convert("RGBA"))
    if not colour:
        return np.array(upright.convert("L"), np.uint8)
    return np.ascontiguousarray(np.asarray(upright.convert("RGB"), np.uint8)[:, :, ::-1])


def fit_long_side(pixels: NDArray[np.uint8], long_side: int) -> NDArray[np.uint8]:
    """Scale an image down so that its longer side is at most `long_side` pixels; never scale up."""
    height, width = pixels.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return pixels
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    # Above one half, each pixel's four neighbours hold all of it, and this takes a fifth of the time of an area's mean.
    interpolation = cv2.INTER_LINEAR if scale > 0.5 else cv2.INTER_AREA
    return np.asarray(cv2.resize(pixels, size, interpolation=interpolation), np.uint8)
