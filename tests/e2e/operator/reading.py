"""What the cases of a promotion read off their world, and the rules that make them quick."""

from collections.abc import Callable
from typing import Any

from .cluster import Object
from .invariants import ENDS
from .recorder import status_of
from .shop import Shop
from .story import Condition

PHASES = (
    *("Gating", "AwaitingApproval", "DeployingCanary", "Mirroring", "Canary", "Promoting", "Verifying", "RollingBack"),
    *ENDS,
)
WHOLE_WAY = ["Gating", "DeployingCanary", "Canary", "Promoting", "Verifying", "Succeeded"]
AT_ONCE = ["Gating", "Promoting", "Verifying", "Succeeded"]
# One step that needs no documents.
FAST: Object = {"canary": {"steps": [{"weight": 50, "duration": "1s"}], "analysis": []}}
# One step that lasts until the case ends it.
HELD: Object = {"canary": {"steps": [{"weight": 50, "mirror": True, "minSamples": 1_000_000, "duration": "1s"}]}}
# One step in shadow, which the first failed check ends.
SHADOW: Object = {
    "canary": {"steps": [{"weight": 0, "mirror": True, "minSamples": 20, "duration": "1s"}], "failureLimit": 0}
}
AGREES, DISAGREES = (100, 0), (0, 100)


def shows(shop: Shop, *conditions: Condition) -> None:
    """Wait until a ModelDeployment has all of some conditions."""
    shop.waits(lambda: shop.conditions() >= set(conditions), f"the conditions {conditions}")


def attempts(shop: Shop) -> list[tuple[str, str]]:
    """Return each attempt's name and phase, in the order of their making."""
    return [(item["metadata"]["name"], status_of(item).get("phase", "")) for item in shop.promotions()]


def attempt(shop: Shop, name: str) -> tuple[Object, dict[str, Any]]:
    """Return the spec and the status of an attempt."""
    item = next(item for item in shop.promotions() if item["metadata"]["name"] == name)
    return item["spec"], status_of(item)


def ends(shop: Shop, name: str, phase: str, reason: str) -> None:
    """Wait until an attempt has ended in a way and for a reason, and until its version's tags say so."""
    shop.waits(lambda: (name, phase) in attempts(shop), f"{name} to be {phase}")
    assert attempt(shop, name)[1]["reason"] == reason
    version = attempt(shop, name)[0]["release"]["version"]
    told = {"promotion_result": phase, "promotion_reason": reason or phase, "promotion_name": name}
    shop.waits(lambda: shop.registry.tags(version).items() >= told.items(), f"the tags {told} of version {version}")


def passages(shop: Shop, version: str) -> list[tuple[str, str]]:
    """Return the events of a version's way: type, reason."""
    told = [change.item for change in shop.recorder.of("Event") if change.verb == "ADDED"]
    about = [event for event in told if event["message"].startswith(f"Version {version}, attempt")]
    return [(event["type"], event["reason"]) for event in about if event["reason"] in PHASES]


def goes(shop: Shop, name: str, *phases: str) -> None:
    """Wait until an attempt's journal holds some phases; it is the last that is written of an end."""
    shop.waits(lambda: shop.journal(name) == list(phases), f"{name} to go through {phases}")


def tells(shop: Shop, version: str, *phases: str) -> None:
    """Wait until the events of a version's way are those of some phases: the bad ends are warnings."""
    bad = ("RollingBack", "RolledBack", "Rejected")
    wanted = [("Warning" if phase in bad else "Normal", phase) for phase in phases]
    shop.waits(lambda: passages(shop, version) == wanted, f"the events {wanted}")


def quarantined(shop: Shop) -> list[tuple[str, str]]:
    """Return the versions in quarantine, each with its reason."""
    return [(row["version"], row["reason"]) for row in shop.status.get("quarantined", [])]


def recent(shop: Shop) -> list[str]:
    """Return the versions that served before, the latest first."""
    return [release["version"] for release in shop.status.get("recent", [])]


def most_at_once(shop: Shop) -> int:
    """Return how many attempts were under way at the same time, at most."""
    going_on: set[str] = set()
    counts = [0]
    for change in shop.recorder.of("ModelPromotion"):
        over = change.verb == "DELETED" or status_of(change.item).get("phase") in ENDS
        (going_on.discard if over else going_on.add)(change.name)
        counts.append(len(going_on))
    return max(counts)


def forced(shop: Shop, version: str, reason: str = "a case") -> None:
    """Pin a version without gates, and wait until it serves."""
    shop.changes({"pin": {"version": version, "reason": reason, "skipGates": True}})
    shop.settles("Pinned", stable=version)


def until(shop: Shop, phase: str, name: str, holds: Callable[[], bool] = lambda: True) -> None:
    """Wait until an attempt is in a phase."""
    shop.waits(lambda: (name, phase) in attempts(shop) and holds(), f"{name} to be {phase}")
