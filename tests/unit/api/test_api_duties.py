"""What a worker may be told to do, and several duties in one process."""

import threading

import pytest
from pydantic import ValidationError

from pigeonhole.settings import describe_invalid_settings
from pigeonhole_api.duties import Duty, read_duties
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.together import run_together

pytestmark = pytest.mark.unit


class Waiting:
    """Works until it is told to stop."""

    def __init__(self) -> None:
        self.stopped = threading.Event()

    def run(self) -> None:
        assert self.stopped.wait(30)

    def stop(self) -> None:
        self.stopped.set()


class Failing(Waiting):
    def run(self) -> None:
        raise RuntimeError("a fault")


def test_duties_are_a_list_of_names() -> None:
    assert read_duties("trainings, upkeep") == {Duty.TRAININGS, Duty.UPKEEP}


@pytest.mark.parametrize("duties", ["", ",", "documents,sleeping"])
def test_a_duty_that_is_not_known_is_refused_with_those_that_are(duties: str) -> None:
    with pytest.raises(ValidationError) as caught:
        WorkerSettings(duties=duties)
    sentence = describe_invalid_settings(caught.value)
    assert sentence is not None
    assert sentence.startswith("PIGEONHOLE_API_DUTIES: ")
    assert "documents, trainings, upkeep, webhooks" in sentence


def test_duties_run_until_they_are_told_to_stop() -> None:
    parts, stopping = {Duty.DOCUMENTS: Waiting(), Duty.TRAININGS: Waiting()}, threading.Event()
    stopping.set()
    assert run_together(parts, stopping)
    assert all(part.stopped.is_set() for part in parts.values())


def test_a_duty_that_fails_stops_the_others() -> None:
    other = Waiting()
    assert not run_together({Duty.DOCUMENTS: other, Duty.TRAININGS: Failing()}, threading.Event())
    assert other.stopped.is_set()
