"""How much of a document Pigeonhole accepts."""

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict


class DocumentLimits(BaseSettings):
    """Limits on one document; each is an environment variable `PIGEONHOLE_LIMIT_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_LIMIT_", frozen=True)

    max_bytes: int = Field(10_000_000, ge=1, description="Bytes a file.")
    max_pixels: int = Field(50_000_000, ge=1, description="Pixels an image, read from its header before decoding.")
    max_side: int = Field(32_767, ge=1, description="Pixels a side of an image; tesseract reads no longer ones.")
    max_pages: int = Field(50, ge=1, description="Pages read of a document; later pages are counted and not read.")
    page_deadline_seconds: float = Field(30.0, gt=0, description="Seconds of work on one page.")
