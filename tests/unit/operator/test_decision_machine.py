"""Whatever happens in whatever order, to the operator and around it: what has to hold, and that it comes to an end."""

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from pigeonhole_operator.decision.observed import Routing
from pigeonhole_operator.resources.promotion import Phase

from .world import SPEC, Model, World

pytestmark = pytest.mark.unit
NUMBERS = tuple(str(number) for number in range(1, 7))
numbers = st.sampled_from(NUMBERS)


class Promotions(RuleBasedStateMachine):
    """People, failures and the operator take turns in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.world = World()
        self.pinned: set[str] = set()

    @initialize(serves=st.booleans(), policy=st.sampled_from(["Correct", "Report", "Ignore"]))
    def open(self, serves: bool, policy: str) -> None:
        world = self.world
        world.spec = {**SPEC, "driftPolicy": policy}
        world.add(Model("1"))
        world.add(Model("2", macro_f1=0.95))
        world.add(Model("3", macro_f1=0.5))
        world.add(Model("4", macro_f1=0.93, disagrees=True))
        world.add(Model("5", macro_f1=0.94, crashes=True))
        world.add(Model("6", macro_f1=0.96, loaded_digest="other"))
        world.serve("1")
        if not serves:
            del world.aliases["champion"]

    @rule(fail_at=st.none() | st.integers(0, 12), after_effect=st.booleans())
    def look(self, fail_at: int | None, after_effect: bool) -> None:
        self.world.step(fail_at, after_effect=after_effect)

    @rule(seconds=st.sampled_from([1, 5, 11, 30, 70, 400]))
    def wait(self, seconds: int) -> None:
        self.world.now += timedelta(seconds=seconds)

    @rule()
    def pods(self) -> None:
        self.world.pods_start()

    @rule(seconds=st.sampled_from([20, 60, 200]))
    def run(self, seconds: int) -> None:
        self.world.run(seconds)

    @rule(number=numbers)
    def candidate(self, number: str) -> None:
        self.world.aliases["candidate"] = number

    @rule()
    def no_candidate(self) -> None:
        self.world.aliases.pop("candidate", None)

    @rule(number=numbers, skip=st.booleans())
    def pin(self, number: str, skip: bool) -> None:
        self.pinned.add(number)
        self.world.edit(pin={"version": number, "reason": "incident", "skipGates": skip})

    @rule()
    def unpin(self) -> None:
        self.world.edit(pin=None)

    @rule(number=numbers)
    def request(self, number: str) -> None:
        self.world.edit(request={"version": number, "reason": "a trial"})

    @rule()
    def no_request(self) -> None:
        self.world.edit(request=None)

    @rule(on=st.booleans())
    def suspend(self, on: bool) -> None:
        self.world.edit(suspend=on)

    @rule(manual=st.booleans(), approved=st.none() | numbers)
    def approval(self, manual: bool, approved: str | None) -> None:
        self.world.edit(approval="Manual" if manual else "Automatic", approvedVersion=approved)

    @rule(weights=st.lists(st.integers(0, 90), min_size=1, max_size=4, unique=True).map(sorted))
    def other_steps(self, weights: list[int]) -> None:
        steps = [{"weight": weight, "mirror": True, "minSamples": 10, "duration": "10s"} for weight in weights]
        self.world.edit(canary={**SPEC["canary"], "steps": steps})

    @rule(down=st.booleans())
    def registry(self, down: bool) -> None:
        self.world.registry_down = down

    @rule(down=st.booleans(), samples=st.sampled_from([0.0, 10.0, 100.0, 1000.0]))
    def metrics(self, down: bool, samples: float) -> None:
        self.world.metrics_down, self.world.samples = down, samples

    @rule(number=numbers)
    def delete_version(self, number: str) -> None:
        if self.world.aliases.get("champion") != number:
            self.world.deleted.add(number)
            self.world.aliases = {key: value for key, value in self.world.aliases.items() if value != number}

    @rule(number=numbers, value=st.sampled_from(["a", "b"]))
    def retry(self, number: str, value: str) -> None:
        self.world.models[number].tags["promotion_retry"] = value

    @rule(number=numbers)
    def mend(self, number: str) -> None:
        model = self.world.models[number]
        model.crashes, model.loaded_digest, model.disagrees = False, model.digest, False

    @precondition(lambda self: self.world.routing is not None)
    @rule()
    def write_the_routing_by_hand(self) -> None:
        world = self.world
        assert world.routing is not None
        world.routing = Routing(world.routing.generation, "elsewhere", None, None)

    @rule(number=numbers)
    def move_the_champion_by_hand(self, number: str) -> None:
        if number not in self.world.deleted:
            self.world.aliases["champion"] = number

    @rule()
    def delete_the_candidate_s_service(self) -> None:
        self.world.candidate = None
        self.world.running.pop("documents-candidate", None)

    @invariant()
    def no_two_versions_have_everything(self) -> None:
        routing = self.world.routing
        if routing is None or routing.candidate is None or routing.candidate.weight < 100:
            return
        # Everything goes to the candidate only while stable is being brought back and does not come.
        (attempt,) = self.world.unfinished
        assert attempt.status is not None
        assert attempt.status.phase is Phase.ROLLING_BACK

    @invariant()
    def nothing_in_quarantine_answers(self) -> None:
        world = self.world
        held = {item.version for item in world.status.quarantined}
        tried = {found.spec.release.version for found in world.unfinished}
        if world.routing is not None and world.routing.candidate is not None:
            routed = world.routing.candidate.version
            # A version is in quarantine from the end of its attempt, and again on trial only if somebody freed it.
            assert routed not in held or routed in tried
        stable = world.status.stable
        assert stable is None or stable.version not in held - self.pinned - {found.version for found in _freed(world)}

    @invariant()
    def only_what_was_let_through_serves(self) -> None:
        world = self.world
        stable = world.status.stable
        if stable is not None and stable.version not in self.pinned:
            model = world.models[stable.version]
            adopted = not any(found.spec.release.version == stable.version for found in world.promotions.values())
            assert model.macro_f1 >= 0.8 or adopted or _was_champion(world, stable.version)
            assert model.loaded_digest == model.digest or adopted

    @invariant()
    def there_is_a_stable_version_or_a_reason(self) -> None:
        ready = self.world.status.condition("Ready")
        if ready is None:
            return
        assert ready.reason
        assert ready.status == "False" or self.world.status.stable is not None

    @invariant()
    def one_attempt_at_a_time(self) -> None:
        assert len(self.world.unfinished) <= 1

    def teardown(self) -> None:
        """Let everything be well for long enough: whatever was going on comes to an end."""
        world = self.world
        world.registry_down = world.metrics_down = False
        world.samples = 1000.0
        world.edit(suspend=False, approval="Automatic", pin=None, request=None, driftPolicy="Correct")
        world.run(4000)
        assert world.unfinished == [], [found.status for found in world.unfinished]
        assert world.candidate is None
        assert world.conditions["Ready"][0] == "True" or world.conditions["Ready"][1] in (
            "NoStableVersion",
            "TargetNotReady",
        )
        stable = world.status.stable
        if stable is not None:
            assert world.target is not None
            assert world.target.version == stable.version
            assert world.aliases.get("champion") == stable.version or stable.version in world.deleted
            assert world.routing is not None
            assert (world.routing.stable_version, world.routing.candidate) == (stable.version, None)


def _freed(world: World) -> list[Any]:
    return [
        item
        for item in world.status.quarantined
        if world.models[item.version].tags.get("promotion_retry", "") not in ("", item.retry_tag)
    ]


def _was_champion(world: World, version: str) -> bool:
    return any(
        found.spec.trigger == "Adoption" for found in world.promotions.values() if found.spec.release.version == version
    )


TestPromotions = Promotions.TestCase
TestPromotions.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
