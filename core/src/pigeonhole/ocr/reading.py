"""Read a document: the whole way from bytes to page texts, in one place."""

import time
from collections.abc import Iterator

import numpy as np

from pigeonhole.documents import Document, DocumentLimits, DocumentRefused, MediaType, RefusalReason, inspect_document
from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure, EngineTimeout, OcrEngine
from pigeonhole.ocr.engines import open_engine
from pigeonhole.ocr.page_reader import PageReader
from pigeonhole.ocr.page_text import DocumentText, PageFailure, PageText, View
from pigeonhole.ocr.reading_plan import TEXT_LAYER, ReadingProgress, gather
from pigeonhole.ocr.settings import OcrSettings
from pigeonhole.ocr.text_layer import is_usable_layer
from pigeonhole.pages import page_text_layer, render_page
from pigeonhole.storage import open_storage
from pigeonhole.text import detect_language

READER_VERSION = 2
"""Raised when the same engine and settings come to read differently, so that no older entry of the cache counts."""

_START = ReadingProgress()
_WARM_UP_SECONDS = 30.0


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
        self._pages = PageReader(engine, rows=self.settings.rows, deadline_seconds=self.limits.page_deadline_seconds)

    def read(self, data: bytes, view: View = "full") -> DocumentText:
        """Read a document's first readable pages, or in the view `lines` take a first look at it.

        Pages that cannot be read are listed as failures beside those that can.

        Raises:
            DocumentRefused: The document as a whole cannot be accepted, or none of its pages could be read.
            EngineFailure: The OCR engine is missing or broken.
        """
        document = self.inspect(data)
        text = gather(document, self.outcomes(data, document, view), self.settings, self.limits)
        self.write_cache()
        return text

    def inspect(self, data: bytes, *, sha256: str = "") -> Document:
        """Accept a document by its bytes, and by its identity if that is known.

        Raises:
            DocumentRefused: The document as a whole cannot be accepted.
        """
        return inspect_document(data, self.limits, sha256=sha256)

    def outcomes(
        self, data: bytes, document: Document, view: View, progress: ReadingProgress = _START
    ) -> Iterator[PageText | PageFailure]:
        """Yield what comes of page after page, from where the progress left off; `write_cache` is left to the caller.

        Raises:
            EngineFailure: The OCR engine is missing or broken.
        """
        while not progress.is_enough(document, view, self.settings, self.limits):
            self.write_cache()  # whatever the next page does to this process
            number = progress.next_page
            outcome: PageText | PageFailure
            try:
                outcome = self.read_page(data, document, number, view)
            except DocumentRefused as refusal:
                outcome = PageFailure(number, refusal.reason, refusal.detail)
            yield outcome
            progress = progress.after(outcome, self.settings)

    def read_page(self, data: bytes, document: Document, number: int, view: View = "full") -> PageText:
        """Return the text of one page, counted from 0, from the cache when it was read before.

        Raises:
            DocumentRefused: `unreadable`, `too-many-pixels`, `encrypted` or `timeout`.
            EngineFailure: The OCR engine is missing or broken.
        """
        cached = self._cached(document, number, view)
        if cached is not None:
            return cached
        started = time.perf_counter()
        page = self._read_layer(data, document, number, started)
        page = page or self._recognise(data, document, number, view, started)
        if self._cache:
            # A first look that found nothing to choose from is the whole reading as well.
            for read in {view, page.view}:
                self._cache.put(document.sha256, self._fingerprint(read), page)
        return page

    def write_cache(self) -> None:
        """Write to the cache what was read since the last time."""
        if self._cache:
            self._cache.write()

    def warm_up(self) -> None:
        """Load the engine and its language data, so that the first page does not wait for them.

        Raises:
            EngineFailure: `ocr-missing`; the OCR engine or one of its languages is not there.
        """
        missing = self.engine.missing_languages()
        if missing:
            raise EngineFailure(
                f"The OCR engine lacks the language data {', '.join(missing)}.",
                code=ENGINE_MISSING,
                hint=f"Install it (Debian: tesseract-ocr-{missing[0]}), or name other languages.",
            )
        self.engine.read(np.full((64, 64), 255, np.uint8), layout="rows", deadline_seconds=_WARM_UP_SECONDS)
        detect_language("facture")

    def _cached(self, document: Document, number: int, view: View) -> PageText | None:
        return self._cache.get(document.sha256, number, self._fingerprint(view)) if self._cache else None

    def _read_layer(self, data: bytes, document: Document, number: int, started: float) -> PageText | None:
        if document.media_type is not MediaType.PDF:
            return None
        text = page_text_layer(data, number)[: self.settings.max_page_characters]
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

    def _recognise(self, data: bytes, document: Document, number: int, view: View, started: float) -> PageText:
        pixels = render_page(
            data,
            document.media_type,
            number,
            long_side=self.settings.long_side,
            limits=self.limits,
            colour=False,
        )
        try:
            reading = self._pages.read(pixels, view)
        except EngineTimeout as error:
            raise DocumentRefused(RefusalReason.TIMEOUT, f"Page {number + 1}: {error.message}") from error
        text = reading.recognition.text[: self.settings.max_page_characters]
        return PageText(
            page=number,
            text=text,
            words=reading.recognition.words,
            language=detect_language(text),
            engine=self.engine.name,
            engine_version=self.engine.version,
            view=reading.view,
            rotation=reading.tilt.turn,
            skew=reading.tilt.skew,
            seconds=time.perf_counter() - started,
            width=pixels.shape[1],
            height=pixels.shape[0],
        )

    def _fingerprint(self, view: View) -> str:
        engine, settings = self.engine, self.settings
        layer = f"layer={settings.min_layer_letters},{settings.min_layer_letter_share}"
        size = f"long_side={settings.long_side} characters={settings.max_page_characters}"
        rows = f" rows={settings.rows}" if view == "lines" else ""
        return f"{READER_VERSION} {engine.name} {engine.version} {engine.fingerprint} {layer} {size} {view}{rows}"


def open_reader(cache_url: str = "", settings: OcrSettings | None = None) -> DocumentReader:
    """Return a reader with limits from the environment.

    Args:
        cache_url: The storage that page texts are kept in, a folder or s3://...; empty for none.
        settings: How pages are read; from the environment when not given.

    Raises:
        StorageError: There is no such storage.
        EngineFailure: The OCR engine is missing.
    """
    settings = settings or OcrSettings()
    cache = PageTextCache(open_storage(cache_url, durable=False)) if cache_url else None
    return DocumentReader(open_engine(settings), settings=settings, limits=DocumentLimits(), cache=cache)
