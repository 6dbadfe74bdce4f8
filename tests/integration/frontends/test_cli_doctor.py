"""`pigeonhole doctor` says what is missing and how to get it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration


def doctor(home: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "doctor", *arguments]
    settings = {**os.environ, "PIGEONHOLE_HOME": str(home), "COLUMNS": "200", **environment}
    return subprocess.run(command, env=settings, capture_output=True, text=True, timeout=120, check=False)


def test_a_machine_that_has_everything_needs_no_fix(tmp_path: Path) -> None:
    found = doctor(tmp_path / "home", "--json")
    findings = json.loads(found.stdout)
    assert found.returncode == 0
    assert {finding["what"] for finding in findings} >= {"OCR engine", "disk", "storage", "model registry"}
    assert all(finding["ok"] for finding in findings)
    assert "apt-get" not in doctor(tmp_path / "home").stdout


def test_a_missing_engine_is_named_with_its_fix(tmp_path: Path) -> None:
    # Nothing but Python can be found on this path, and this engine is a program.
    path = str(Path(sys.executable).parent)
    found = doctor(tmp_path / "home", PATH=path, PIGEONHOLE_OCR_ENGINE="pytesseract")
    assert found.returncode == 5
    (line,) = [line for line in found.stdout.splitlines() if "OCR engine" in line]
    assert "FIX" in line
    assert "tesseract" in line


def test_a_language_that_is_not_installed_is_named(tmp_path: Path) -> None:
    found = doctor(tmp_path / "home", PIGEONHOLE_OCR_LANGUAGES="fra+xyz")
    assert found.returncode == 5
    assert "without xyz" in found.stdout


def test_a_storage_that_cannot_be_opened_is_named(tmp_path: Path) -> None:
    found = doctor(tmp_path / "home", PIGEONHOLE_STORAGE_URL="ftp://somewhere")
    assert found.returncode == 5
    (line,) = [line for line in found.stdout.splitlines() if "storage" in line and "FIX" in line]
    assert "file:///path" in line
