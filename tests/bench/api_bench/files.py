"""Files to upload: small valid documents that all differ, made as quickly as they can be sent."""

import io
import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from PIL import Image

_PDF_EVERY = 5
_BLOCK = 1 << 16
_SAMPLE = 256
_START_OF_IMAGE = 2
_COMMENT = b"\xff\xfe"


@dataclass(frozen=True)
class FileMaker:
    """Makes files of about one size: every fifth a PDF of one scanned page, the others JPEGs.

    A number makes each differ from all others, as a comment of the format: encoding thousands of images would take
    longer than what is to be measured.
    """

    jpeg: bytes
    pdf: bytes

    def content(self, number: int) -> bytes:
        """Return the file of a number."""
        comment = f"{number:012d}".encode()
        if _is_pdf(number):
            return self.pdf + b"\n%" + comment + b"\n"
        segment = _COMMENT + (len(comment) + 2).to_bytes(2, "big") + comment
        return self.jpeg[:_START_OF_IMAGE] + segment + self.jpeg[_START_OF_IMAGE:]


def open_file_maker(kilobytes: int) -> FileMaker:
    """Return a maker of files of about so many kilobytes."""
    image = _noise(kilobytes * 1000)
    return FileMaker(_encoded(image, "JPEG"), _encoded(image, "PDF"))


def file_name(number: int) -> str:
    """Return the name of a file."""
    return f"scan-{number:06d}.{'pdf' if _is_pdf(number) else 'jpg'}"


def blocks(content: bytes) -> Iterator[bytes]:
    """Yield a content piece by piece, as a file on a disk is sent."""
    view = memoryview(content)
    for start in range(0, len(content), _BLOCK):
        yield bytes(view[start : start + _BLOCK])


def _is_pdf(number: int) -> bool:
    return number % _PDF_EVERY == 0


def _noise(size: int) -> Image.Image:
    """Return gray noise that takes so many bytes as a JPEG: nothing compresses worse, so the image is small."""
    random = np.random.default_rng(0)
    sample = Image.fromarray(random.integers(0, 256, (_SAMPLE, _SAMPLE), dtype=np.uint8))
    side = int(_SAMPLE * math.sqrt(size / len(_encoded(sample, "JPEG"))))
    return Image.fromarray(random.integers(0, 256, (side, side), dtype=np.uint8))


def _encoded(image: Image.Image, kind: str) -> bytes:
    content = io.BytesIO()
    image.save(content, kind)
    return content.getvalue()
