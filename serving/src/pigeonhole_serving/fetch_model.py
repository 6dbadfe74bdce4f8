"""Bring a registered model into a predictor's folder: `python -m pigeonhole_serving.fetch_model`.

KServe does this by its storage initializer; where there is none, it is the predictor's init container. Before there is
any model it waits, until whoever rolls models out starts the pod anew with the address of one.
"""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from pigeonhole.artefact import ModelIdentity, write_identity
from pigeonhole.artefact.files import DESCRIPTION_FILE, MODEL_FILE
from pigeonhole.errors import PigeonholeError
from pigeonhole.processes import tell_failure
from pigeonhole.settings import describe_invalid_settings
from pigeonhole.storage import open_storage
from pigeonhole.telemetry import configure_logging, get_logger

_FILES = (DESCRIPTION_FILE, MODEL_FILE)
_log = get_logger(__name__)


class ModelSettings(BaseSettings):
    """Which model; each is an environment variable `PIGEONHOLE_MODEL_<NAME>`."""

    model_config = SettingsConfigDict(env_prefix="PIGEONHOLE_MODEL_", frozen=True)

    uri: str = Field("", description="Folder of model.skops and model.json: a path or s3://...; empty: none yet.")
    registered: str = Field("document-classifier", min_length=1, description="Its name in the registry.")
    version: str = Field("0", min_length=1, description="Its version.")
    run_id: str = Field("", description="The run that made it.")
    digest: str = Field("", description="The digest of its content, which the predictor compares with the files.")


def main(arguments: Sequence[str] | None = None) -> int:
    """Fetch the model and return the exit code: 0 when it is there, 1 when it cannot be had, 2 for wrong settings."""
    parser = argparse.ArgumentParser(prog="pigeonhole_serving.fetch_model", description="Fetch a registered model.")
    parser.add_argument("--model_dir", type=Path, default=Path("/mnt/models"), help="Folder to write it to.")
    options = parser.parse_args(arguments)
    configure_logging("fetch-model")
    try:
        settings = ModelSettings()
        if not settings.uri:
            return _wait_to_be_replaced()
        fetch_model(settings, options.model_dir)
    except ValidationError as error:
        return tell_failure(describe_invalid_settings(error) or "The settings are wrong.", 2)
    except PigeonholeError as error:
        return tell_failure(f"{error.message} {error.hint or ''}", 1)
    return 0


def fetch_model(settings: ModelSettings, folder: Path) -> None:
    """Write the model's files and its identity into a folder; what it is, the predictor checks when it loads it.

    Raises:
        StorageError: A file is not there, or the storage does not answer.
    """
    storage = open_storage(settings.uri)
    folder.mkdir(parents=True, exist_ok=True)
    for name in _FILES:
        with (folder / name).open("wb") as file:
            for block in storage.blocks(name):
                file.write(block)
    write_identity(folder, ModelIdentity(settings.registered, settings.version, settings.run_id, settings.digest))
    _log.info("model_fetched", version=settings.version)


def _wait_to_be_replaced() -> int:
    # The first process of a container ignores signals that it has no handler for.
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    _log.info("model_awaited")
    while not ended.wait(1.0):
        continue
    return 1


if __name__ == "__main__":
    sys.exit(main())
