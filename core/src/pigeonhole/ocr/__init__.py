"""From a document's bytes to the text of its pages."""

from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure, EngineTimeout, OcrEngine, Recognition
from pigeonhole.ocr.page_text import Box, DocumentText, PageFailure, PageText, View, Word, join_pages
from pigeonhole.ocr.reading import DocumentReader, open_reader
from pigeonhole.ocr.reading_plan import TEXT_LAYER, ReadingProgress, gather
from pigeonhole.ocr.settings import OcrSettings

__all__ = [
    "ENGINE_MISSING",
    "TEXT_LAYER",
    "Box",
    "DocumentReader",
    "DocumentText",
    "EngineFailure",
    "EngineTimeout",
    "OcrEngine",
    "OcrSettings",
    "PageFailure",
    "PageText",
    "PageTextCache",
    "ReadingProgress",
    "Recognition",
    "View",
    "Word",
    "gather",
    "join_pages",
    "open_reader",
]
