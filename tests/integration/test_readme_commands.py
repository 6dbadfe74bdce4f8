"""Every command in the README runs as printed."""

import json
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytestmark = [pytest.mark.integration, pytest.mark.timeout(1500)]
ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
RUNNING = "Press Ctrl-C to end."
START_SECONDS = 600


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder to type the commands in, beside the environment that `make setup` brings."""
    folder = tmp_path_factory.mktemp("readme")
    (folder / ".venv").symlink_to(ROOT / ".venv")
    return folder


def environment(folder: Path, home: str) -> dict[str, str]:
    path = f"{ROOT / '.venv' / 'bin'}:{os.environ['PATH']}"
    return {**os.environ, "PATH": path, "PIGEONHOLE_HOME": str(folder / home)}


def typed(block: str, folder: Path) -> str:
    """Run a block as a person would type it, stopping at the first failure, and return what it printed."""
    command = ["bash", "-euo", "pipefail", "-c", block]
    done = subprocess.run(
        command, cwd=folder, env=environment(folder, "home"), capture_output=True, text=True, timeout=900, check=False
    )
    assert done.returncode == 0, f"{block}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@contextmanager
def running(command: str, folder: Path, place: Path, home: str) -> Iterator[Path]:
    """Run a command that goes on until Ctrl-C, from the moment it says so; yields the file of what it printed."""
    printed = folder / f"{home}.log"
    with printed.open("wb") as log:
        process = subprocess.Popen(
            ["bash", "-c", f"exec {command}"],
            cwd=place,
            env=environment(folder, home),
            stdout=log,
            stderr=log,
            stdin=subprocess.DEVNULL,
            process_group=0,
        )
    try:
        end = time.monotonic() + START_SECONDS
        while RUNNING not in printed.read_text():
            assert process.poll() is None, printed.read_text()
            assert time.monotonic() < end, printed.read_text()
            time.sleep(0.2)
        yield printed
        # A terminal sends Ctrl-C to the whole group.
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(120) in (0, 130, -signal.SIGINT), printed.read_text()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_the_readme_s_blocks_are_the_ones_tested_here() -> None:
    assert [block.split("\n")[0] for block in BLOCKS] == [
        "make demo",
        "make test",
        "make setup",
        "pigeonhole serve",
        "pigeonhole jobs submit monday unseen/*/*",
        'curl -s http://127.0.0.1:8000/v1/jobs -H "Authorization: Bearer $(pigeonhole token)" \\',
        # Played on a cluster, with images of the tests' own, by tests/e2e/chart.
        "helm install pigeonhole helm/pigeonhole --set profile=demo --set serving.mode=deployments \\",
    ]


def test_make_demo_sorts_documents_it_has_not_seen(folder: Path) -> None:
    with running(BLOCKS[0].strip(), folder, ROOT, "demo") as printed:
        shown = printed.read_text()
    assert "documents the model has not seen" in shown
    assert "User app:" in shown
    rows = [line for line in shown.splitlines() if re.search(r"│.*│.*(classified|needs review)", line)]
    assert len(rows) == 14
    # Most are sorted rightly; the others are mostly those that are left to people.
    assert sum("(wrong)" not in row for row in rows) >= 10


def test_make_test_is_what_runs_this() -> None:
    plan = subprocess.run(["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert "pytest" in plan
    assert BLOCKS[1] == "make test\n"


def test_own_files_are_sorted_and_the_platform_is_run(folder: Path) -> None:
    setup, _, own = BLOCKS[2].partition("\n")
    subprocess.run(["bash", "-c", setup], cwd=ROOT, check=True, timeout=900)
    typed(own, folder)
    assert (folder / "classes.csv").read_text().count("\n") == 15
    with running(BLOCKS[3].strip(), folder, folder, "home"):
        assert "monday" in typed(BLOCKS[4], folder)
        address = json.loads((folder / "home" / "serving.json").read_text())["api"]
        answers = typed(BLOCKS[5].replace("http://127.0.0.1:8000", address), folder)
    assert '"tuesday"' in answers
