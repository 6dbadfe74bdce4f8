"""What each gate lets through, and what it says."""

from typing import Any

import pytest

from pigeonhole_operator.decision.gates import Facts, judge_gates, tags_digest
from pigeonhole_operator.decision.observed import Artefact, ClassScore, Evaluation, ModelVersion, Problem
from pigeonhole_operator.resources.deployment_spec import Gate
from pigeonhole_operator.resources.deployment_status import Release
from pigeonhole_operator.resources.promotion import GateResult

pytestmark = pytest.mark.unit
VERSION = ModelVersion("2", "run-2", "s3://models/2", "digest", tags={"data_review": "passed"})
STABLE = Release(version="1", storage_uri="s3://models/1", digest="old")


def facts(**changes: Any) -> Facts:
    known: dict[str, Any] = {
        "version": VERSION,
        "evaluation": Evaluation({"macro_f1": 0.9, "latency": 0.3}),
        "artefact": Artefact("digest", "string -> double[-1,3]"),
        "stable": STABLE,
        "stable_evaluation": Evaluation({"macro_f1": 0.91}),
        "stable_artefact": Artefact("old", "string -> double[-1,3]"),
    }
    return Facts(**{**known, **changes})


def judged(gate: dict[str, Any], found: Facts) -> GateResult:
    results = judge_gates((Gate.model_validate({"name": "it", **gate}),), found)
    assert not isinstance(results, Problem)
    return results[1]


def metric(**limits: Any) -> dict[str, Any]:
    return {"metric": {"key": "macro_f1", **limits}}


@pytest.mark.parametrize(
    ("gate", "passed", "words"),
    [
        (metric(min=0.9), True, "macro_f1 is 0.9."),
        (metric(min=0.91), False, "at least 0.91 is needed"),
        (metric(max=0.8), False, "at most 0.8 is allowed"),
        (metric(maxRegression=0.01), True, "macro_f1 is 0.9."),
        (metric(maxRegression=0.005), False, "version 1 has 0.91, of which 0.005 may be lost"),
        ({"metric": {"key": "latency", "max": 0.5, "higherIsBetter": False}}, True, "latency is 0.3."),
        ({"metric": {"key": "latency", "maxRegression": 0.1, "higherIsBetter": False}}, False, "nobody knows"),
        ({"metric": {"key": "brier", "max": 1}}, False, "has no brier"),
        ({"tag": {"key": "data_review", "value": "passed"}}, True, "'passed'"),
        ({"tag": {"key": "data_review", "value": "done"}}, False, "has to be 'done'"),
        ({"tag": {"key": "other", "value": "x"}}, False, "The tag other is None"),
        ({"signature": "MustMatchStable"}, True, "that of version 1"),
        ({"signature": "MustExist"}, True, "has a signature"),
    ],
)
def test_a_gate_says_what_it_found(gate: dict[str, Any], passed: bool, words: str) -> None:
    result = judged(gate, facts())
    assert (result.passed, words in result.message) == (passed, True), result.message


def test_the_champion_s_score_on_the_same_documents_is_the_one_that_counts() -> None:
    beside = Evaluation({"macro_f1": 0.9}, champion_version="1", champion_metrics={"macro_f1": 0.95})
    assert not judged(metric(maxRegression=0.01), facts(evaluation=beside)).passed
    of_another = Evaluation({"macro_f1": 0.9}, champion_version="7", champion_metrics={"macro_f1": 0.95})
    assert judged(metric(maxRegression=0.01), facts(evaluation=of_another)).passed


def test_the_first_version_has_nobody_to_be_worse_than() -> None:
    alone = facts(stable=None, stable_evaluation=None, stable_artefact=None)
    assert judged(metric(maxRegression=0), alone).passed
    assert judged({"signature": "MustMatchStable"}, alone).passed
    assert judged({"perClass": {"maxRegression": 0}}, alone).passed


def classes(**recalls: tuple[float, int]) -> Evaluation:
    return Evaluation({}, {name: ClassScore(recall, recall, recall, n) for name, (recall, n) in recalls.items()})


