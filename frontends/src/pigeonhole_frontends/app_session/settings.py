"""Settings of the two apps."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class AppSettings(BaseSettings):
    """How an app reaches the platform; each setting is an environment variable `PIGEONHOLE_APP_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_APP_", frozen=True)

    api_url: str = Field("http://127.0.0.1:8000", min_length=1, description="Where the app reaches the API.")
    public_api_url: str = Field("", description="Where a browser reaches the API's images; the same as api_url.")
    token: SecretStr = Field(SecretStr(""), description="The user's token, sent with every call.")
    sign_in: Literal["", "id", "access"] = Field(
        "", description="Which token of Streamlit's sign-in goes to the API; with none all use the app's own."
    )
    answer_seconds: float = Field(30.0, gt=0, le=600, description="Seconds that the app waits for an answer.")
    files_per_upload: int = Field(100, ge=1, le=1000, description="Files that one upload may hold.")
    rows_per_page: int = Field(50, ge=1, le=500, description="Rows shown before the reader asks for more.")
    images_per_page: int = Field(60, ge=1, le=500, description="Training images shown at a time.")
    page_image_pixels: int = Field(1600, ge=200, le=4000, description="Longer side of the page image in the review.")
    refresh_seconds: float = Field(1.0, gt=0, le=60, description="Seconds between two looks at work in progress.")

    @property
    def image_base_url(self) -> str:
        """Return the address that a browser loads images from, without a slash at its end."""
        return (self.public_api_url or self.api_url).rstrip("/")
