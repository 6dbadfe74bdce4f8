"""How a training ended follows from its exit code and what it left."""

import json
from pathlib import Path

import pytest

from pigeonhole_api.worker.training_process import describe_end

pytestmark = pytest.mark.unit
RESULT = {"version": "3", "metrics": {"macro_f1": 0.9}, "gates": {"passed": True, "gates": []}, "unknown": 1}


@pytest.fixture
def result(tmp_path: Path) -> Path:
    path = tmp_path / "result.json"
    path.write_text(json.dumps(RESULT))
    return path


def test_a_training_succeeds_or_is_rejected_with_a_result(result: Path) -> None:
    assert [describe_end(code, result, "").state for code in (0, 3)] == ["succeeded", "rejected"]
    end = describe_end(0, result, "warnings\n")
    assert end.result
    assert end.result.version == "3"


@pytest.mark.parametrize("content", [None, "", "{", "{}"])
def test_a_training_without_a_readable_result_has_failed(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "result.json"
    if content is not None:
        path.write_text(content)
    end = describe_end(0, path, "")
    assert (end.state, end.error) == ("failed", "The training left no result that can be read.")


@pytest.mark.parametrize(
    ("code", "errors", "sentence"),
    [
        (1, "a warning\ntrain: too few documents.\n", "train: too few documents."),
        (1, "", "The training ended unexpectedly with code 1."),
        (
            1,
            "Traceback (most recent call last):\n  x\nKeyError: 'secret'",
            "The training ended unexpectedly with code 1.",
        ),
        (-9, "half a li", "The training ended unexpectedly with code -9."),
        (1, "x" * 600, "x" * 500),
    ],
)
def test_a_failure_is_one_sentence_for_people(result: Path, code: int, errors: str, sentence: str) -> None:
    assert describe_end(code, result, errors).error == sentence
