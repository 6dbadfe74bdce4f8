"""Which step brings the champion into service: a pure decision, and the whole walk over all its states."""

from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole.registry import RegistryError
from pigeonhole_frontends.laptop.champion import ChampionServer, Observed, Step, next_step
from pigeonhole_frontends.laptop.home import Home

pytestmark = pytest.mark.unit
QUIET = Observed(
    champion="3",
    serving="3",
    starting=None,
    starting_is_ready=False,
    starting_has_failed=False,
    serving_has_died=False,
    failed_attempts=0,
)


@pytest.mark.parametrize(
    ("observed", "step"),
    [
        (QUIET, Step.NOTHING),
        (replace(QUIET, champion=None, serving=None), Step.NOTHING),
        (replace(QUIET, champion="4"), Step.START),
        (replace(QUIET, serving_has_died=True), Step.START),
        (replace(QUIET, champion="4", failed_attempts=3), Step.NOTHING),
        (replace(QUIET, champion="4", starting="4"), Step.NOTHING),
        (replace(QUIET, champion="4", starting="4", starting_is_ready=True), Step.SWITCH),
        (replace(QUIET, champion="4", starting="4", starting_has_failed=True), Step.GIVE_UP),
        (replace(QUIET, champion="5", starting="4", starting_is_ready=True), Step.GIVE_UP),
    ],
)
def test_the_next_step_follows_from_what_is_there(observed: Observed, step: Step) -> None:
    assert next_step(observed) is step


@given(
    st.builds(
        Observed,
        champion=st.sampled_from((None, "1", "2")),
        serving=st.sampled_from((None, "1", "2")),
        starting=st.sampled_from((None, "1", "2")),
        starting_is_ready=st.booleans(),
        starting_has_failed=st.booleans(),
        serving_has_died=st.booleans(),
        failed_attempts=st.integers(0, 4),
    )
)
def test_traffic_only_moves_to_a_live_and_ready_champion(observed: Observed) -> None:
    if next_step(observed) is Step.SWITCH:
        assert observed.starting == observed.champion is not None
        assert observed.starting_is_ready
        assert not observed.starting_has_failed
    if next_step(observed) is Step.START:
        assert observed.starting is None
        assert observed.failed_attempts < 3


def test_a_champion_that_cannot_be_had_is_asked_for_again_later_and_ends_nothing(tmp_path: Path) -> None:
    asked: list[str] = []

    def download(version: str, _directory: Path) -> Path:
        asked.append(version)
        raise RegistryError("MLflow or its files could not be reached.")

    server = ChampionServer(Home(tmp_path), "documents", download)
    with httpx.Client() as client:
        for _ in range(45):
            server.tick("1", client)
    assert 2 <= len(asked) <= 3
    assert server.serving_version is None
    assert not server.failed("1")
