"""What the operator knows of the cluster: the newest version of each object, from watches, lists and own writes."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from pigeonhole_operator.cluster.kinds import Raw

Key = tuple[str, str]
"""A namespace and a name."""


@dataclass(frozen=True)
class Differences:
    """What a comparison with a list set right: objects that were missing or old, and those that were long gone."""

    changed: tuple[Raw, ...] = ()
    gone: tuple[Raw, ...] = ()

    @property
    def count(self) -> int:
        """Return how many there were."""
        return len(self.changed) + len(self.gone)


class Follower(Protocol):
    """Somebody who is told of each object that the cache takes in or lets go."""

    def note(self, kind: str, raw: Raw) -> None:
        """Take in an object as it is now."""

    def forget(self, raw: Raw) -> None:
        """Forget an object that is gone."""


class Cache:
    """Objects by kind, namespace and name; the resource version, which rises, says which of two is the newer."""

    def __init__(self, follower: Follower | None = None) -> None:
        self._follower = follower
        self._objects: dict[str, dict[Key, Raw]] = defaultdict(dict)
        self._promotions: dict[Key, set[str]] = defaultdict(set)
        self._deployments: dict[Key, set[str]] = defaultdict(set)

    def get(self, kind: str, namespace: str, name: str) -> Raw | None:
        """Return an object, if it is known."""
        return self._objects[kind].get((namespace, name))

    def all(self, kind: str) -> tuple[Raw, ...]:
        """Return all objects of a kind."""
        return tuple(self._objects[kind].values())

    def promotions_of(self, namespace: str, deployment: str) -> tuple[Raw, ...]:
        """Return the ModelPromotions of a ModelDeployment, by name."""
        names = sorted(self._promotions.get((namespace, deployment), ()))
        return tuple(self._objects["ModelPromotion"][namespace, name] for name in names)

    def deployments_of(self, namespace: str, target: str) -> tuple[Raw, ...]:
        """Return the ModelDeployments that want an InferenceService, by name."""
        names = sorted(self._deployments.get((namespace, target), ()))
        return tuple(self._objects["ModelDeployment"][namespace, name] for name in names)

    def put(self, kind: str, raw: Raw) -> bool:
        """Remember an object unless a version as new is known; tell whether it was news."""
        key = key_of(raw)
        known = self._objects[kind].get(key)
        if known is not None and version_of(known) >= version_of(raw):
            return False
        if known is not None:
            self._unindex(kind, key, known)
        self._objects[kind][key] = raw
        if (index := self._index(kind, key, raw)) is not None:
            index.add(key[1])
        if self._follower is not None:
            self._follower.note(kind, raw)
        return True

    def remove(self, kind: str, raw: Raw) -> bool:
        """Forget a deleted object, unless another of its name came since; tell whether it was news."""
        key = key_of(raw)
        known = self._objects[kind].get(key)
        if known is None or (known["metadata"]["uid"] != raw["metadata"]["uid"]):
            return False
        self._drop(kind, key)
        return True

    def forget(self, kind: str, namespace: str, name: str) -> None:
        """Forget an object of which the API server says that there is none."""
        if (namespace, name) in self._objects[kind]:
            self._drop(kind, (namespace, name))

    def resync(self, kind: str, listed: tuple[Raw, ...], resource_version: int) -> Differences:
        """Take over a fresh list of a kind, and return what no watch had told.

        Args:
            kind: The kind of the objects.
            listed: All of them.
            resource_version: That of the list: what is known of a later version is newer than the list.
        """
        changed = tuple(raw for raw in listed if self.put(kind, raw))
        there = {key_of(raw) for raw in listed}
        gone = tuple(
            raw for key, raw in self._objects[kind].items() if key not in there and version_of(raw) <= resource_version
        )
        for raw in gone:
            self._drop(kind, key_of(raw))
        return Differences(changed, gone)

    def _drop(self, kind: str, key: Key) -> None:
        raw = self._objects[kind].pop(key)
        self._unindex(kind, key, raw)
        if self._follower is not None:
            self._follower.forget(raw)

    def _unindex(self, kind: str, key: Key, raw: Raw) -> None:
        if (index := self._index(kind, key, raw)) is not None:
            index.discard(key[1])

    def _index(self, kind: str, key: Key, raw: Raw) -> set[str] | None:
        if kind == "ModelPromotion":
            return self._promotions[key[0], deployment_of(raw)]
        if kind == "ModelDeployment":
            return self._deployments[key[0], target_of(raw)]
        return None

    def owners(self, kind: str, raw: Raw) -> tuple[Key, ...]:
        """Return the keys of the ModelDeployments that an object matters to, each once."""
        return tuple(dict.fromkeys(self._owners(kind, raw)))

    def _owners(self, kind: str, raw: Raw) -> Iterator[Key]:
        namespace, name = key_of(raw)
        if kind == "ModelPromotion":
            yield namespace, deployment_of(raw)
            return
        if kind == "ModelDeployment":
            yield namespace, name
        # Who else wants the same target must look again at whose it is.
        targets = (target_of(raw),) if kind == "ModelDeployment" else (name, name.removesuffix("-candidate"))
        for target in targets:
            yield from (key_of(found) for found in self.deployments_of(namespace, target))


def key_of(raw: Raw) -> Key:
    """Return an object's namespace and name."""
    return raw["metadata"]["namespace"], raw["metadata"]["name"]


def version_of(raw: Raw) -> int:
    """Return an object's resource version, by which versions of it can be compared."""
    return int(raw["metadata"]["resourceVersion"])


def deployment_of(promotion: Raw) -> str:
    """Return the name of a ModelPromotion's ModelDeployment, or nothing for one that names none."""
    return str((promotion.get("spec") or {}).get("deployment", ""))


def target_of(deployment: Raw) -> str:
    """Return the name of a ModelDeployment's InferenceService, or nothing for one that names none."""
    target = (deployment.get("spec") or {}).get("target")
    return str(target.get("inferenceService", "")) if isinstance(target, dict) else ""


def model_of(deployment: Raw) -> str:
    """Return the name of a ModelDeployment's registered model, or nothing for one that names none."""
    source = (deployment.get("spec") or {}).get("source")
    return str(source.get("modelName", "")) if isinstance(source, dict) else ""
