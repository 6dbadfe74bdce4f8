"""The suite of the operator's cases names cases that there are, and enough of them."""

import subprocess
import sys
from pathlib import Path

import pytest
from tests.e2e.operator.suite import FURTHER_FILES, KEPT, is_further, named

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
ENOUGH = 120


def test_all_that_is_kept_is_there() -> None:
    command = [sys.executable, "-m", "pytest", "--collect-only", "-q", "-m", "e2e", "tests/e2e/operator"]
    found = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    paths = [line.partition("::") for line in found.splitlines() if "::" in line]
    cases = {(Path(path).stem, *named(name)) for path, _, name in paths}
    assert {file for file, _, _ in cases} >= FURTHER_FILES
    assert KEPT.keys() <= {function for _, function, _ in cases}
    assert {(function, value) for function, kept in KEPT.items() for value in kept} <= {case[1:] for case in cases}
    assert sum(not is_further(*case) for case in cases) >= ENOUGH
