"""How pages are read."""

from typing import Literal

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class OcrSettings(BaseSettings):
    """Settings of reading; each is an environment variable `PIGEONHOLE_OCR_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_OCR_", frozen=True)

    engine: Literal["auto", "tesserocr", "pytesseract"] = Field(
        "auto", description="What recognises; 'auto' is tesserocr where it is installed, else pytesseract."
    )
    languages: str = Field(
        "fra",
        pattern=r"^[a-z_]{3,}(\+[a-z_]{3,})*$",
        description="Tesseract's languages, joined by +; 'fra' alone sorts English as well, at 2/3 the cost.",
    )
    long_side: int = Field(1600, ge=200, le=10_000, description="Pixels of a page's longer side; images only shrink.")
    rows: int = Field(3, ge=1, le=30, description="Rows of packed text lines that the first look at a page reads.")
    pages: int = Field(5, ge=1, description="Pages read of a document, from the first on; blank ones do not count.")
    min_layer_letters: int = Field(50, ge=0, description="Letters that a PDF page's text layer needs to be trusted.")
    min_layer_letter_share: float = Field(
        0.5, ge=0, le=1, description="Share of letters and digits among the layer's visible characters."
    )
    max_page_characters: int = Field(
        20_000, ge=1000, description="Characters kept of a page; a page of print has about 3,000."
    )
    min_page_letters: int = Field(12, ge=0, description="Letters below which a page counts as blank.")
