"""Where a Pigeonhole installation keeps its things."""

from collections.abc import Iterator
from pathlib import Path

from platformdirs import user_data_path
from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict


class PlatformSettings(BaseSettings):
    """Settings that every process shares; each is an environment variable `PIGEONHOLE_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_", frozen=True)

    home: Path = Field(
        default_factory=lambda: user_data_path("pigeonhole"), description="Folder of everything kept on a laptop."
    )
    storage_url: str = Field("", description="Documents and datasets: a folder or s3://bucket/prefix; <home>/storage.")
    mlflow_tracking_uri: str = Field("", description="MLflow: a server's URL or sqlite:///<home>/mlflow.db.")
    model_name: str = Field("document-classifier", min_length=1, description="Name of the registered model.")

    @property
    def storage(self) -> str:
        """Return the storage's URL."""
        return self.storage_url or str(self.home.absolute() / "storage")

    @property
    def tracking_uri(self) -> str:
        """Return MLflow's tracking URI."""
        return self.mlflow_tracking_uri or f"sqlite:///{self.home.absolute() / 'mlflow.db'}"

    def environment(self) -> dict[str, str]:
        """Return the variables by which a child process finds the same installation."""
        return {
            "PIGEONHOLE_HOME": str(self.home.absolute()),
            "PIGEONHOLE_STORAGE_URL": self.storage,
            "PIGEONHOLE_MLFLOW_TRACKING_URI": self.tracking_uri,
            "PIGEONHOLE_MODEL_NAME": self.model_name,
        }


def describe_invalid_settings(error: ValidationError) -> str | None:
    """Return what is wrong with the first wrong setting, or None for an error that is not about settings.

    The sentence names the environment variable and never its value, which may be a secret.
    """
    settings = next((found for found in _all_settings(BaseSettings) if found.__name__ == error.title), None)
    if settings is None:
        return None
    first = error.errors()[0]
    name = "_".join(str(part) for part in first["loc"])
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper() + f": {first['msg']}."


def _all_settings(kind: type[BaseSettings]) -> Iterator[type[BaseSettings]]:
    for below in kind.__subclasses__():
        yield below
        yield from _all_settings(below)
