"""Which pages of a document are read: pure decisions."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pigeonhole.documents import Document, DocumentLimits, DocumentRefused
from pigeonhole.ocr.page_text import DocumentText, PageFailure, PageText, View
from pigeonhole.ocr.settings import OcrSettings
from pigeonhole.ocr.text_layer import letter_count

TEXT_LAYER = "text-layer"
"""The engine's name on pages whose text came from the PDF itself."""


@dataclass(frozen=True)
class ReadingProgress:
    """How far a document was read: the next page, counted from 0, how many had text and how many of those needed OCR.

    Another process can go on from here.
    """

    next_page: int = 0
    readable: int = 0
    recognised: int = 0

    def after(self, outcome: PageText | PageFailure, settings: OcrSettings) -> "ReadingProgress":
        """Return the progress once the next page's outcome is there; a page that is nearly blank does not count."""
        passed = replace(self, next_page=self.next_page + 1)
        if isinstance(outcome, PageFailure) or letter_count(outcome.text) < settings.min_page_letters:
            return passed
        recognised = self.recognised + (outcome.engine != TEXT_LAYER)
        return replace(passed, readable=self.readable + 1, recognised=recognised)

    def is_enough(self, document: Document, view: View, settings: OcrSettings, limits: DocumentLimits) -> bool:
        """Tell whether no further page is read.

        A whole reading ends after `pages` pages with text. The first look ends after one page with text that needed
        OCR: the text layers before it cost next to nothing.
        """
        if self.next_page >= min(document.pages, limits.max_pages) or self.readable >= settings.pages:
            return True
        return view == "lines" and self.recognised > 0


def gather(
    document: Document, outcomes: Iterable[PageText | PageFailure], settings: OcrSettings, limits: DocumentLimits
) -> DocumentText:
    """Return what came of a document's pages, in order, together.

    Raises:
        DocumentRefused: None of the pages could be read; the reason is that of the first.
    """
    progress = ReadingProgress()
    pages, failures = [], []
    for outcome in outcomes:
        progress = progress.after(outcome, settings)
        if isinstance(outcome, PageFailure):
            failures.append(outcome)
        else:
            pages.append(outcome)
    if failures and not pages:
        raise DocumentRefused(failures[0].reason, failures[0].detail)
    whole = all(page.view == "full" for page in pages)
    complete = whole and progress.is_enough(document, "full", settings, limits)
    return DocumentText(document, tuple(pages), tuple(failures), complete)
