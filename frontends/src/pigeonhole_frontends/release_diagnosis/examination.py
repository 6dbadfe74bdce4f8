"""The look at what was read of a namespace: a pure function, which names each fault and its fix."""

from collections.abc import Iterator
from dataclasses import replace

from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.release_diagnosis.entrances import look_at_ingress, look_at_metrics, look_at_route
from pigeonhole_frontends.release_diagnosis.objects import (
    INSTANCE,
    PART_OF,
    PROJECT,
    SERVED_BY,
    Object,
    labels,
    name,
)
from pigeonhole_frontends.release_diagnosis.serving import look_at_serving, services_of
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot
from pigeonhole_frontends.release_diagnosis.workloads import look_at_job, look_at_volumes, look_at_workload, pods_of

_NEEDED = ("Deployment", "Pod")
_WORKLOADS = ("Deployment", "StatefulSet")


def examine(snapshot: Snapshot) -> list[Finding]:
    """Return what is found of every release in a namespace, with the fix of what is wrong."""
    releases = sorted({labels(item)[INSTANCE] for item in _own(snapshot) if INSTANCE in labels(item)})
    findings = [*_rights(snapshot)]
    if not releases and "Deployment" not in snapshot.unread:
        findings.append(_no_release(snapshot))
    for release in releases:
        found = _look_at_release(snapshot, release)
        findings.extend(
            found if len(releases) == 1 else (replace(each, what=f"{release}: {each.what}") for each in found)
        )
    return findings


def _look_at_release(snapshot: Snapshot, release: str) -> Iterator[Finding]:
    own = [item for item in _own(snapshot) if labels(item).get(INSTANCE) == release]
    services = services_of(snapshot, own)
    workloads = [item for kind in _WORKLOADS for item in snapshot.of(kind) if _belongs(item, release, services)]
    pods = [pod for workload in workloads for pod in pods_of(snapshot, workload)]
    version = next((each for item in workloads if (each := labels(item).get("app.kubernetes.io/version"))), "unknown")
    yield Finding("release", True, f"{release}, version {version}, in namespace {snapshot.namespace}")
    for workload in workloads:
        yield from look_at_workload(snapshot, workload)
    for item in own:
        if item["kind"] == "Job":
            yield look_at_job(snapshot, item)
    yield from look_at_volumes(snapshot, pods)
    yield from look_at_serving(snapshot, workloads, services)
    for item in own:
        if item["kind"] == "Ingress":
            yield look_at_ingress(snapshot, item)
        elif item["kind"] == "HTTPRoute":
            yield look_at_route(item)
    yield from look_at_metrics(snapshot, (item for item in own if item["kind"] == "PodMonitor"))


def _own(snapshot: Snapshot) -> Iterator[Object]:
    for kind in snapshot.objects:
        yield from (item for item in snapshot.of(kind) if labels(item).get(PART_OF) == PROJECT)


def _belongs(workload: Object, release: str, services: list[Object]) -> bool:
    # KServe passes the labels of an InferenceService on, but a candidate's has none of ours.
    served_by = labels(workload).get(SERVED_BY)
    if served_by is not None:
        return any(name(each) == served_by for each in services)
    return labels(workload).get(PART_OF) == PROJECT and labels(workload).get(INSTANCE) == release


def _rights(snapshot: Snapshot) -> Iterator[Finding]:
    if not snapshot.unread:
        return
    needed = any(kind in snapshot.unread for kind in _NEEDED)
    found = f"not looked at, since reading is forbidden: {', '.join(sorted(snapshot.unread))}"
    fix = f"Ask for the ClusterRole view in namespace {snapshot.namespace}."
    yield Finding("rights", not needed, found, fix)


def _no_release(snapshot: Snapshot) -> Finding:
    fix = (
        f"Install one: helm install pigeonhole helm/pigeonhole -n {snapshot.namespace} --create-namespace; "
        "or name another namespace by -n."
    )
    return Finding("release", False, f"there is none in namespace {snapshot.namespace}", fix)
