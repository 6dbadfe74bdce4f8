"""What the operator tells of itself and of its attempts, over a story, as metrics."""

import re
from collections.abc import Iterator

import pytest
from prometheus_client.samples import Sample

from . import outcomes
from .asking import leads, measured, samples
from .invariants import ENDS
from .manifests import SERVICE
from .operator_process import OperatorProcess
from .shop import Shop

pytestmark = pytest.mark.e2e
RESULTS = "pigeonhole_promotion_results_total"
WEIGHT = "pigeonhole_promotion_canary_weight_percent"
CONDITION = "pigeonhole_promotion_condition"
START, DEADLINE = "pigeonhole_promotion_phase_start_timestamp_seconds", "pigeonhole_promotion_phase_deadline_seconds"
VALUE = "pigeonhole_promotion_check_value"
LOOKS, SECONDS = "pigeonhole_operator_reconcile_total", "pigeonhole_operator_reconcile_duration_seconds"
DEPTH, LAST = "pigeonhole_operator_queue_depth", "pigeonhole_operator_last_reconcile_timestamp_seconds"
# Those of the operator in section 5 of the design; a dashboard or a rule may name any of them.
ALL = {
    *(RESULTS, WEIGHT, CONDITION, START, DEADLINE, VALUE, LOOKS, DEPTH, LAST, "pigeonhole_operator_leader"),
    *(f"{SECONDS}_bucket", f"{SECONDS}_sum", f"{SECONDS}_count"),
}
FIVE_MINUTES = 300.0


def result(operator: OperatorProcess, ended: str, reason: str = "") -> float | None:
    return measured(operator, RESULTS, name=SERVICE, result=ended, reason=reason)


def results(operator: OperatorProcess) -> dict[tuple[str, str], float]:
    """Return the results that are counted, by result and reason."""
    found = [sample for sample in samples(operator) if sample.name == RESULTS and sample.value]
    return {(sample.labels["result"], sample.labels["reason"]): sample.value for sample in found}


def named(operator: OperatorProcess, name: str) -> Iterator[Sample]:
    return (sample for sample in samples(operator) if sample.name == name)


def flags(operator: OperatorProcess) -> set[tuple[str, str]]:
    """Return the conditions that are told to hold: type and status."""
    return {(row.labels["type"], row.labels["status"]) for row in named(operator, CONDITION) if row.value == 1}


