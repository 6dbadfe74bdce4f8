"""What a document is: its identity, its type by magic bytes, its limits and the reasons to refuse it."""

from pigeonhole.documents.identity import Document, document_sha256
from pigeonhole.documents.inspection import inspect_document
from pigeonhole.documents.limits import DocumentLimits, limit_memory
from pigeonhole.documents.media import MediaType, sniff
from pigeonhole.documents.refusal import DocumentRefused, RefusalReason

__all__ = [
    "Document",
    "DocumentLimits",
    "DocumentRefused",
    "MediaType",
    "RefusalReason",
    "document_sha256",
    "inspect_document",
    "limit_memory",
    "sniff",
]