@pytest.mark.parametrize("score", ["recall", "precision", "f1"])
def test_a_class_may_lose_what_chance_explains_and_no_more(score: str) -> None:
    gate = {"perClass": {"score": score, "maxRegression": 0.05}}
    before = classes(invoice=(0.95, 400), letter=(0.95, 20), memo=(0.9, 5))
    slight = classes(invoice=(0.92, 400), letter=(0.85, 20), memo=(0.1, 5))
    assert judged(gate, facts(evaluation=slight, stable_evaluation=before)).passed
    worse = classes(invoice=(0.8, 400), letter=(0.95, 20), memo=(0.9, 5))
    result = judged(gate, facts(evaluation=worse, stable_evaluation=before))
    assert not result.passed
    assert "invoice fell from 0.950 to 0.800" in result.message


def test_a_class_that_is_not_known_any_more_is_a_loss() -> None:
    gate = {"perClass": {"maxRegression": 0.05}}
    before = classes(invoice=(0.95, 400), letter=(0.9, 40))
    result = judged(gate, facts(evaluation=classes(invoice=(0.95, 400)), stable_evaluation=before))
    assert (result.passed, "letter is not known any more" in result.message) == (False, True)


def test_a_class_below_its_floor_is_named() -> None:
    result = judged({"perClass": {"min": 0.8}}, facts(evaluation=classes(invoice=(0.7, 50), letter=(0.1, 3))))
    assert (result.passed, "invoice has 0.700" in result.message, "letter" in result.message) == (False, True, False)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"artefact": Problem("ArtefactMissing", "model.skops is not there.")}, "model.skops is not there."),
        ({"artefact": Artefact("other", None)}, "another digest"),
        ({"version": ModelVersion("2", "run", "s3://models/2", "")}, "no tag digest"),
        ({"version": ModelVersion("2", "run", "", "digest")}, "no files"),
        ({"version": ModelVersion("2", "run", "s3://models/2", "digest", "PENDING_REGISTRATION")}, "PENDING"),
    ],
)
def test_files_that_are_not_those_registered_are_refused(changes: dict[str, Any], words: str) -> None:
    results = judge_gates((), facts(**changes))
    assert not isinstance(results, Problem)
    assert (results[0].name, results[0].passed, words in results[0].message) == ("artefact", False, True)


@pytest.mark.parametrize(
    ("gate", "changes"),
    [
        ({}, {"artefact": Problem("ArtefactUnreachable", "S3 does not answer.")}),
        (metric(min=0.5), {"evaluation": Problem("RegistryUnreachable", "MLflow does not answer.")}),
        (metric(maxRegression=0.1), {"stable_evaluation": Problem("RegistryUnreachable", "MLflow does not answer.")}),
        ({"signature": "MustMatchStable"}, {"stable_artefact": Problem("ArtefactUnreachable", "S3.")}),
    ],
)
def test_a_source_that_does_not_answer_is_no_verdict(gate: dict[str, Any], changes: dict[str, Any]) -> None:
    gates = (Gate.model_validate({"name": "it", **gate}),) if gate else ()
    assert isinstance(judge_gates(gates, facts(**changes)), Problem)


def test_a_report_that_is_not_there_is_a_refusal() -> None:
    result = judged(metric(min=0.5), facts(evaluation=Problem("EvaluationMissing", "The run has no evaluation.")))
    assert (result.passed, result.message) == (False, "The run has no evaluation.")


def test_files_that_cannot_be_looked_at_from_here_pass_and_their_signature_does_not() -> None:
    unseen = facts(artefact=Artefact(None, None))
    results = judge_gates((), unseen)
    assert not isinstance(results, Problem)
    assert results[0].passed
    assert not judged({"signature": "MustExist"}, unseen).passed


def test_our_own_tags_are_no_reason_to_judge_anew() -> None:
    told = ModelVersion("2", "run", "", "", tags={**VERSION.tags, "promotion_result": "Rejected"})
    assert tags_digest(told) == tags_digest(VERSION)
    assert tags_digest(ModelVersion("2", "run", "", "", tags={"data_review": "no"})) != tags_digest(VERSION)