def test_a_result_is_exported_as_nought_first_and_counted_once(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    rows = [(row.labels["result"], row.labels["reason"], row.value) for row in named(shop.operator, RESULTS)]
    snake = [re.sub(r"(?<=.)([A-Z])", r"_\1", end).lower() for end in ENDS]
    assert sorted(rows) == sorted((end, "", 0.0) for end in snake)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    outcomes.is_promoted(shop)
    assert result(shop.operator, "succeeded") is not None
    # The first scrape after the end may be the one that introduces the series.
    shop.waits(lambda: results(shop.operator) == {("succeeded", ""): 1.0}, "the result")


def test_a_result_is_not_counted_again_by_the_next_process(shop: Shop) -> None:
    outcomes.begins(shop)
    outcomes.is_promoted(shop)
    shop.waits(lambda: sum(results(shop.operator).values()) == 1, "the result")
    assert shop.operator.stop() == 0
    shop.operator.start()
    shop.waits(lambda: leads(shop.operator) and bool(measured(shop.operator, LOOKS)), "a look of the next one")
    assert measured(shop.operator, RESULTS, result="succeeded") == 0
    assert results(shop.operator) == {}


def test_a_result_of_an_attempt_that_one_process_began_and_another_ended_is_counted_by_the_other(shop: Shop) -> None:
    outcomes.begins(shop)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    shop.operator.kill()
    shop.operator.start()
    outcomes.is_promoted(shop)
    shop.waits(lambda: sum(results(shop.operator).values()) == 1, "the result")


@pytest.mark.parametrize("ended", ["rolled_back", "rejected"])
def test_a_bad_result_is_counted_with_its_reason(shop: Shop, ended: str) -> None:
    shop.serving("1", spec=outcomes.TAKEN_BACK)
    shop.candidate("2", macro_f1=0.95 if ended == "rolled_back" else 0.5)
    if ended == "rolled_back":
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        outcomes.fails(shop)
    expected = {("rolled_back", "AnalysisFailed"), ("rejected", "GatesFailed")}
    (pair,) = (row for row in expected if row[0] == ended)
    shop.waits(lambda: pair in results(shop.operator), "the result")
    assert results(shop.operator) == {pair: 1.0}


def test_a_series_of_a_new_reason_is_nought_at_its_first_scrape(shop: Shop) -> None:
    shop.serving("1", spec=outcomes.TAKEN_BACK)
    shop.candidate("2", macro_f1=0.5)
    shop.reaches("Rejected")
    pair = {"result": "rejected", "reason": "GatesFailed"}
    found: list[float] = []

    def seen_twice() -> bool:
        found.extend([] if (value := measured(shop.operator, RESULTS, **pair)) is None else [value])
        return len(found) >= 2

    shop.waits(seen_twice, "two scrapes of the series")
    assert found[:2] == [0.0, 1.0]


def test_a_canary_shows_its_weight_phase_checks_and_conditions_and_nothing_of_them_is_left(shop: Shop) -> None:
    steps = [{"weight": 30, "mirror": True, "minSamples": 1_000_000, "duration": "1s"}]
    shop.serving("1", spec={"canary": {"steps": steps}})
    shop.settles("Idle", stable="1")
    assert measured(shop.operator, WEIGHT, name=SERVICE, namespace=shop.namespace) == 0
    assert list(named(shop.operator, START)) == list(named(shop.operator, VALUE)) == []
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: measured(shop.operator, VALUE, check="disagreement") is not None, "the check's value")
    assert measured(shop.operator, WEIGHT, name=SERVICE) == 30
    assert measured(shop.operator, DEADLINE, name=SERVICE) == FIVE_MINUTES
    began, now = measured(shop.operator, START, name=SERVICE), measured(shop.operator, LAST)
    assert began is not None
    assert now is not None
    assert 0 <= now - began < FIVE_MINUTES
    value = measured(shop.operator, VALUE, check="disagreement", role="candidate")
    assert value == pytest.approx(2 / 102, abs=0.01)
    assert flags(shop.operator) >= {("Ready", "true"), ("Progressing", "true"), ("Stalled", "false")}
    shop.changes({"canary": {"steps": [{"weight": 30, "mirror": True, "minSamples": 20, "duration": "1s"}]}})
    shop.settles("Idle", stable="2")
    shop.waits(lambda: not list(named(shop.operator, START)), "the end of the phase")
    assert measured(shop.operator, WEIGHT, name=SERVICE) == 0
    assert list(named(shop.operator, VALUE)) == list(named(shop.operator, DEADLINE)) == []
    assert flags(shop.operator) >= {("Ready", "true"), ("Progressing", "false"), ("Stalled", "false")}


def test_each_condition_has_one_status_at_a_time(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    rows = [(row.labels["type"], row.value) for row in named(shop.operator, CONDITION)]
    kinds = {kind for kind, _ in rows}
    assert kinds == {kind for kind, _, _ in shop.conditions()}
    assert {kind: sum(value for name, value in rows if name == kind) for kind in kinds} == dict.fromkeys(kinds, 1.0)


def test_looks_are_counted_by_their_result_and_the_queue_is_empty_after_them(shop: Shop) -> None:
    outcomes.begins(shop)
    outcomes.is_promoted(shop)
    counted = {row.labels["result"]: row.value for row in named(shop.operator, LOOKS)}
    assert counted["success"] > len(outcomes.WHOLE_WAY)
    assert "error" not in counted
    shop.waits(lambda: measured(shop.operator, DEPTH) == 0, "an empty queue")
    assert measured(shop.operator, f"{SECONDS}_count") >= counted["success"]


def test_every_metric_of_the_design_is_exported_during_a_story(shop: Shop) -> None:
    steps = [{"weight": 0, "mirror": True, "minSamples": 1_000_000, "duration": "1s"}]
    shop.serving("1", spec={"canary": {"steps": steps}})
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: measured(shop.operator, VALUE) is not None, "a check's value")
    assert {sample.name for sample in samples(shop.operator)} >= ALL
    labels = {name: set(row.labels) for name in ALL for row in named(shop.operator, name)}
    assert labels[RESULTS] == {"namespace", "name", "result", "reason"}
    assert labels[CONDITION] == {"namespace", "name", "type", "status"}
    assert labels[VALUE] == {"namespace", "name", "check", "role"}
    assert labels[LOOKS] == {"kind", "result"}
