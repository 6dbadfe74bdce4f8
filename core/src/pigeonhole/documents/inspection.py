"""Accept or refuse a document without decoding its pixels."""

from pigeonhole.documents.identity import Document, document_sha256
from pigeonhole.documents.limits import DocumentLimits
from pigeonhole.documents.media import SNIFF_BYTES, MediaType, sniff
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason


def check_bytes(data: bytes, limits: DocumentLimits) -> MediaType:
    """Return the type of a document whose size and first bytes are acceptable.

    Raises:
        DocumentRefused: `empty`, `too-large` or `unsupported-type`.
    """
    if not data:
        raise DocumentRefused(RefusalReason.EMPTY, "The file is empty (0 bytes).")
    if len(data) > limits.max_bytes:
        raise DocumentRefused(
            RefusalReason.TOO_LARGE, f"The file has {len(data):,} bytes; at most {limits.max_bytes:,} are accepted."
        )
    media_type = sniff(data[:SNIFF_BYTES])
    if media_type is None:
        raise DocumentRefused(
            RefusalReason.UNSUPPORTED_TYPE,
            "The content is not a JPEG, PNG, TIFF, WebP, BMP, HEIC or PDF file, whatever its name says.",
        )
    return media_type


def inspect_document(data: bytes, limits: DocumentLimits, *, sha256: str = "") -> Document:
    """Accept a document by its bytes: type, size, image dimensions or PDF structure.

    Only headers are read: no pixel is decoded and no page is rendered.

    Args:
        data: The document.
        limits: What is accepted.
        sha256: The document's identity, where the caller knows it.

    Raises:
        DocumentRefused: Any reason but `timeout`.
    """
    media_type = check_bytes(data, limits)
    pages = _count_pages(data, media_type, limits)
    return Document(sha256=sha256 or document_sha256(data), media_type=media_type, size=len(data), pages=pages)


def _count_pages(data: bytes, media_type: MediaType, limits: DocumentLimits) -> int:
    # Each loads a library that a mere look at a document's type does not need.
    if media_type is MediaType.PDF:
        from pigeonhole.documents.pdf_files import count_pages

        return count_pages(data)
    from pigeonhole.documents.image_files import count_frames

    return count_frames(data, media_type, limits)
