"""The engines, and which of them reads."""

from importlib.util import find_spec

from pigeonhole.ocr.engine import OcrEngine
from pigeonhole.ocr.settings import OcrSettings


def open_engine(settings: OcrSettings) -> OcrEngine:
    """Return the engine that the settings name; `auto` is tesserocr where it is installed, else pytesseract."""
    # Imported by need: an image without tesserocr has pytesseract alone.
    if settings.engine == "tesserocr" or (settings.engine == "auto" and find_spec("tesserocr")):
        from pigeonhole.ocr.engines.tesserocr_engine import TesserocrEngine

        return TesserocrEngine(settings.languages)
    from pigeonhole.ocr.engines.pytesseract_engine import PytesseractEngine

    return PytesseractEngine(settings.languages)
