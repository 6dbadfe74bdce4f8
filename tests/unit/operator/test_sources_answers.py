"""What the sources read out of answers and files."""

import json
from pathlib import Path
from typing import Any

import pytest

from pigeonhole_operator.decision.observed import Artefact, ClassScore, Evaluation, Problem
from pigeonhole_operator.sources.artefact_files import ModelFiles, describe_artefact
from pigeonhole_operator.sources.credentials import Credentials, CredentialsUnreadable
from pigeonhole_operator.sources.mlflow_answers import VersionAnswer, parse_evaluation
from pigeonhole_operator.sources.ports import SourceError

pytestmark = pytest.mark.unit
SCORE = {"class": "cv", "precision": 0.5, "recall": 0.25, "f1": 1, "support": 4}
MLMODEL = b"""
flavors: {sklearn: {pickled_model: model.skops}}
signature:
  inputs: '[{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}]'
  outputs: '[{"tensor-spec": {"shape": [-1,
    2], "dtype": "float64"}, "type": "tensor"}]'
  params: null
"""


def report(**changes: Any) -> bytes:
    return json.dumps({"metrics": {"macro_f1": 0.5}, "per_class": [SCORE], "labels": ["cv"], **changes}).encode()


def test_an_evaluation_report_is_read() -> None:
    champion = {"version": "3", "metrics": {"macro_f1": 0.4}, "obstacle": None}
    assert parse_evaluation(report(champion=champion)) == Evaluation(
        metrics={"macro_f1": 0.5},
        per_class={"cv": ClassScore(0.5, 0.25, 1.0, 4)},
        champion_version="3",
        champion_metrics={"macro_f1": 0.4},
    )


@pytest.mark.parametrize("change", [{}, {"champion": None}])
def test_without_a_champion_there_is_none_to_compare_with(change: dict[str, Any]) -> None:
    found = parse_evaluation(report(**change))
    assert (found.champion_version, found.champion_metrics) == (None, None)


def test_a_champion_that_could_not_be_judged_has_no_metrics() -> None:
    found = parse_evaluation(report(champion={"version": "3", "metrics": None, "obstacle": "library-mismatch"}))
    assert (found.champion_version, found.champion_metrics) == ("3", None)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
def test_a_metric_that_is_no_finite_number_is_not_there(value: float | None) -> None:
    """Neither `value < min` nor `value > max` holds for NaN, so it would pass every gate."""
    assert parse_evaluation(report(metrics={"macro_f1": value, "accuracy": 1})).metrics == {"accuracy": 1.0}


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        report()[:-1],
        report(metrics={"macro_f1": "good"}),
        report(per_class=[{**SCORE, "f1": float("nan")}]),
        report(per_class=[{**SCORE, "recall": 1.5}]),
        report(per_class=[{**SCORE, "support": -1}]),
        report(per_class=[{"class": "cv"}]),
        report(champion="3"),
    ],
)
def test_another_report_is_garbled(content: bytes) -> None:
    with pytest.raises(SourceError) as caught:
        parse_evaluation(content)
    assert caught.value.problem == Problem("EvaluationGarbled", "The evaluation report is not of the expected shape.")


@pytest.mark.parametrize(
    ("tag", "classes"),
    [('["cv", "invoice"]', ("cv", "invoice")), ("[]", ()), ("cv", ()), ("{}", ()), ("[1]", ()), ("null", ())],
)
def test_classes_are_a_list_of_names_or_none(tag: str, classes: tuple[str, ...]) -> None:
    answer = {"model_version": {"version": "1", "tags": [{"key": "classes", "value": tag}]}}
    version = VersionAnswer.model_validate(answer).model_version.described("s3://models/1")
    assert version.classes == classes
    assert (version.version, version.storage_uri, version.digest, version.run_id) == ("1", "s3://models/1", "", "")


