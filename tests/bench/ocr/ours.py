"""Pigeonhole's reading as the bench asks for it: the first page alone, as the rivals read it."""

from pathlib import Path

from ocr.results import ReadText
from pigeonhole.ocr import DocumentReader, DocumentText, OcrSettings, open_reader


def open_page_reader(cache: Path | None = None) -> DocumentReader:
    """Return a reader of first pages, blank ones too, with the product's settings for all else."""
    settings = OcrSettings(pages=1, min_page_letters=0)
    return open_reader(str(cache) if cache else "", settings)


def read_text(text: DocumentText) -> ReadText:
    """Return what the bench needs of a reading; a pool's processes do this last."""
    return ReadText(text.text, text.complete, any(page.rotation for page in text.pages))
