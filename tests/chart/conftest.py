"""The chart's tests render it with helm."""

import shutil

import pytest

from .rendering import NO_HELM


@pytest.fixture(scope="session", autouse=True)
def helm_is_there() -> None:
    if not shutil.which("helm"):
        pytest.exit(NO_HELM, returncode=1)
