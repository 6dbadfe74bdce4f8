"""Which answers are audited: a draw by the document's id, the same each time."""

import hashlib

_BYTES = 8


def is_audited(document_id: str, share: float) -> bool:
    """Tell whether a document is of the audit sample that has a share, from 0 to 1, of all documents.

    The id says nothing of content, class or confidence, so neither does the draw.
    """
    # The prefix keeps the draw apart from any other that is made by a hash of the same id.
    digest = hashlib.sha256(f"audit {document_id}".encode()).digest()
    return int.from_bytes(digest[:_BYTES]) < share * 2.0 ** (8 * _BYTES)
