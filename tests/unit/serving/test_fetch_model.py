"""A registered model in a predictor's folder, where no storage initializer brings it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pigeonhole_serving.fetch_model import main

pytestmark = pytest.mark.unit


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A folder in which a run has left a model."""
    folder = tmp_path / "store"
    folder.mkdir()
    (folder / "model.skops").write_bytes(b"skops" * 100_000)
    (folder / "model.json").write_text('{"digest": "d"}')
    (folder / "MLmodel").write_text("flavors: {}")
    return folder


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("VERSION", "3"), ("RUN_ID", "run"), ("DIGEST", "d")):
        monkeypatch.setenv(f"PIGEONHOLE_MODEL_{name}", value)


def test_files_and_identity_are_what_the_predictor_loads(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIGEONHOLE_MODEL_URI", str(store))
    folder = tmp_path / "models"
    assert main(["--model_dir", str(folder)]) == 0
    assert sorted(path.name for path in folder.iterdir()) == ["identity.json", "model.json", "model.skops"]
    assert (folder / "model.skops").read_bytes() == b"skops" * 100_000
    identity = '{\n  "name": "document-classifier",\n  "version": "3",\n  "run_id": "run",\n  "digest": "d"\n}\n'
    assert (folder / "identity.json").read_text() == identity


def test_a_model_that_is_not_there_is_one_sentence(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIGEONHOLE_MODEL_URI", str(store))
    (store / "model.skops").unlink()
    assert main(["--model_dir", str(tmp_path / "models")]) == 1
    assert capsys.readouterr().err == "The storage holds no object 'model.skops'.\n"


def test_a_wrong_address_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PIGEONHOLE_MODEL_URI", "ftp://models/3")
    assert main(["--model_dir", str(tmp_path / "models")]) == 1
    assert "neither a folder nor s3://" in capsys.readouterr().err


def test_before_there_is_a_model_it_waits_until_it_is_ended(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pigeonhole_serving.fetch_model", "--model_dir", str(tmp_path)]
    process = subprocess.Popen(command, env={"PATH": os.environ["PATH"]}, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    assert "model_awaited" in process.stderr.readline()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 1
    assert list(tmp_path.iterdir()) == []
