"""What becomes of a version, from its alias to its end, in a world without a cluster."""

import pytest

from .world import Model, World

pytestmark = pytest.mark.unit


def shop() -> World:
    """A world in which version 1 serves and the operator knows it."""
    world = World()
    world.add(Model("1"))
    world.serve("1")
    world.run(10)
    return world


def test_the_champion_is_taken_over_without_any_change() -> None:
    world = shop()
    assert world.status.stable is not None
    assert world.status.stable.version == "1"
    assert world.promotions == {}
    assert world.target is not None
    assert world.conditions["Ready"] == ("True", "ServingStable")
    assert world.routing is not None
    assert (world.routing.stable_version, world.routing.candidate) == ("1", None)


def test_a_better_candidate_becomes_the_champion() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.95))
    world.aliases["candidate"] = "2"
    world.run(300)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.aliases == {"champion": "2", "previous": "1"}
    assert world.status.stable is not None
    assert world.status.stable.version == "2"
    assert world.running == {"documents": "2"}
    assert world.routing is not None
    assert (world.routing.stable_version, world.routing.candidate) == ("2", None)
    assert world.conditions["Ready"] == ("True", "ServingStable")
    assert world.conditions["Progressing"] == ("False", "Succeeded")
    assert [event.reason for event in world.events.values()] == [
        "Gating",
        "DeployingCanary",
        "Mirroring",
        "Canary",
        "Canary",
        "Promoting",
        "Verifying",
        "Succeeded",
    ]
    assert world.models["2"].tags["promotion_result"] == "Succeeded"
