"""Verbs in an installation without the libraries that they need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from pigeonhole_frontends.cli.installation import missing_part

pytestmark = pytest.mark.unit
# As in the image of the apps, or with less.
ABSENT = (
    *("boto3", "cv2", "fastapi", "kfp", "kserve", "mlflow", "numpy", "PIL", "pigeonhole_components"),
    *("pigeonhole_pipelines", "pigeonhole_serving", "sklearn", "streamlit"),
)
COMMAND = f"""
import sys
from importlib.machinery import PathFinder

class Installation(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name.partition(".")[0] in {ABSENT!r} else super().find_spec(name, path, target)

sys.meta_path = [Installation if finder is PathFinder else finder for finder in sys.meta_path]
from pigeonhole_frontends.cli import main
main()
"""


def run(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments],
        env={**os.environ, "PIGEONHOLE_HOME": str(home), "PIGEONHOLE_MLFLOW_TRACKING_URI": "http://127.0.0.1:9"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@pytest.mark.parametrize(
    "verb",
    [
        ("serve",),
        ("demo", "--once"),
        ("generate", "corpus"),
        ("train", "."),
        ("classify", "letter.pdf"),
        ("models", "list"),
        ("models", "show", "1"),
    ],
    ids=" ".join,
)
def test_a_verb_says_in_one_sentence_what_to_install(verb: tuple[str, ...], tmp_path: Path) -> None:
    done = run(tmp_path, *verb)
    assert done.returncode == 5, done.stderr
    assert " ".join(done.stderr.split()).endswith("install pigeonhole-frontends[laptop].")
    assert done.stderr.startswith("Error: This needs '")
    assert "Traceback" not in done.stderr


def test_the_command_and_its_client_need_none_of_it(tmp_path: Path) -> None:
    assert run(tmp_path, "--version").returncode == 0
    assert len(run(tmp_path, "token").stdout.strip()) > 20
    done = run(tmp_path, "jobs", "list", "--url", "http://127.0.0.1:9", "--token", "a-token-for-tests")
    assert done.returncode == 5
    assert "install" not in done.stderr


def test_the_doctor_names_what_is_not_installed(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor", "--no-ports", "--json")
    assert done.returncode == 5, done.stderr
    assert done.stdout.count("Install pigeonhole-frontends[laptop].") == 2


def test_where_a_library_is_missed_can_be_asked_for(tmp_path: Path) -> None:
    done = run(tmp_path, "--debug", "models", "list")
    assert done.returncode == 1
    assert "ModuleNotFoundError" in done.stderr


def test_a_fault_of_our_own_is_not_taken_for_a_missing_library() -> None:
    assert missing_part(ModuleNotFoundError(name="pigeonhole_frontends.no_such_module")) is None
    assert missing_part(ModuleNotFoundError(name="no_such_library.part")) is not None
