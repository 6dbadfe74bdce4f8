"""The type of a document by its first bytes, never by its name."""

from enum import StrEnum

SNIFF_BYTES = 1024
"""How many leading bytes `sniff` needs: readers accept a PDF header within the first kilobyte (ISO 32000, annex H)."""

_HEIF_BRANDS = {b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1"}


class MediaType(StrEnum):
    """The document types that Pigeonhole reads."""

    JPEG = "image/jpeg"
    PNG = "image/png"
    TIFF = "image/tiff"
    WEBP = "image/webp"
    BMP = "image/bmp"
    HEIC = "image/heic"
    PDF = "application/pdf"


_PREFIXES: tuple[tuple[bytes, MediaType], ...] = (
    (b"\xff\xd8\xff", MediaType.JPEG),
    (b"\x89PNG\r\n\x1a\n", MediaType.PNG),
    (b"II*\x00", MediaType.TIFF),
    (b"MM\x00*", MediaType.TIFF),
    (b"II+\x00", MediaType.TIFF),
    (b"MM\x00+", MediaType.TIFF),
)


def sniff(head: bytes) -> MediaType | None:
    """Return the type that the leading bytes announce, or None when it is none of ours.

    Args:
        head: The first `SNIFF_BYTES` bytes of the document, or all of it.
    """
    for prefix, media_type in _PREFIXES:
        if head.startswith(prefix):
            return media_type
    if head.startswith(b"BM") and len(head) >= 26 and head[6:10] == b"\x00\x00\x00\x00":
        return MediaType.BMP
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return MediaType.WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIF_BRANDS:
        return MediaType.HEIC
    if b"%PDF-" in head[:SNIFF_BYTES]:
        return MediaType.PDF
    return None
