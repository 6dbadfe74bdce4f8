"""The sections of params.yaml that need no library of the model; each step takes its own."""

from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pigeonhole_components.errors import ParamsError

Params = TypeVar("Params", bound=BaseModel)


class Section(BaseModel):
    """A section of params.yaml; a key that it does not know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DatasetParams(Section):
    """Which documents to train on; the section `dataset`."""

    id: str | None = Field(
        None, pattern=r"^[0-9a-f]{64}$", description="The dataset version; null generates documents by `synthetic`."
    )


class FormatShares(Section):
    """Shares of the generated files' formats; only their proportions count."""

    pdf: float = Field(0.25, ge=0, description="PDFs with a text layer, which need no OCR.")
    image_pdf: float = Field(0.2, ge=0, description="PDFs of scanned pages.")
    jpeg: float = Field(0.35, ge=0, description="Scans as JPEG.")
    png: float = Field(0.08, ge=0, description="Scans as PNG.")
    tiff: float = Field(0.12, ge=0, description="Scans as TIFF.")


class SyntheticParams(Section):
    """Documents to generate where no dataset version is named; the section `synthetic`."""

    classes: tuple[str, ...] = Field((), description="Classes to generate; an empty list means all.")
    count: int = Field(24, ge=1, description="Documents a class.")
    languages: tuple[str, ...] = Field(("fr", "en"), min_length=1, description="Languages of the documents.")
    difficulty: float = Field(0.4, ge=0, le=1, description="0 is clean and telling, 1 is damaged and ambiguous.")
    formats: FormatShares = FormatShares()
    fonts: Literal["builtin", "system"] = Field(
        "builtin", description="'builtin' makes the same documents on every machine, 'system' more varied ones."
    )
    seed: int = Field(0, ge=0, description="The same seed makes the same documents.")


class OcrParams(Section):
    """How pages are read; the section `ocr`. Serving must read by the same values (`PIGEONHOLE_OCR_*`)."""

    engine: Literal["auto", "tesserocr", "pytesseract"] = Field(
        "auto", description="What recognises; 'auto' is tesserocr where it is installed, else pytesseract."
    )
    languages: str = Field(
        "fra", pattern=r"^[a-z_]{3,}(\+[a-z_]{3,})*$", description="Tesseract's languages, joined by +."
    )
    long_side: int = Field(1600, ge=200, le=10_000, description="Pixels of a page's longer side; images only shrink.")
    rows: int = Field(3, ge=1, le=30, description="Rows of packed text lines that the first look at a page reads.")
    pages: int = Field(5, ge=1, description="Pages read of a document, from the first on; blank ones do not count.")
    min_layer_letters: int = Field(50, ge=0, description="Letters that a PDF page's text layer needs to be trusted.")
    min_layer_letter_share: float = Field(
        0.5, ge=0, le=1, description="Share of letters and digits among the layer's visible characters."
    )
    max_page_characters: int = Field(20_000, ge=1000, description="Characters kept of a page.")
    min_page_letters: int = Field(12, ge=0, description="Letters below which a page counts as blank.")


class PreprocessParams(Section):
    """What becomes of the texts before training; the section `preprocess`."""

    holdout_share: float = Field(0.2, gt=0, lt=1, description="Share of groups that judge the model and never train.")
    min_tokens: int = Field(3, ge=1, description="Words of plain text below which a document counts as having none.")


class RegisterParams(Section):
    """What happens once a model is registered; the section `register`."""

    promote: bool = Field(False, description="Make the model the champion when every gate is passed.")


def parse_section(model: type[Params], values: Any, name: str) -> Params:
    """Return the parameters of a section from plain values.

    Raises:
        ParamsError: A key is unknown or out of range; the message names it.
    """
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in (name, *first["loc"])).removeprefix("params.")
        unknown = first["type"] == "extra_forbidden"
        raise ParamsError(f"{field}: {'there is no such parameter' if unknown else _lower(first['msg'])}.") from error


def _lower(message: str) -> str:
    return message[:1].lower() + message[1:]
