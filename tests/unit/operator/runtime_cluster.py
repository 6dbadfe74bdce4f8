"""A cluster that records what is asked of it, and fails as it is told to."""

import copy
from typing import Any

from pigeonhole_operator.cluster.errors import AlreadyExists, ClusterError, Conflict, NotFound
from pigeonhole_operator.cluster.kinds import Kind, Raw, named
from pigeonhole_operator.cluster.kube import FIELD_MANAGER, Listing


class RecordingCluster:
    """Keeps objects by kind and name in one namespace; each write gets the next resource version."""

    def __init__(self) -> None:
        self.objects: dict[tuple[str, str], Raw] = {}
        self.calls: list[str] = []
        self.fails: dict[str, ClusterError] = {}
        self.version = 1000
        self.forced: list[bool] = []
        self.managers: list[str] = []

    def hold(self, kind: str, raw: Raw) -> None:
        self.objects[kind, raw["metadata"]["name"]] = raw

    async def list_all(self, kind: Kind, namespace: str | None) -> Listing:
        self._called("list", kind, "")
        found = tuple(raw for (name, _), raw in self.objects.items() if name == named(kind))
        return Listing(found, self.version)

    async def get(self, kind: Kind, namespace: str, name: str) -> Raw:
        self._called("get", kind, name)
        if (named(kind), name) not in self.objects:
            raise NotFound(f"no {name}")
        return copy.deepcopy(self.objects[named(kind), name])

    async def apply(self, kind: Kind, body: Raw, *, force: bool, manager: str = FIELD_MANAGER) -> Raw:
        self._called("apply", kind, body["metadata"]["name"])
        self.forced.append(force)
        self.managers.append(manager)
        return self._stored(named(kind), body)

    async def apply_status(self, kind: Kind, body: Raw) -> Raw:
        name = body["metadata"]["name"]
        self._called("status", kind, name)
        stored = self.objects[named(kind), name]
        if stored["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise Conflict("stale")
        return self._stored(named(kind), {**stored, "status": body["status"]})

    async def create_promotion(self, body: Raw) -> Raw:
        name = body["metadata"]["name"]
        self.calls.append(f"create ModelPromotion {name}")
        if ("ModelPromotion", name) in self.objects:
            raise AlreadyExists(name)
        return self._stored("ModelPromotion", body)

    async def create_event(self, body: Raw) -> None:
        name = body["metadata"]["name"]
        self.calls.append(f"event {body['reason']}")
        if (error := self.fails.get("event")) is not None:
            raise error
        if ("Event", name) in self.objects:
            raise AlreadyExists(name)
        self._stored("Event", body)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        self._called("delete", kind, name)
        raw = self.objects.get((named(kind), name))
        if raw is None:
            raise NotFound(name)
        if raw["metadata"]["uid"] != uid:
            raise Conflict("another uid")
        del self.objects[named(kind), name]

    async def get_lease(self, namespace: str, name: str) -> Raw:
        if (error := self.fails.get("lease")) is not None:
            raise error
        if ("Lease", name) not in self.objects:
            raise NotFound(name)
        return copy.deepcopy(self.objects["Lease", name])

    async def create_lease(self, body: Raw) -> Raw:
        if ("Lease", body["metadata"]["name"]) in self.objects:
            raise AlreadyExists("lease")
        return self._stored("Lease", body)

    async def replace_lease(self, body: Raw) -> Raw:
        stored = self.objects["Lease", body["metadata"]["name"]]
        if stored["metadata"]["resourceVersion"] != body["metadata"]["resourceVersion"]:
            raise Conflict("stale")
        return self._stored("Lease", body)

    def _called(self, verb: str, kind: Kind, name: str) -> None:
        self.calls.append(f"{verb} {named(kind)} {name}".rstrip())
        if (error := self.fails.get(f"{verb} {named(kind)}")) is not None:
            raise error

    def _stored(self, kind: str, body: Raw) -> Raw:
        self.version += 1
        name = body["metadata"]["name"]
        old: dict[str, Any] = self.objects.get((kind, name), {}).get("metadata", {})
        raw = copy.deepcopy(body)
        raw["metadata"] = {
            "uid": f"uid-{name}",
            "generation": 1,
            "creationTimestamp": "2026-11-28T09:00:00Z",
            **old,
            **raw["metadata"],
            "resourceVersion": str(self.version),
        }
        self.objects[kind, name] = raw
        return copy.deepcopy(raw)
