"""Synthetic documents: PDFs and scans of people and companies that do not exist.

The same settings and library versions give the same bytes. docs/generator.md explains the rules that documents keep.
"""

from typing import TYPE_CHECKING

from pigeonhole.synthetic.manifest import GeneratedDocument, read_documents, read_groups
from pigeonhole.synthetic.settings import CLASSES, LANGUAGES, FormatMix, GenerationError, GenerationSettings

if TYPE_CHECKING:
    from pigeonhole.synthetic.corpus import generate_documents, write_corpus

__all__ = [
    "CLASSES",
    "LANGUAGES",
    "FormatMix",
    "GeneratedDocument",
    "GenerationError",
    "GenerationSettings",
    "generate_documents",
    "read_documents",
    "read_groups",
    "write_corpus",
]


def __getattr__(name: str) -> object:
    """Import what draws only when it is asked for: it brings OpenCV, reportlab and pdfium."""
    if name in ("generate_documents", "write_corpus"):
        from pigeonhole.synthetic import corpus

        return getattr(corpus, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
