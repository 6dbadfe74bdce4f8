"""Pages as a file: born-digital PDF, scanned PDF, JPEG, PNG or TIFF, each saying that it is synthetic."""

import io
import struct
import zlib
from collections.abc import Sequence
from typing import Any

import cv2
import numpy as np
from PIL import Image, TiffImagePlugin
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from pigeonhole.synthetic.drawing.painting import mark_synthetic
from pigeonhole.synthetic.scanning.conditions import Conditions
from pigeonhole.synthetic.scanning.grain import Pixels

REMARK = "synthetic: true"
EXTENSIONS = {"pdf": "pdf", "image_pdf": "pdf", "jpeg": "jpg", "png": "png", "tiff": "tif"}
_IMAGE_DESCRIPTION = 270


def encode_scan(pages: Sequence[Pixels], medium: str, conditions: Conditions) -> bytes:
    """The file that holds these pages; `medium` is one of `MEDIA` but "pdf"."""
    match medium:
        case "image_pdf":
            return _image_pdf(pages, conditions)
        case "jpeg":
            return _with_jpeg_comment(_jpeg(pages[0], conditions.quality))
        case "png":
            return _png(pages[0], bilevel=conditions.mode == "bilevel")
        case _:
            return _tiff(pages, conditions)


def _jpeg(page: Pixels, quality: int) -> bytes:
    return bytes(cv2.imencode(".jpg", page, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes())


def _with_jpeg_comment(jpeg: bytes) -> bytes:
    """The JPEG with a comment segment right after its start marker."""
    remark = REMARK.encode()
    return jpeg[:2] + b"\xff\xfe" + struct.pack(">H", len(remark) + 2) + remark + jpeg[2:]


def _png(page: Pixels, *, bilevel: bool) -> bytes:
    # Grain leaves no repeats to look for: Huffman coding alone is as small and twice as fast.
    grain = [cv2.IMWRITE_PNG_COMPRESSION, 1, cv2.IMWRITE_PNG_STRATEGY, cv2.IMWRITE_PNG_STRATEGY_HUFFMAN_ONLY]
    options = [cv2.IMWRITE_PNG_BILEVEL, 1] if bilevel else grain
    png = bytes(cv2.imencode(".png", page, options)[1].tobytes())
    after_header = 8 + 25
    return png[:after_header] + _png_text("Comment", REMARK) + png[after_header:]


def _png_text(keyword: str, text: str) -> bytes:
    body = b"tEXt" + keyword.encode() + b"\0" + text.encode()
    return struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))


def _tiff(pages: Sequence[Pixels], conditions: Conditions) -> bytes:
    """A TIFF of one or more pages: fax compression when bilevel, else JPEG."""
    bilevel = conditions.mode == "bilevel"
    images = [_as_image(page, bilevel=bilevel) for page in pages]
    tags = TiffImagePlugin.ImageFileDirectory_v2()
    tags[_IMAGE_DESCRIPTION] = REMARK
    options = {"compression": "group4"} if bilevel else {"compression": "jpeg", "quality": conditions.quality}
    buffer = io.BytesIO()
    dpi = (round(conditions.dpi), round(conditions.dpi))
    images[0].save(buffer, "TIFF", save_all=True, append_images=images[1:], tiffinfo=tags, dpi=dpi, **options)
    return buffer.getvalue()


def _as_image(page: Pixels, *, bilevel: bool) -> Image.Image:
    if page.ndim == 3:
        return Image.fromarray(np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2RGB), np.uint8))
    image = Image.fromarray(page)
    return image.convert("1", dither=Image.Dither.NONE) if bilevel else image


def _image_pdf(pages: Sequence[Pixels], conditions: Conditions) -> bytes:
    """A PDF whose pages are JPEG images and nothing else."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, invariant=1, pageCompression=1)
    mark_synthetic(canvas)
    for page in pages:
        height, width = (side * 72 / conditions.dpi for side in page.shape[:2])
        canvas.setPageSize((width, height))
        canvas.drawImage(_reader(_jpeg(page, conditions.quality)), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _reader(jpeg: bytes) -> Any:
    """The JPEG for reportlab, which would decode it to name it by its pixels; its bytes name it as well."""
    reader = ImageReader(io.BytesIO(jpeg))
    reader.getRGBData = lambda: jpeg
    reader._dataA = None
    return reader
