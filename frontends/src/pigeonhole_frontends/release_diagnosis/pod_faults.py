"""Why a pod is not ready."""

from collections.abc import Iterator

from pigeonhole_frontends.release_diagnosis.chart_values import fix_of_missing, placement_of
from pigeonhole_frontends.release_diagnosis.container_faults import Cause, cause_of, killed_lately
from pigeonhole_frontends.release_diagnosis.objects import Object, component, conditions, name, sentence, spec, status
from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

_VOLUMES = ("PersistentVolumeClaim", "persistentvolumeclaim", "volume node affinity")
_PLACES = ("taint", "node affinity", "node selector", "topology spread")
_MOUNTS = {"FailedMount", "FailedAttachVolume"}
_TOLD = {*_MOUNTS, "FailedCreatePodSandBox", "Unhealthy"}


def is_ready(pod: Object) -> bool:
    """Tell whether a pod gets traffic, or has done what it was for."""
    return conditions(pod).get("Ready", {}).get("status") == "True" or status(pod).get("phase") == "Succeeded"


def is_going(pod: Object) -> bool:
    """Tell whether a pod is being taken away."""
    return "deletionTimestamp" in pod["metadata"]


def why_not_ready(snapshot: Snapshot, pod: Object) -> Cause | None:
    """Return why a pod is not ready; None when nobody has said why yet."""
    scheduled = conditions(pod).get("PodScheduled", {})
    if scheduled.get("status") == "False":
        return _unschedulable(component(pod), sentence(scheduled.get("message")))
    if status(pod).get("phase") == "Failed" and status(pod).get("reason"):
        return _sent_away(status(pod))
    for container_status in _statuses(pod):
        if cause := cause_of(snapshot, pod, container_status):
            return cause
    return _as_events_tell(snapshot, pod)


def out_of_memory(snapshot: Snapshot, pod: Object) -> Iterator[Cause]:
    """Yield what ran out of memory lately in a pod that is ready again."""
    for container_status in _statuses(pod):
        if cause := killed_lately(pod, container_status, snapshot.now):
            yield cause


def last_event(snapshot: Snapshot, item: Object, reasons: set[str]) -> Object | None:
    """Return the last warning about an object with one of some reasons."""
    told = [
        event
        for event in snapshot.of("Event")
        if event["involvedObject"].get("name") == name(item) and event.get("reason") in reasons
    ]
    return max(told, key=lambda event: event.get("lastTimestamp") or event.get("eventTime") or "", default=None)


def _statuses(pod: Object) -> Iterator[Object]:
    yield from status(pod).get("initContainerStatuses") or ()
    yield from status(pod).get("containerStatuses") or ()


def _unschedulable(named: str, message: str) -> Cause:
    # What follows tells of pods that could have been sent away for this one.
    found = f"no node takes the pod: {message.partition(' preemption:')[0].rstrip('.')}"
    if any(word in message for word in _VOLUMES):
        return Cause(found, "See to the volume; its StorageClass is global.storageClass, or the cluster's default.")
    fix = "Set size: small, lower the component's requests, or add nodes."
    if any(word in message for word in _PLACES):
        places = placement_of(named)
        fix += f" Where it may run: {', '.join(places)}." if places else ""
        fix += " What nodes refuse: kubectl describe nodes."
    return Cause(found, fix)


def _sent_away(pod_status: Object) -> Cause:
    found = f"{pod_status['reason']}: {sentence(pod_status.get('message'))}"
    return Cause(found, "Make room on the nodes (kubectl describe nodes names what is short), or add nodes.")


def _as_events_tell(snapshot: Snapshot, pod: Object) -> Cause | None:
    event = last_event(snapshot, pod, _TOLD)
    if event is None:
        return None
    message = sentence(event.get("message"))
    fix = fix_of_missing(message, spec(pod)) if event["reason"] in _MOUNTS else None
    read_on = f"Read more: kubectl -n {snapshot.namespace} logs {name(pod)} --all-containers --tail=50"
    return Cause(message, fix or read_on)
