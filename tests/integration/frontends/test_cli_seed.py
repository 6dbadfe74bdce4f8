"""`pigeonhole seed` on a real API and worker, with a real training."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient

from pigeonhole_frontends.seeding import Seeding, SeedingFailed

from .conftest import CLASSES, TOKEN, Platform, picture, running_platform

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("seeded")


@pytest.fixture(scope="module")
def empty_platform(home: Path) -> Iterator[Platform]:
    """A platform that has nothing, whose worker trains for real."""
    with running_platform(
        home, with_worker=True, PIGEONHOLE_API_TRAINING_MODULE="pigeonhole_pipelines.run"
    ) as platform:
        yield platform


def seed(platform: Platform, *arguments: str, token: str = TOKEN) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "seed"]
    command += ["--url", platform.url, "--token", token, *arguments]
    return subprocess.run(command, env=dict(os.environ), capture_output=True, text=True, timeout=400, check=False)


def test_an_empty_platform_gets_examples_a_model_and_a_job_once(empty_platform: Platform) -> None:
    options = ("--count", "8", "--samples", "1", "--difficulty", "0.1")
    first = seed(empty_platform, *options)
    assert first.returncode == 0, first.stderr
    assert [line[:2] for line in first.stderr.splitlines()] == ["1.", "2.", "3.", "4."]
    classes = empty_platform.client.classes()
    assert [summary.examples for summary in classes] == [8] * 7
    assert empty_platform.client.production() is not None
    again = seed(empty_platform, *options)
    assert again.returncode == 0, again.stderr
    assert again.stderr.startswith("3. Version 1 is in use.")
    assert empty_platform.client.classes() == classes
    assert [job.reference for job in empty_platform.client.jobs().jobs] == ["samples-0"]
    assert len(empty_platform.client.trainings()) == 1


def test_what_the_operator_has_against_the_first_model_is_said_at_once(empty_platform: Platform, home: Path) -> None:
    name, found = "document-classifier", "f1-floor: macro_f1 is 0.807: at least 0.85 is needed."
    registry = MlflowClient(f"sqlite:///{home}/mlflow.db")
    registry.delete_registered_model_alias(name, "champion")
    for tag, value in {"result": "Rejected", "reason": "GatesFailed", "message": found}.items():
        registry.set_model_version_tag(name, "1", f"promotion_{tag}", value)
    (training,) = empty_platform.client.trainings()
    seeding = Seeding(empty_platform.client, time.monotonic() + 60)
    with pytest.raises(SeedingFailed, match=re.escape(f"does not take version 1: {found}")) as refused:
        seeding.wait_for_model(training)
    assert refused.value.code == "not-promoted"
    registry.set_registered_model_alias(name, "champion", "1")
    assert seeding.wait_for_model(training).version == "1"


def test_a_wrong_token_is_one_sentence(empty_platform: Platform) -> None:
    refused = seed(empty_platform, token="not-the-token-of-this-one")
    assert refused.returncode == 1
    assert len(refused.stderr.strip().splitlines()) <= 2
    assert "Traceback" not in refused.stderr


def test_an_address_that_nobody_answers_at_is_told_when_the_time_is_over() -> None:
    nowhere = Platform("http://127.0.0.1:9", None)  # type: ignore[arg-type]
    late = seed(nowhere, "--minutes", "0.1")
    assert late.returncode == 1
    assert late.stderr.startswith("Error: The API does not answer; the time is over.")


def test_examples_of_somebody_s_own_are_left_as_they_are(tmp_path: Path) -> None:
    with running_platform(tmp_path, with_worker=True) as platform:
        platform.client.add_examples("contract", [("a.png", picture((1, 2, 3)))])
        seed(platform, "--count", "8", "--samples", "0", "--minutes", "0.1")
        assert [summary.name for summary in platform.client.classes()] == ["contract"]
        assert "contract" not in CLASSES
