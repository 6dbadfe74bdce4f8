"""What has to hold at each moment of every case, read off the recorded versions of its objects."""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from .cluster import Object
from .manifests import MODEL_FOLDER, ROUTING, SERVICE
from .recorder import Change, status_of

CANDIDATE = f"{SERVICE}-candidate"
ENDS = ("Succeeded", "Rejected", "RolledBack", "Superseded")


def uri_of(service: Object | None) -> str:
    """Return which model an InferenceService asks for."""
    model = ((service or {}).get("spec") or {}).get("predictor", {}).get("model") or {}
    return str(model.get("storageUri", ""))


def version_in(uri: str) -> str:
    """Return the version's number in a model's URI."""
    return uri.removeprefix(f"{MODEL_FOLDER}/").partition("-")[0]


def routing_of(config_map: Object | None) -> dict[str, Any]:
    """Return the routing that a ConfigMap holds."""
    text = ((config_map or {}).get("data") or {}).get("routing.json", "{}")
    parsed: dict[str, Any] = json.loads(text)
    return parsed


@dataclass
class World:
    """The objects as they were after a change, each by its kind and name."""

    items: dict[tuple[str, str], Object] = field(default_factory=dict)

    def after(self, change: Change) -> "World":
        items = {**self.items, (change.kind, change.name): change.item}
        if change.verb == "DELETED":
            del items[(change.kind, change.name)]
        return World(items)

    def get(self, kind: str, name: str) -> Object | None:
        return self.items.get((kind, name))

    @property
    def routing(self) -> dict[str, Any]:
        return routing_of(self.get("ConfigMap", ROUTING))

    @property
    def quarantined(self) -> set[str]:
        status = status_of(self.get("ModelDeployment", SERVICE))
        return {str(row["version"]) for row in status.get("quarantined", [])}


def violations(changes: Iterable[Change], allowed: Mapping[str, str]) -> list[str]:
    """Return every breach, in order, each with the API server's version at which it began.

    Args:
        changes: Everything that was recorded, in its order.
        allowed: URIs that stable may serve, by version.
    """
    found: list[str] = []
    world = World()
    for change in changes:
        before, world = world, world.after(change)
        found += [f"at {change.revision}: {breach}" for breach in _breaches(change, before, world, allowed)]
    return found


def _breaches(change: Change, before: World, after: World, allowed: Mapping[str, str]) -> Iterator[str]:
    match change.kind, change.name:
        case "ConfigMap", name if name == ROUTING and change.verb != "DELETED":
            yield from _routing_breaches(before, after)
        case "InferenceService", _:
            yield from _service_breaches(change, after, allowed)
        case "ModelDeployment", _ if change.verb != "DELETED":
            yield from _status_breaches(before.get(change.kind, change.name), change.item)
        case "ModelPromotion", _ if change.verb != "DELETED":
            yield from _promotion_breaches(before.get(change.kind, change.name), change.item)


def _routing_breaches(before: World, after: World) -> Iterator[str]:
    try:
        routing, previous = after.routing, before.routing
    except ValueError:
        # Some cases write what is no JSON: the operator has to set it right.
        return
    candidate = routing.get("candidate")
    if candidate is None:
        return
    if not 0 <= candidate["weight"] <= 100:
        yield f"the candidate's weight is {candidate['weight']}"
    if candidate["version"] in after.quarantined:
        yield f"version {candidate['version']} is routed, though it is in quarantine"
    deployed = version_in(uri_of(after.get("InferenceService", CANDIDATE)))
    if candidate != previous.get("candidate") and deployed != candidate["version"]:
        yield f"version {candidate['version']} is routed, and the candidate's service has {deployed or 'none'}"


def _service_breaches(change: Change, after: World, allowed: Mapping[str, str]) -> Iterator[str]:
    if change.name == SERVICE and change.verb != "DELETED":
        if (uri := uri_of(change.item)) not in allowed.values():
            yield f"stable is to serve {uri}"
        yield from _full_weight_breaches(after)
    if change.name == CANDIDATE and change.verb == "DELETED":
        candidate = after.routing.get("candidate")
        if candidate is not None and candidate["weight"] > 0:
            yield f"version {candidate['version']} is routed, and its service is gone"


def _full_weight_breaches(after: World) -> Iterator[str]:
    candidate, stable = after.routing.get("candidate"), version_in(uri_of(after.get("InferenceService", SERVICE)))
    known = status_of(after.get("ModelDeployment", SERVICE)).get("stable") or {}
    if candidate and candidate["weight"] == 100 and stable not in (candidate["version"], known.get("version", stable)):
        yield f"stable becomes {stable} while version {candidate['version']} has all documents"


def _conditions(item: Object | None) -> dict[str, Object]:
    return {row["type"]: row for row in status_of(item).get("conditions", [])}


def _status_breaches(before: Object | None, after: Object) -> Iterator[str]:
    status, conditions = status_of(after), _conditions(after)
    if status and "Ready" not in conditions:
        yield f"the status has no condition Ready: {sorted(conditions)}"
    weight = status.get("canaryWeight", 0)
    if not 0 <= weight <= 100:
        yield f"the status tells of a weight of {weight}"
    if status.get("observedGeneration", 0) < status_of(before).get("observedGeneration", 0):
        yield "observedGeneration fell"
    for kind, condition in _conditions(before).items():
        now = conditions.get(kind)
        if now and (now["status"] == condition["status"]) != (
            now["lastTransitionTime"] == condition["lastTransitionTime"]
        ):
            yield f"{kind} went from {condition} to {now}"


def _promotion_breaches(before: Object | None, after: Object) -> Iterator[str]:
    if before is None or before["metadata"]["uid"] != after["metadata"]["uid"]:
        return
    name, was, status = after["metadata"]["name"], status_of(before), status_of(after)
    if was.get("phase") in ENDS and status.get("phase") != was["phase"]:
        yield f"{name} ended as {was['phase']} and is {status.get('phase')} now"
    written, journal = was.get("journal", []), status.get("journal", [])
    if journal[: len(written)] != written:
        yield f"{name}'s journal lost what was in it: {written[len(journal) - 1 :]}"
