"""An installation's settings, and how a child process finds the same installation."""

from pathlib import Path

import pytest

from pigeonhole.settings import PlatformSettings

pytestmark = pytest.mark.unit


def test_a_child_process_finds_the_same_installation(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    parent = PlatformSettings(home=tmp_path, storage_url="s3://bucket/prefix", model_name="letters")
    for name, value in parent.environment().items():
        monkeypatch.setenv(name, value)
    child = PlatformSettings()
    assert (child.home, child.storage, child.tracking_uri, child.model_name) == (
        tmp_path,
        "s3://bucket/prefix",
        f"sqlite:///{tmp_path}/mlflow.db",
        "letters",
    )
