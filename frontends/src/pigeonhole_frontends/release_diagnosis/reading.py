"""Reading a namespace from the API server: what may not be read, and what the cluster does not know, is noted."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from pigeonhole.cluster_client import connect
from pigeonhole.deployment_errors import reported_failures
from pigeonhole_frontends.release_diagnosis.container_faults import has_restarted
from pigeonhole_frontends.release_diagnosis.last_words import last_words
from pigeonhole_frontends.release_diagnosis.objects import PART_OF, PROJECT, SERVED_BY, Object, name, status
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

if TYPE_CHECKING:
    from lightkube import Client

_OWN, _SERVED = f"{PART_OF}={PROJECT}", SERVED_BY
_PAGE = 250
_TAIL_LINES = 40
_REFUSED = {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}
_UNKNOWN = {HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED}


@dataclass(frozen=True)
class _Kind:
    """A kind of objects, and which of them are read: `selectors` are of labels, none stands for all."""

    group: str
    version: str
    kind: str
    plural: str
    selectors: tuple[str, ...] = ("",)
    fields: str = ""
    namespaced: bool = True


_KINDS = (
    _Kind("apps", "v1", "Deployment", "deployments", (_OWN, _SERVED)),
    _Kind("apps", "v1", "StatefulSet", "statefulsets", (_OWN,)),
    _Kind("", "v1", "Pod", "pods", (_OWN, _SERVED)),
    _Kind("batch", "v1", "Job", "jobs", (_OWN,)),
    _Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims"),
    _Kind("", "v1", "Event", "events", fields="type=Warning"),
    _Kind("coordination.k8s.io", "v1", "Lease", "leases"),
    _Kind("networking.k8s.io", "v1", "Ingress", "ingresses", (_OWN,)),
    _Kind("networking.k8s.io", "v1", "IngressClass", "ingressclasses", namespaced=False),
    _Kind("storage.k8s.io", "v1", "StorageClass", "storageclasses", namespaced=False),
    _Kind("gateway.networking.k8s.io", "v1", "HTTPRoute", "httproutes", (_OWN,)),
    _Kind("serving.kserve.io", "v1beta1", "InferenceService", "inferenceservices"),
    _Kind("pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments"),
    _Kind("monitoring.coreos.com", "v1", "PodMonitor", "podmonitors", (_OWN,)),
)


def read_release(namespace: str | None) -> Snapshot:
    """Return what is in a namespace of the cluster, by default that of the configuration.

    Raises:
        DeploymentError: `cluster-unavailable`, and others when the cluster cannot be asked at all.
    """
    with reported_failures("the cluster"):
        client = connect(namespace)
        snapshot = _read_objects(client)
        words = {
            (pod, container): _words(client, pod, container, again=again) for pod, container, again in _ended(snapshot)
        }
        return replace(snapshot, last_words=words)


def _read_objects(client: "Client") -> Snapshot:
    objects: dict[str, tuple[Object, ...]] = {}
    absent, unread = set[str](), set[str]()
    for kind in _KINDS:
        try:
            objects[kind.kind] = _listed(client, kind)
        except Exception as error:
            code = _status_of(error)
            if code in _REFUSED:
                unread.add(kind.kind)
            elif code in _UNKNOWN:
                absent.add(kind.kind)
            else:
                raise
    return Snapshot(client.namespace, datetime.now(UTC), objects, frozenset(absent), frozenset(unread))


def _listed(client: "Client", kind: _Kind) -> tuple[Object, ...]:
    resource = _resource(kind)
    found: dict[str, Object] = {}
    for selector in kind.selectors:
        chosen: dict[str, Any] = {"labels": _selector(selector)} if selector else {}
        if kind.fields:
            chosen["fields"] = dict([kind.fields.split("=")])
        for item in client.list(resource, chunk_size=_PAGE, **chosen):
            # The items of a list do not say what they are.
            found[item["metadata"]["uid"]] = {**item, "kind": kind.kind}
    return tuple(sorted(found.values(), key=name))


def _selector(text: str) -> dict[str, Any]:
    from lightkube import operators

    label, _, value = text.partition("=")
    return {label: value or operators.exists()}


def _resource(kind: _Kind) -> Any:
    from lightkube.generic_resource import GenericGlobalResource, GenericNamespacedResource, create_api_info

    parent = GenericNamespacedResource if kind.namespaced else GenericGlobalResource
    info = create_api_info(kind.group, kind.version, kind.kind, kind.plural)
    return type(kind.kind, (parent,), {"_api_info": info})


def _status_of(error: Exception) -> int | None:
    """Return the status of an answer, whether it is one of the API server's own or has a text alone."""
    from httpx2 import HTTPStatusError
    from lightkube import ApiError

    if isinstance(error, ApiError):
        return error.status.code
    return error.response.status_code if isinstance(error, HTTPStatusError) else None


def _ended(snapshot: Snapshot) -> Iterator[tuple[str, str, bool]]:
    """Yield each container that ended badly: its pod, its name, and whether it has been started again since."""
    for pod in snapshot.of("Pod"):
        for kind in ("initContainerStatuses", "containerStatuses"):
            for each in status(pod).get(kind) or ():
                state = each.get("state") or {}
                waiting = (state.get("waiting") or {}).get("reason")
                if waiting == "CrashLoopBackOff" or (state.get("terminated") or {}).get("exitCode"):
                    yield name(pod), each["name"], False
                elif has_restarted(each):
                    yield name(pod), each["name"], True


def _words(client: "Client", pod: str, container: str, *, again: bool) -> str:
    """Return a container's last words; empty when its log cannot be read: that is no reason to say nothing else."""
    from lightkube.resources.core_v1 import PodLog

    # Client.log knows no `previous`.
    generic = client._client
    asked = {"container": container, "tailLines": _TAIL_LINES, "previous": again}
    request = generic.prepare_request("get", PodLog, name=pod, params=asked)
    try:
        answer = generic.send(generic.build_adapter_request(request))
        generic.raise_for_status(answer)  # type: ignore[no-untyped-call]
    except Exception as error:
        if _status_of(error) is None:
            raise
        return ""
    return last_words(answer.text)
