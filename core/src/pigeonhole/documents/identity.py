"""A document's identity."""

import hashlib
from dataclasses import dataclass

from pigeonhole.documents.media import MediaType


@dataclass(frozen=True)
class Document:
    """A document that was inspected and accepted; its identity is the sha256 of its bytes.

    `pages` counts all pages of the file, also those beyond the limit.
    """

    sha256: str
    media_type: MediaType
    size: int
    pages: int


def document_sha256(data: bytes) -> str:
    """Return the document's identity: the lower-case hexadecimal sha256 of its bytes."""
    return hashlib.sha256(data).hexdigest()
