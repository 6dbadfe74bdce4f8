"""A job's state follows from its documents' states."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_api.job_states import eta_seconds, job_state
from pigeonhole_api.models import FINAL_JOB_STATES, JobCounts

pytestmark = pytest.mark.unit


def counts(**states: int) -> JobCounts:
    return JobCounts(total=sum(states.values()), **states)


@pytest.mark.parametrize(
    ("states", "started", "cancelled", "state"),
    [
        ({"waiting_upload": 3}, False, False, "uploading"),
        ({"waiting_upload": 1, "queued": 1, "leased": 1, "classified": 9}, True, False, "uploading"),
        ({"queued": 3}, False, False, "queued"),
        ({"queued": 2, "failed": 1}, False, False, "queued"),
        ({"queued": 2, "leased": 1}, True, False, "running"),
        ({"queued": 3}, True, False, "running"),
        ({"leased": 1, "cancelled": 2}, True, True, "cancelling"),
        ({"classified": 2, "needs_review": 1}, True, False, "succeeded"),
        ({"classified": 2, "failed": 1}, True, False, "partially_failed"),
        ({"failed": 3}, False, False, "failed"),
        ({"classified": 1, "cancelled": 2}, True, True, "cancelled"),
        ({"failed": 1, "cancelled": 1}, True, True, "cancelled"),
        ({"classified": 3}, True, True, "succeeded"),
    ],
)
def test_the_state_of_a_job(states: dict[str, int], started: bool, cancelled: bool, state: str) -> None:
    assert job_state(counts(**states), started=started, cancelled=cancelled) == state


@given(
    st.fixed_dictionaries(
        {name: st.integers(0, 5) for name in JobCounts.model_fields if name not in ("total", "reviewed")}
    ),
    st.booleans(),
    st.booleans(),
)
def test_a_job_has_ended_exactly_when_nothing_of_it_waits(
    states: dict[str, int], started: bool, cancelled: bool
) -> None:
    if cancelled:
        states = {**states, "waiting_upload": 0}  # a cancelled job waits for no upload
    state = job_state(counts(**states), started=started, cancelled=cancelled)
    assert (state in FINAL_JOB_STATES) == (states["waiting_upload"] + states["queued"] + states["leased"] == 0)


def test_the_rest_takes_as_long_as_the_pace_so_far_says() -> None:
    assert eta_seconds(counts(classified=8, needs_review=2, queued=20), started_at=100.0, now=105.0) == 10.0


@pytest.mark.parametrize(
    ("states", "started_at"),
    [({"queued": 5}, None), ({"queued": 5, "classified": 2}, 1.0), ({"classified": 5}, 1.0)],
)
def test_nobody_can_tell_how_long_it_takes(states: dict[str, int], started_at: float | None) -> None:
    assert eta_seconds(counts(**states), started_at, now=10.0) is None
