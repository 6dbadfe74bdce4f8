"""How much of a document Pigeonhole accepts."""

import resource
from contextlib import suppress

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DocumentLimits(BaseSettings):
    """Limits on one document; each is an environment variable `PIGEONHOLE_LIMIT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_LIMIT_", frozen=True)

    max_bytes: int = Field(10_000_000, ge=1, description="Bytes a file.")
    max_pixels: int = Field(50_000_000, ge=1, description="Pixels an image, read from its header before decoding.")
    max_side: int = Field(32_767, ge=1, description="Pixels a side of an image; tesseract reads no longer ones.")
    max_pages: int = Field(50, ge=1, description="Pages read of a document; later pages are counted and not read.")
    max_counted_pages: int = Field(1000, ge=1, description="Pages of a TIFF that are counted; later ones are not seen.")
    page_deadline_seconds: float = Field(30.0, gt=0, description="Seconds for one page, or for inspecting a document.")
    max_memory_bytes: int = Field(
        4_000_000_000, ge=2_000_000_000, description="Address space of a process that reads documents; Linux only."
    )


def limit_memory(limits: DocumentLimits) -> None:
    """Limit this process, so that a document that grows without end fails alone instead of taking the machine along."""
    # macOS knows the limit and does not take it.
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limits.max_memory_bytes, limits.max_memory_bytes))
