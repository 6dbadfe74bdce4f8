"""Each kind of gate, passed and refused; who has passed waits for an approval, so that no case needs a predictor."""

from dataclasses import dataclass, field
from typing import Any

import pytest

from . import manifests
from .invariants import CANDIDATE
from .model_registry import Scores
from .reading import attempt, ends, shows, tells, until
from .shop import Shop

pytestmark = pytest.mark.e2e
NAME = "documents-v2-1"
FLOOR = {"metric": {"key": "macro_f1", "min": 0.85}}
CEILING = {"metric": {"key": "log_loss", "max": 0.3, "higherIsBetter": False}}
NO_LOSS = {"metric": {"key": "macro_f1", "maxRegression": 0.01}}
NO_RISE = {"metric": {"key": "log_loss", "maxRegression": 0.05, "higherIsBetter": False}}
UNKNOWN_TO_STABLE = {"metric": {"key": "macro_recall", "maxRegression": 0.05}}
CLASS_FLOOR = {"perClass": {"score": "recall", "min": 0.7}}
CLASS_LOSS = {"perClass": {"score": "recall", "maxRegression": 0.05}}


def scored(recall: float, support: int = 200) -> dict[str, float]:
    """A class's row in a report."""
    return {"precision": 0.9, "recall": recall, "f1": 0.9, "support": support}


CLASSES = {"invoice": scored(0.9), "payslip": scored(0.9, 12)}
STABLE = Scores({"macro_f1": 0.9, "log_loss": 0.2}, CLASSES)


@dataclass(frozen=True)
class Told:
    """What the candidate's report says, and whom it was judged beside."""

    metrics: dict[str, float] = field(default_factory=dict)
    classes: dict[str, dict[str, float]] = field(default_factory=lambda: CLASSES)
    beside: tuple[str, float] | None = None

    @property
    def scores(self) -> Scores:
        beside = self.beside and {"version": self.beside[0], "metrics": {"macro_f1": self.beside[1]}}
        return Scores({"macro_f1": 0.9, "log_loss": 0.2, "macro_recall": 0.9, **self.metrics}, self.classes, beside)


def serving(shop: Shop, *gates: dict[str, Any]) -> None:
    """Let version 1 serve, whose report is STABLE, with some gates and an approval behind them."""
    made = shop.registered("1", report=STABLE)
    shop.registry.alias("champion", "1")
    shop.cluster.create(manifests.service(shop.namespace, "1", made.uri, made.run_id))
    shop.operator.start()
    named = [{"name": f"gate-{number}", **gate} for number, gate in enumerate(gates)]
    shop.deploys({"gates": named, "approval": "Manual"})


def refused(shop: Shop, reason: str, message: str, name: str = NAME) -> None:
    """Wait until a version has been refused, and check that everybody is told and nothing moved."""
    ends(shop, name, "Rejected", reason)
    shows(shop, ("GatesPassed", "False", reason), ("Progressing", "False", reason))
    assert message in attempt(shop, name)[1]["message"]
    assert message in shop.condition("GatesPassed")["message"]
    tells(shop, "2", "Gating", "Rejected")
    assert message in shop.said("Rejected")[0]
    assert (shop.uris(), shop.uris(CANDIDATE), shop.weights()) == ([shop.uri("1")], [], [0])
    assert shop.registry.aliases() == {"champion": "1", "candidate": "2"}


@pytest.mark.parametrize(
    ("gate", "told"),
    [
        pytest.param(FLOOR, Told({"macro_f1": 0.85}), id="floor"),
        pytest.param(CEILING, Told({"log_loss": 0.3}), id="ceiling"),
        pytest.param(NO_LOSS, Told({"macro_f1": 0.89}), id="loss"),
        pytest.param(NO_LOSS, Told({"macro_f1": 0.7}, beside=("1", 0.7)), id="loss-on-the-same-documents"),
        pytest.param(NO_RISE, Told({"log_loss": 0.25}), id="rise"),
        pytest.param(CLASS_FLOOR, Told(classes={"invoice": scored(0.7), "payslip": scored(0.1, 9)}), id="class-floor"),
        pytest.param(CLASS_LOSS, Told(classes={"invoice": scored(0.86), "payslip": scored(0.88)}), id="class-loss"),
        pytest.param(CLASS_LOSS, Told(classes={**CLASSES, "payslip": scored(0.75, 12)}), id="class-chance"),
    ],
)
def test_a_gate_is_passed(shop: Shop, gate: dict[str, Any], told: Told) -> None:
    serving(shop, gate)
    shop.candidate("2", report=told.scores)
    until(shop, "AwaitingApproval", NAME)
    shows(shop, ("GatesPassed", "True", "GatesPassed"), ("Progressing", "True", "AwaitingApproval"))
    assert [gate["passed"] for gate in attempt(shop, NAME)[1]["gates"]] == [True, True]
    tells(shop, "2", "Gating", "AwaitingApproval")
    assert shop.uris(CANDIDATE) == []


