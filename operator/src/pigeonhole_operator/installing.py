"""Objects that an installation brings along and that Helm cannot apply itself, applied when the operator starts.

A ModelDeployment must not stand in one release with its CRD, which is not served yet when Helm looks for it; and Helm
would wait for ever for an InferenceService, whose `observedGeneration` is another object's. They belong to a ConfigMap
of the release, and go with it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pigeonhole.errors import PigeonholeError
from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.errors import ClusterError
from pigeonhole_operator.cluster.kinds import ConfigMap, InferenceService, Kind, ModelDeployment, Raw, named
from pigeonhole_operator.cluster.kube import INSTALLER, KubePort

_KINDS: dict[str, Kind] = {named(kind): kind for kind in (ConfigMap, InferenceService, ModelDeployment)}
_log = get_logger(__name__)


class InstallationFailed(PigeonholeError):
    """An object cannot be installed; the sentence names it and the reason."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="installation-failed")


async def install(cluster: KubePort, folder: Path, namespace: str, owner: str) -> Raw:
    """Apply every object of a folder's YAML files; a ConfigMap that has data keeps it.

    Args:
        cluster: Where to.
        folder: What a ConfigMap mounts: files `*.yaml` of one or more objects.
        namespace: Where objects go that name no other place.
        owner: The ConfigMap that they belong to.

    Returns:
        The reference by which an object belongs to that ConfigMap.

    Raises:
        InstallationFailed: A file cannot be read, a kind is not known, or the API server refuses an object.
    """
    try:
        owning = await cluster.get(ConfigMap, namespace, owner)
        for body in _objects(folder):
            await _install(cluster, body, namespace, owning)
        return _reference(owning)
    except ClusterError as error:
        raise InstallationFailed(f"{folder.name}: {error.message}") from error
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise InstallationFailed(f"{folder.name}: a file is no list of objects.") from error


async def _install(cluster: KubePort, body: Raw, namespace: str, owning: Raw) -> None:
    kind, name = _KINDS.get(body["kind"]), body["metadata"]["name"]
    if kind is None:
        raise InstallationFailed(f"{body['kind']} {name}: only {', '.join(sorted(_KINDS))} are installed.")
    metadata = {**body["metadata"], "namespace": namespace}
    if kind is ConfigMap:
        stored = await cluster.get(ConfigMap, namespace, name)
        if stored.get("data"):
            return
    else:
        metadata["ownerReferences"] = [_reference(owning)]
    await cluster.apply(kind, {**body, "metadata": metadata}, force=True, manager=INSTALLER)
    _log.info("installed", kind=body["kind"], name=name)


def _objects(folder: Path) -> Iterator[Raw]:
    for file in sorted(folder.glob("*.yaml")):
        found: Iterator[Any] = yaml.safe_load_all(file.read_text(encoding="utf-8"))
        yield from (body for body in found if body)


def _reference(owning: Raw) -> Raw:
    metadata = owning["metadata"]
    return {"apiVersion": "v1", "kind": "ConfigMap", "name": metadata["name"], "uid": metadata["uid"]}
