"""From a document's bytes to the text of its pages."""

from pigeonhole.ocr.cache import PageTextCache
from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure, EngineTimeout, OcrEngine
from pigeonhole.ocr.page_text import Box, DocumentText, PageFailure, PageText, Word, join_pages
from pigeonhole.ocr.reading import DocumentReader, open_reader
from pigeonhole.ocr.settings import OcrSettings

__all__ = [
    "ENGINE_MISSING",
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
    "Word",
    "join_pages",
    "open_reader",
]
