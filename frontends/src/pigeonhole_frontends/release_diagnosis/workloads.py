"""Deployments, StatefulSets, Jobs and the volumes that their pods ask for."""

from collections.abc import Iterable, Iterator, Mapping

from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.release_diagnosis.container_faults import Cause
from pigeonhole_frontends.release_diagnosis.objects import (
    SERVED_BY,
    Object,
    component,
    conditions,
    labels,
    name,
    sentence,
    spec,
    status,
)
from pigeonhole_frontends.release_diagnosis.pod_faults import (
    is_going,
    is_ready,
    last_event,
    out_of_memory,
    why_not_ready,
)
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

_HASHES = ("pod-template-hash", "controller-revision-hash")
_DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"


def look_at_workload(snapshot: Snapshot, workload: Object) -> Iterator[Finding]:
    """Yield what is found of a Deployment or StatefulSet: one line when all is well, else each cause."""
    what = title(workload)
    wanted, ready = spec(workload).get("replicas", 1), status(workload).get("readyReplicas", 0)
    pods = [pod for pod in pods_of(snapshot, workload) if not is_going(pod)]
    causes: Iterable[Cause]
    if _is_settled(workload, wanted):
        count = f"{ready} of {wanted} ready" if wanted else "scaled to 0"
        causes = [cause for pod in pods for cause in out_of_memory(snapshot, pod)]
        if not causes:
            yield Finding(what, True, count)
    else:
        count = f"{ready} of {wanted} ready" if ready < wanted else "the new pods are not ready"
        found = [why_not_ready(snapshot, pod) for pod in _newest(pods) if not is_ready(pod)]
        causes = [cause for cause in found if cause] or [_of_its_own(snapshot, workload)]
    for cause in dict.fromkeys(causes):
        yield Finding(what, False, f"{count}: {cause.found}", cause.fix)


def look_at_job(snapshot: Snapshot, job: Object) -> Finding:
    """Return what is found of a Job."""
    what, known = f"Job {name(job)}", conditions(job)
    if known.get("Complete", {}).get("status") == "True":
        return Finding(what, True, "done")
    pods = [pod for pod in pods_of(snapshot, job) if not is_going(pod) and not is_ready(pod)]
    causes = [cause for pod in pods if (cause := why_not_ready(snapshot, pod))]
    failed = known.get("Failed", {})
    if failed.get("status") == "True":
        found = f"failed: {sentence(failed.get('message')) or failed.get('reason', '')}"
        found = f"{found}; {causes[0].found}" if causes else found
        return Finding(what, False, found, _fix_of_job(snapshot, job, causes))
    if causes:
        return Finding(what, False, causes[0].found, causes[0].fix)
    return Finding(what, True, "running")


def look_at_volumes(snapshot: Snapshot, pods: Iterable[Object]) -> Iterator[Finding]:
    """Yield the volumes of pods that are not there, or not bound."""
    claims = {name(claim): claim for claim in snapshot.of("PersistentVolumeClaim")}
    for asked in dict.fromkeys(each for pod in pods for each in _claims(pod)):
        claim = claims.get(asked)
        if claim is None and snapshot.knows("PersistentVolumeClaim"):
            yield Finding(f"volume {asked}", False, "not there", "Run helm upgrade again: it makes the claim.")
        elif claim is not None and status(claim).get("phase") != "Bound":
            yield _unbound(snapshot, claim)


def pods_of(snapshot: Snapshot, owner: Object) -> list[Object]:
    """Return the pods that a workload selects."""
    selected: Mapping[str, str] = (spec(owner).get("selector") or {}).get("matchLabels") or {}
    return [pod for pod in snapshot.of("Pod") if selected and selected.items() <= labels(pod).items()]


def title(workload: Object) -> str:
    """Return how a workload is called: by its component, or by its name where KServe made it."""
    return name(workload) if SERVED_BY in labels(workload) else component(workload) or name(workload)


def _newest(pods: Iterable[Object]) -> list[Object]:
    """Return the pods of the newest template; those that failed and were replaced only when there are no others."""
    latest = max(pods, key=lambda pod: pod["metadata"].get("creationTimestamp", ""), default=None)
    if latest is None:
        return []
    same = [pod for pod in pods if all(labels(pod).get(each) == labels(latest).get(each) for each in _HASHES)]
    return [pod for pod in same if status(pod).get("phase") != "Failed"] or same


def _is_settled(workload: Object, wanted: int) -> bool:
    """Tell whether every pod is of the newest kind and ready."""
    present = status(workload)
    if present.get("observedGeneration", 0) < workload["metadata"].get("generation", 0):
        return False
    updated = present.get("updatedReplicas", 0) >= wanted
    return updated and present.get("readyReplicas", 0) >= wanted and not present.get("unavailableReplicas", 0)


def _of_its_own(snapshot: Snapshot, workload: Object) -> Cause:
    """Return why a workload whose pods say nothing is not ready."""
    refused = conditions(workload).get("ReplicaFailure", {})
    if refused.get("status") == "True":
        return _unmade(sentence(refused.get("message")))
    if event := last_event(snapshot, workload, {"FailedCreate"}):
        return _unmade(sentence(event.get("message")))
    read_on = f"kubectl -n {snapshot.namespace} describe {workload['kind'].lower()} {name(workload)}"
    return Cause("it is still being started", f"Wait a minute and look again; read more: {read_on}")


def _unmade(message: str) -> Cause:
    return Cause(
        f"its pods are not let in: {message}",
        "Ask who runs the cluster about the namespace's quota, its limits and its admission policies.",
    )


def _fix_of_job(snapshot: Snapshot, job: Object, causes: list[Cause]) -> str:
    if causes:
        return causes[0].fix
    return f"Read why: kubectl -n {snapshot.namespace} logs job/{name(job)}; helm upgrade runs what is still needed."


def _claims(pod: Object) -> Iterator[str]:
    for volume in spec(pod).get("volumes") or ():
        if claim := volume.get("persistentVolumeClaim"):
            yield str(claim["claimName"])


def _unbound(snapshot: Snapshot, claim: Object) -> Finding:
    what, asked = f"volume {name(claim)}", spec(claim).get("storageClassName")
    classes = {name(each): each for each in snapshot.of("StorageClass")}
    if snapshot.knows("StorageClass"):
        if asked and asked not in classes:
            known = ", ".join(sorted(classes)) or "none"
            fix = f"Set global.storageClass to one that there is: {known}. A claim that waits is deleted first."
            return Finding(what, False, f"not bound: there is no StorageClass {asked}", fix)
        if not asked and not any(_is_default(each) for each in classes.values()):
            fix = "Set global.storageClass, or mark one of the cluster's StorageClasses as its default."
            return Finding(what, False, "not bound: the cluster has no default StorageClass", fix)
    event = last_event(snapshot, claim, {"ProvisioningFailed", "FailedBinding"})
    said = sentence(event.get("message")) if event else "it waits for its pod or its provisioner"
    fix = f"Look at the provisioner of its StorageClass: kubectl -n {snapshot.namespace} describe pvc {name(claim)}"
    return Finding(what, False, f"not bound: {said}", fix)


def _is_default(storage_class: Object) -> bool:
    return (storage_class["metadata"].get("annotations") or {}).get(_DEFAULT_CLASS) == "true"
