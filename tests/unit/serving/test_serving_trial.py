"""When a candidate that fails is left alone, and when it is asked again."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import REGISTRY

from pigeonhole_serving.breaker import CLOSED, BreakerLimits, after_failure, ask
from pigeonhole_serving.routing import Candidate
from pigeonhole_serving.trial import Trial

pytestmark = pytest.mark.unit
LIMITS = BreakerLimits(failures=3, open_seconds=10)
CANDIDATE = Candidate(host="candidate", version="2", weight=20)
OTHER = Candidate(host="candidate", version="3", weight=20)


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def trial(clock: Clock) -> Trial:
    trial = Trial(LIMITS, clock)
    assert trial.may_ask(CANDIDATE)
    return trial


def fail(trial: Trial, times: int) -> None:
    for _ in range(times):
        trial.failed(CANDIDATE)


def test_failures_in_a_row_up_to_the_limit_leave_the_candidate_alone(trial: Trial) -> None:
    fail(trial, 2)
    assert trial.may_ask(CANDIDATE)
    fail(trial, 1)
    assert not trial.may_ask(CANDIDATE)
    assert REGISTRY.get_sample_value("pigeonhole_candidate_breaker_open") == 1


def test_a_success_between_failures_begins_the_count_anew(trial: Trial) -> None:
    fail(trial, 2)
    trial.succeeded(CANDIDATE)
    fail(trial, 2)
    assert trial.may_ask(CANDIDATE)


def test_one_document_a_while_tries_an_open_circuit(trial: Trial, clock: Clock) -> None:
    fail(trial, 3)
    clock.now += 9.9
    assert not trial.may_ask(CANDIDATE)
    clock.now += 0.2
    assert [trial.may_ask(CANDIDATE) for _ in range(3)] == [True, False, False]
    fail(trial, 1)
    clock.now += 9.9
    assert not trial.may_ask(CANDIDATE)
    clock.now += 0.2
    assert trial.may_ask(CANDIDATE)
    trial.succeeded(CANDIDATE)
    assert [trial.may_ask(CANDIDATE) for _ in range(3)] == [True, True, True]
    assert REGISTRY.get_sample_value("pigeonhole_candidate_breaker_open") == 0


def test_another_candidate_begins_anew_and_late_failures_of_the_old_one_mean_nothing(trial: Trial) -> None:
    fail(trial, 3)
    assert trial.may_ask(OTHER)
    fail(trial, 3)
    assert trial.may_ask(OTHER)


def test_another_weight_is_the_same_candidate(trial: Trial) -> None:
    fail(trial, 3)
    assert not trial.may_ask(CANDIDATE.model_copy(update={"weight": 50.0}))


@given(st.lists(st.tuples(st.booleans(), st.floats(0, 30)), max_size=60))
def test_while_open_at_most_one_call_passes_in_each_period(steps: list[tuple[bool, float]]) -> None:
    breaker, now, passed_while_open = CLOSED, 0.0, []
    for succeeds, pause in steps:
        now += pause
        was_open = breaker.is_open
        allowed, breaker = ask(breaker, now, LIMITS)
        if not allowed:
            assert was_open
            continue
        if was_open:
            passed_while_open.append(now)
        breaker = CLOSED if succeeds else after_failure(breaker, now, LIMITS)
    gaps = [later - earlier for earlier, later in pairwise(passed_while_open)]
    assert all(gap >= LIMITS.open_seconds for gap in gaps)
