"""What a corpus of synthetic documents shall hold, checked before anything is drawn."""

from dataclasses import dataclass, fields
from typing import Literal

from pigeonhole.errors import PigeonholeError

GENERATOR_VERSION = "1.0.0"
CLASSES: tuple[str, ...] = (
    "invoice",
    "identity_document",
    "cv",
    "proof_of_address",
    "payslip",
    "bank_details",
    "diploma",
)
LANGUAGES: tuple[str, ...] = ("fr", "en")
FAMILIES = 10
MEDIA = ("pdf", "image_pdf", "jpeg", "png", "tiff")


class GenerationError(PigeonholeError, ValueError):
    """Settings or a directory that the generator refuses; the message names the field and the reason."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="generation-refused")


@dataclass(frozen=True)
class FormatMix:
    """Shares of the file formats, in any unit: only their proportions count.

    `pdf` is born digital with a text layer, `image_pdf` holds scanned pages only, the others are degraded scans.
    """

    pdf: float = 0.25
    image_pdf: float = 0.2
    jpeg: float = 0.35
    png: float = 0.08
    tiff: float = 0.12

    def __post_init__(self) -> None:
        shares = self.shares
        for field, share in zip(MEDIA, shares, strict=True):
            if share < 0:
                raise GenerationError(f"formats.{field}: {share} is negative; a share is 0 or more.")
        if not sum(shares) > 0:
            raise GenerationError("formats: every share is 0; at least one format must have a share.")

    @property
    def shares(self) -> tuple[float, ...]:
        """The shares in the order of `MEDIA`."""
        return tuple(getattr(self, field.name) for field in fields(self))


@dataclass(frozen=True)
class GenerationSettings:
    """The parameters of a corpus; the same values and library versions give the same bytes.

    `count` is the number of documents per class on average. `difficulty` goes from 0 (clean, title always there) to 1
    (title lost, wording vague, scans bad). `prior` "skewed" makes some classes several times more frequent than others.
    `fonts` "builtin" draws with the fonts every PDF reader has, so that bytes do not depend on the fonts installed.

    Raises:
        GenerationError: A field is out of its range.
    """

    classes: tuple[str, ...] = CLASSES
    count: int = 40
    languages: tuple[str, ...] = LANGUAGES
    difficulty: float = 0.5
    seed: int = 0
    prior: Literal["uniform", "skewed"] = "uniform"
    formats: FormatMix = FormatMix()
    fonts: Literal["system", "builtin"] = "system"
    workers: int = 1

    def __post_init__(self) -> None:
        _require_known("classes", self.classes, CLASSES)
        _require_known("languages", self.languages, LANGUAGES)
        _require_known("prior", (self.prior,), ("uniform", "skewed"))
        _require_known("fonts", (self.fonts,), ("system", "builtin"))
        _require_at_least_one("count", self.count)
        _require_at_least_one("workers", self.workers)
        if not 0 <= self.difficulty <= 1:
            raise GenerationError(f"difficulty: {self.difficulty} is outside 0..1.")

    @property
    def total(self) -> int:
        """Number of documents in the corpus."""
        return self.count * len(self.classes)


def _require_known(field: str, values: tuple[str, ...], known: tuple[str, ...]) -> None:
    if not values:
        raise GenerationError(f"{field}: empty; choose from {', '.join(known)}.")
    for value in values:
        if value not in known:
            raise GenerationError(f"{field}: {value!r} is unknown; choose from {', '.join(known)}.")
    if len(set(values)) < len(values):
        raise GenerationError(f"{field}: a value is named twice.")


def _require_at_least_one(field: str, value: int) -> None:
    if value < 1:
        raise GenerationError(f"{field}: {value} is less than 1.")
