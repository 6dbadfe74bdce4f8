"""What became of a case's objects, as it was recorded."""

import itertools
from typing import Any

from .cluster import Object
from .invariants import routing_of, uri_of
from .manifests import ROUTING, SERVICE
from .recorder import Change, Recorder, status_of

Condition = tuple[str, str, str]


class Story:
    """Reads the ModelDeployment, its events and attempts, the routing and the services off the record."""

    recorder: Recorder

    @property
    def status(self) -> dict[str, Any]:
        """The ModelDeployment's status."""
        return status_of(self.recorder.now("ModelDeployment", SERVICE))

    def conditions(self) -> set[Condition]:
        """Return the ModelDeployment's conditions: type, status, reason."""
        return {(row["type"], row["status"], row["reason"]) for row in self.status.get("conditions", [])}

    def condition(self, kind: str) -> Object:
        """Return one of them whole; nothing when it is not there."""
        rows: list[Object] = self.status.get("conditions", [])
        return next((row for row in rows if row["type"] == kind), {})

    def events(self) -> list[tuple[str, str]]:
        """Return the events of the ModelDeployment in their order: type, reason."""
        return [(event["type"], event["reason"]) for event in self.event_objects()]

    def said(self, reason: str) -> list[str]:
        """Return the messages of its events of a reason."""
        return [event["message"] for event in self.event_objects() if event["reason"] == reason]

    def promotions(self) -> list[Object]:
        """Return the ModelPromotions, also those that are gone, in the order of their making."""
        latest: dict[str, Object] = {}
        for change in self.recorder.of("ModelPromotion"):
            latest[change.name] = change.item
        return sorted(
            latest.values(), key=lambda item: (item["metadata"]["creationTimestamp"], item["spec"]["attempt"])
        )

    def journal(self, name: str | None = None) -> list[str]:
        """Return the phases that an attempt went through; default: the last one."""
        found = [item for item in self.promotions() if name in (None, item["metadata"]["name"])]
        return [row["phase"] for row in status_of(found[-1]).get("journal", [])] if found else []

    def routing(self) -> dict[str, Any]:
        """Return the routing as it is now."""
        return routing_of(self.recorder.now("ConfigMap", ROUTING))

    def weights(self) -> list[float]:
        """Return the candidate's weights over time, each once until it changes."""
        routings = [routing_of(change.item) for change in self.recorder.of("ConfigMap", ROUTING)]
        weights = [(routing.get("candidate") or {}).get("weight", 0) for routing in routings]
        return [weight for weight, _ in itertools.groupby(weights)]

    def uris(self, service: str = SERVICE) -> list[str]:
        """Return which models a service was to serve over time, each once until it changes; an end is empty."""
        changes = self.recorder.of("InferenceService", service)
        told = ["" if change.verb == "DELETED" else uri_of(change.item) for change in changes]
        return [uri for uri, _ in itertools.groupby(told)]

    def is_ready(self, service: str) -> bool:
        rows = status_of(self.recorder.now("InferenceService", service)).get("conditions", [])
        return any(row["type"] == "Ready" and row["status"] == "True" for row in rows)

    def event_objects(self) -> list[Object]:
        """Return the events of the ModelDeployment whole."""
        told: dict[str, Change] = {}
        for change in self.recorder.of("Event"):
            about = change.item["involvedObject"]
            if change.verb == "ADDED" and (about["kind"], about["name"]) == ("ModelDeployment", SERVICE):
                told[change.name] = change
        return [change.item for change in told.values()]
