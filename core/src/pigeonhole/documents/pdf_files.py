"""PDF files as far as their structure says: whether they can be opened, and how many pages they hold."""

import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager

import pypdfium2 as pdfium
import pypdfium2.raw as pdfium_raw

from pigeonhole.documents.refusal import DocumentRefused, RefusalReason

# pdfium is not thread-safe, not even across documents (pypdfium2's documentation, "Incompatibility with Threading").
_PDFIUM_LOCK = threading.Lock()


@contextmanager
def opened_pdf(data: bytes) -> Iterator[pdfium.PdfDocument]:
    """Yield an open PDF, which no other thread works with meanwhile.

    Raises:
        DocumentRefused: `encrypted` or `unreadable`.
    """
    with _PDFIUM_LOCK:
        try:
            document = pdfium.PdfDocument(data)
        except pdfium.PdfiumError as error:
            raise _refusal(error) from error
        with closing(document):
            yield document


def _refusal(error: pdfium.PdfiumError) -> DocumentRefused:
    if getattr(error, "err_code", None) in (pdfium_raw.FPDF_ERR_PASSWORD, pdfium_raw.FPDF_ERR_SECURITY):
        return DocumentRefused(RefusalReason.ENCRYPTED, "The PDF needs a password; upload a copy without one.")
    return DocumentRefused(RefusalReason.UNREADABLE, "The PDF is damaged or incomplete.")


def count_pages(data: bytes) -> int:
    """Return how many pages a PDF holds.

    Raises:
        DocumentRefused: `encrypted`, `unreadable` or, for a PDF without a page, `empty`.
    """
    with opened_pdf(data) as document:
        pages = len(document)
    if pages == 0:
        raise DocumentRefused(RefusalReason.EMPTY, "The PDF has no page.")
    return pages