def test_digest_and_signature_come_from_the_model_s_files() -> None:
    expected = {
        "inputs": [{"type": "tensor", "tensor-spec": {"dtype": "str", "shape": [-1]}}],
        "outputs": [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": [-1, 2]}}],
        "params": None,
    }
    found = describe_artefact(ModelFiles(1, b'{"digest": "abc", "format": 2}', MLMODEL))
    assert found.digest == "abc"
    assert json.loads(found.signature or "") == expected


def test_the_same_signature_is_the_same_string_however_it_is_written() -> None:
    files = ModelFiles(1, b'{"digest": "abc"}', MLMODEL)
    other = MLMODEL.replace(b'"shape": [-1,\n    2], "dtype": "float64"', b'"dtype":"float64","shape":[-1,2]')
    assert other != MLMODEL
    assert describe_artefact(files) == describe_artefact(ModelFiles(1, files.description, other))


@pytest.mark.parametrize("mlmodel", [b"flavors: {}", b"signature: null"])
def test_a_model_may_have_no_signature(mlmodel: bytes) -> None:
    assert describe_artefact(ModelFiles(1, b'{"digest": "abc"}', mlmodel)) == Artefact("abc", None)


@pytest.mark.parametrize(
    ("files", "named"),
    [
        (ModelFiles(None, b"{}", b"{}"), "lacks model.skops."),
        (ModelFiles(0, b"{}", b"{}"), "model.skops is empty."),
        (ModelFiles(1, None, None), "lacks model.json, MLmodel."),
    ],
)
def test_a_file_that_is_missing_is_named(files: ModelFiles, named: str) -> None:
    with pytest.raises(SourceError, match=named) as caught:
        describe_artefact(files)
    assert caught.value.code == "ArtefactMissing"


@pytest.mark.parametrize(
    ("description", "mlmodel", "named"),
    [
        (b"", b"{}", "model.json"),
        (b"[]", b"{}", "model.json"),
        (b'{"digest": ""}', b"{}", "model.json"),
        (b'{"digest": 1}', b"{}", "model.json"),
        (b'{"digest": "a"}', b"", "MLmodel"),
        (b'{"digest": "a"}', b"- a", "MLmodel"),
        (b'{"digest": "a"}', b"signature: [", "MLmodel"),
        (b'{"digest": "a"}', b"signature: {inputs: no json}", "MLmodel"),
        (b'{"digest": "a"}', b"signature: {inputs: [1]}", "MLmodel"),
        (b'{"digest": "a"}', b"!!python/object/apply:os.system [true]", "MLmodel"),
        (b'{"digest": "a"}', b"[" * 5000, "MLmodel"),
        (b'{"digest": "a"}', b"signature: {inputs: '" + b"[" * 100_000 + b"'}", "MLmodel"),
    ],
)
def test_a_file_that_says_nothing_is_named(description: bytes, mlmodel: bytes, named: str) -> None:
    with pytest.raises(SourceError, match=named) as caught:
        describe_artefact(ModelFiles(1, description, mlmodel))
    assert caught.value.code == "ArtefactGarbled"


def test_credentials_are_read_again_for_each_call(tmp_path: Path) -> None:
    token = tmp_path / "token"
    credentials = Credentials(token_file=token)
    for value in ("first", "second\n"):
        token.write_text(value)
        assert credentials.headers() == {"Authorization": f"Bearer {value.strip()}"}


def test_a_name_and_a_password_are_basic_authentication(tmp_path: Path) -> None:
    (tmp_path / "name").write_text("operator")
    (tmp_path / "password").write_text("pä:ss ")
    headers = Credentials(username_file=tmp_path / "name", password_file=tmp_path / "password").headers()
    assert headers == {"Authorization": "Basic b3BlcmF0b3I6cMOkOnNzIA=="}


@pytest.mark.parametrize("content", [None, b"", b"\n", b"two words", b"a\r\nX-Other: 1", "tök".encode(), b"\xff"])
def test_a_token_that_is_none_is_not_sent(content: bytes | None, tmp_path: Path) -> None:
    token = tmp_path / "token"
    if content is not None:
        token.write_bytes(content)
    with pytest.raises(CredentialsUnreadable):
        Credentials(token_file=token).headers()