@pytest.mark.parametrize(
    ("gate", "told", "message"),
    [
        pytest.param(FLOOR, Told({"macro_f1": 0.8}), "at least 0.85 is needed", id="floor"),
        pytest.param(CEILING, Told({"log_loss": 0.4}), "at most 0.3 is allowed", id="ceiling"),
        pytest.param(NO_LOSS, Told({"macro_f1": 0.88}), "version 1 has 0.9", id="loss"),
        pytest.param(NO_LOSS, Told(beside=("1", 0.95)), "version 1 has 0.95", id="loss-on-the-same-documents"),
        pytest.param(NO_LOSS, Told({"macro_f1": 0.7}, beside=("7", 0.7)), "version 1 has 0.9", id="beside-another"),
        pytest.param(NO_RISE, Told({"log_loss": 0.3}), "version 1 has 0.2", id="rise"),
        pytest.param(UNKNOWN_TO_STABLE, Told(), "nobody knows the macro_recall of version 1", id="unknown"),
        pytest.param({"metric": {"key": "auc", "min": 0}}, Told(), "The evaluation has no auc", id="metric-missing"),
        pytest.param(CLASS_FLOOR, Told(classes={"invoice": scored(0.6)}), "invoice has 0.600", id="class-floor"),
        pytest.param(
            CLASS_LOSS, Told(classes={**CLASSES, "invoice": scored(0.7)}), "fell from 0.900 to 0.700", id="class-loss"
        ),
        pytest.param(
            CLASS_LOSS, Told(classes={"invoice": scored(0.9)}), "payslip is not known any more", id="class-gone"
        ),
        pytest.param({"signature": "MustExist"}, Told(), "no signature, or cannot be looked at", id="signature"),
        pytest.param({"signature": "MustMatchStable"}, Told(), "cannot be looked at", id="same-signature"),
    ],
)
def test_a_gate_refuses(shop: Shop, gate: dict[str, Any], told: Told, message: str) -> None:
    serving(shop, gate)
    shop.candidate("2", report=told.scores)
    refused(shop, "GatesFailed", message)
    assert [gate["passed"] for gate in attempt(shop, NAME)[1]["gates"]] == [True, False]


def test_every_gate_that_refuses_is_named(shop: Shop) -> None:
    serving(shop, FLOOR, CEILING, NO_LOSS)
    shop.candidate("2", report=Told({"macro_f1": 0.5}).scores)
    refused(shop, "GatesFailed", "gate-0: macro_f1 is 0.5")
    assert "gate-2: macro_f1 is 0.5" in shop.condition("GatesPassed")["message"]
    assert "gate-1" not in shop.condition("GatesPassed")["message"]


@pytest.mark.parametrize("gate", [FLOOR, CLASS_FLOOR])
def test_a_version_without_a_report_is_refused(shop: Shop, gate: dict[str, Any]) -> None:
    serving(shop, gate)
    shop.candidate("2", reported=False)
    refused(shop, "GatesFailed", "The run of version 2 has no evaluation.json")


def test_a_version_without_a_digest_is_refused(shop: Shop) -> None:
    serving(shop, FLOOR)
    shop.candidate("2", digest="")
    refused(shop, "ArtefactRefused", "Version 2 has no tag digest")


def test_a_refused_version_is_judged_anew_once_its_tag_is_set(shop: Shop) -> None:
    serving(shop, {"tag": {"key": "data_review", "value": "passed"}})
    shop.candidate("2")
    refused(shop, "GatesFailed", "The tag data_review is None")
    shop.registry.tag("2", "data_review", "passed")
    until(shop, "AwaitingApproval", "documents-v2-2")
    shows(shop, ("GatesPassed", "True", "GatesPassed"))


def test_a_refused_version_is_judged_anew_once_the_gates_change(shop: Shop) -> None:
    serving(shop, FLOOR)
    shop.candidate("2", macro_f1=0.8)
    refused(shop, "GatesFailed", "at least 0.85 is needed")
    shop.changes({"gates": [{"name": "gate-0", "metric": {"key": "macro_f1", "min": 0.75}}]})
    until(shop, "AwaitingApproval", "documents-v2-2")
    shows(shop, ("GatesPassed", "True", "GatesPassed"))


def test_a_refused_version_is_refused_once(shop: Shop) -> None:
    serving(shop, FLOOR)
    shop.candidate("2", macro_f1=0.8)
    refused(shop, "GatesFailed", "at least 0.85 is needed")
    # Its own tags are no reason to judge it again: a later poll has seen them once another candidate has been tried.
    shop.candidate("3", macro_f1=0.7)
    ends(shop, "documents-v3-1", "Rejected", "GatesFailed")
    assert [item["metadata"]["name"] for item in shop.promotions()] == [NAME, "documents-v3-1"]
