"""Moments of an attempt at which a case ends the operator: what it has written just then."""

from collections.abc import Callable

from .invariants import CANDIDATE, routing_of, uri_of, version_in
from .manifests import ROUTING, SERVICE
from .recorder import Change, status_of

Moment = Callable[[Change], bool]


def begun(change: Change) -> bool:
    """An attempt was created, and has no journal yet."""
    return change.kind == "ModelPromotion" and change.verb == "ADDED"


def phase(name: str) -> Moment:
    """The journal says a phase."""
    return lambda change: change.kind == "ModelPromotion" and status_of(change.item).get("phase") == name


def reported(change: Change) -> bool:
    """The journal says that the registry has been told of the end."""
    return change.kind == "ModelPromotion" and bool(status_of(change.item).get("reported"))


def deployed(change: Change) -> bool:
    """The candidate has a service of its own."""
    return (change.kind, change.name, change.verb) == ("InferenceService", CANDIDATE, "ADDED")


def removed(change: Change) -> bool:
    """That service is gone."""
    return (change.kind, change.name, change.verb) == ("InferenceService", CANDIDATE, "DELETED")


def serves(version: str) -> Moment:
    """The stable service is to serve a version."""
    return lambda change: (
        (change.kind, change.name) == ("InferenceService", SERVICE) and version_in(uri_of(change.item)) == version
    )


def weight(share: int) -> Moment:
    """The routing gives the candidate a share."""
    return lambda change: _candidate(change).get("weight") == share


def alone(version: str) -> Moment:
    """The routing has no candidate, and names a version as the stable one."""
    return lambda change: (
        _is_routing(change)
        and routing_of(change.item)["candidate"] is None
        and routing_of(change.item)["stable"].get("version") == version
    )


def _candidate(change: Change) -> dict[str, object]:
    return (routing_of(change.item).get("candidate") or {}) if _is_routing(change) else {}


def _is_routing(change: Change) -> bool:
    return (change.kind, change.name, change.verb) == ("ConfigMap", ROUTING, "MODIFIED")


def state(name: str) -> Moment:
    """The ModelDeployment's status says a state."""
    return lambda change: change.kind == "ModelDeployment" and status_of(change.item).get("state") == name


def stable(version: str) -> Moment:
    """The ModelDeployment's status says that a version serves."""
    return lambda change: (
        change.kind == "ModelDeployment" and (status_of(change.item).get("stable") or {}).get("version") == version
    )


def over(change: Change) -> bool:
    """The ModelDeployment's status says that nothing is under way and that version 2 serves."""
    return state("Idle")(change) and stable("2")(change)


def quarantine(change: Change) -> bool:
    """The ModelDeployment's status has a version in quarantine."""
    return change.kind == "ModelDeployment" and bool(status_of(change.item).get("quarantined"))


def event(reason: str) -> Moment:
    """An Event was created."""
    return lambda change: change.kind == "Event" and change.item["reason"] == reason
