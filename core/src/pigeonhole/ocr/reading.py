"""Read a document: the whole way from bytes to page texts, in one place."""

import time

from pigeonhole.documents import Document, DocumentLimits, DocumentRefused, MediaType, RefusalReason, inspect_document
from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.ocr.engine import EngineTimeout, OcrEngine
from pigeonhole.ocr.page_text import DocumentText, PageFailure, PageText
from pigeonhole.ocr.settings import OcrSettings
from pigeonhole.ocr.tesseract import TesseractEngine
from pigeonhole.ocr.text_layer import is_usable_layer, letter_count
from pigeonhole.pages import page_text_layer, render_page
from pigeonhole.storage import Storage
from pigeonhole.text import detect_language

TEXT_LAYER = "text-layer"
"""The engine's name on pages whose text came from the PDF itself."""


class DocumentReader:
    """Reads documents: cache, PDF text layer, else OCR, page by page, the first pages first.

    Reading blocks; several threads may share one reader.
    """

    def __init__(
        self,
        engine: OcrEngine,
        *,
        settings: OcrSettings | None = None,
        limits: DocumentLimits | None = None,
        cache: PageTextCache | None = None,
    ) -> None:
        self.engine = engine
        self.settings = settings or OcrSettings()
        self.limits = limits or DocumentLimits()
        self._cache = cache

    def read(self, data: bytes) -> DocumentText:
        """Read a document's first readable pages.

        Pages that cannot be read are listed as failures beside those that can.

        Raises:
            DocumentRefused: The document as a whole cannot be accepted, or none of its pages could be read.
            EngineFailure: The OCR engine is missing or broken.
        """
        document = inspect_document(data, self.limits)
        pages: list[PageText] = []
        failures: list[PageFailure] = []
        readable = 0
        for number in range(min(document.pages, self.limits.max_pages)):
            if readable >= self.settings.pages:
                break
            try:
                page = self.read_page(data, document, number)
            except DocumentRefused as refusal:
                failures.append(PageFailure(number, refusal.reason, refusal.detail))
                continue
            pages.append(page)
            readable += letter_count(page.text) >= self.settings.min_page_letters
        if failures and not pages:
            raise DocumentRefused(failures[0].reason, failures[0].detail)
        return DocumentText(document, tuple(pages), tuple(failures))

    def read_page(self, data: bytes, document: Document, number: int) -> PageText:
        """Return the text of one page, counted from 0, from the cache when it was read before.

        Raises:
            DocumentRefused: `unreadable`, `too-many-pixels`, `encrypted` or `timeout`.
            EngineFailure: The OCR engine is missing or broken.
        """
        fingerprint = self._fingerprint()
        cached = self._cache.get(document.sha256, number, fingerprint) if self._cache else None
        if cached is not None:
            return cached
        page = self._read_layer(data, document, number) or self._recognise(data, document, number)
        if self._cache:
            self._cache.put(document.sha256, fingerprint, page)
        return page

    def _read_layer(self, data: bytes, document: Document, number: int) -> PageText | None:
        if document.media_type is not MediaType.PDF:
            return None
        started = time.perf_counter()
        text = page_text_layer(data, number)
        if not is_usable_layer(text, self.settings):
            return None
        return PageText(
            page=number,
            text=text,
            words=(),
            language=detect_language(text),
            engine=TEXT_LAYER,
            engine_version="pdfium",
            view="full",
            rotation=0,
            skew=0.0,
            seconds=time.perf_counter() - started,
            width=0,
            height=0,
        )

    def _recognise(self, data: bytes, document: Document, number: int) -> PageText:
        started = time.perf_counter()
        pixels = render_page(data, document.media_type, number, long_side=self.settings.long_side, limits=self.limits)
        try:
            text, words = self.engine.read(pixels, deadline_seconds=self.limits.page_deadline_seconds)
        except EngineTimeout as error:
            raise DocumentRefused(RefusalReason.TIMEOUT, f"Page {number + 1}: {error.message}") from error
        return PageText(
            page=number,
            text=text,
            words=words,
            language=detect_language(text),
            engine=self.engine.name,
            engine_version=self.engine.version,
            view="full",
            rotation=0,
            skew=0.0,
            seconds=time.perf_counter() - started,
            width=pixels.shape[1],
            height=pixels.shape[0],
        )

    def _fingerprint(self) -> str:
        settings = self.settings.model_dump_json(exclude={"pages", "min_page_letters"})
        return f"{self.engine.name} {self.engine.version} {self.engine.fingerprint} {settings}"


def open_reader(storage: Storage | None = None) -> DocumentReader:
    """Return a reader by tesseract with settings from the environment, its cache in the storage when there is one."""
    settings = OcrSettings()
    cache = PageTextCache(storage) if storage else None
    return DocumentReader(TesseractEngine(settings.languages), settings=settings, limits=DocumentLimits(), cache=cache)
