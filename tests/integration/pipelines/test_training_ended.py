"""A training that is ended from outside leaves nothing behind."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from .conftest import install

pytestmark = pytest.mark.integration

SECONDS = 60


def wait_for(path: Path) -> int:
    """The process id that a file will hold."""
    deadline = time.monotonic() + SECONDS
    while not (path.exists() and path.read_text().strip()):
        assert time.monotonic() < deadline, f"no {path.name}"
        time.sleep(0.05)
    return int(path.read_text())


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while True:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return
        except psutil.NoSuchProcess:
            return
        assert time.monotonic() < deadline, "the OCR engine still runs"
        time.sleep(0.05)


def test_sigterm_ends_the_reading_processes_and_deletes_the_texts(corpus: Path, tmp_path: Path) -> None:
    installation = install(corpus, tmp_path / "home")
    program, scratch = tmp_path / "bin" / "tesseract", tmp_path / "scratch"
    program.parent.mkdir()
    scratch.mkdir()
    # An engine that answers questions and never ends a page.
    program.write_text(
        f'#!/bin/sh\ncase "$1" in --*) PATH=${{PATH#*:}} exec tesseract "$@";; esac\n'
        f"echo $$ > {tmp_path}/pid\nexec sleep 300\n"
    )
    program.chmod(0o755)
    (tmp_path / "params.yaml").write_text("ocr: {engine: pytesseract}")
    path = f"{program.parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, **installation.environment, "PATH": path, "TMPDIR": str(scratch)}
    environment["PIGEONHOLE_READING_WORKERS"] = "1"
    command = [
        *(sys.executable, "-m", "pigeonhole_pipelines.run"),
        *("--dataset", installation.dataset, "--result", str(tmp_path / "result.json")),
        *("--params", str(tmp_path / "params.yaml")),
    ]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE) as process:
        engine = wait_for(tmp_path / "pid")
        assert [path.name[:20] for path in scratch.iterdir() if path.is_dir()] == ["pigeonhole-training-"]
        process.send_signal(signal.SIGTERM)
        _, errors = process.communicate(timeout=SECONDS)
    assert process.returncode == 128 + signal.SIGTERM
    assert b"Traceback" not in errors
    wait_until_gone(engine)
    assert not any(path.name.startswith("pigeonhole-training-") for path in scratch.iterdir())
    assert not (tmp_path / "result.json").exists()
