"""The objects of a release as an API server gives them: all is well, until a test says what is not."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from pigeonhole_frontends.release_diagnosis.snapshot import Snapshot

Json = dict[str, Any]
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
NAMESPACE = "sorting"
IMAGE = "registry.example.com/pigeonhole/api:0.1.0"
MEMORY = "512Mi"
MIGRATE = {
    "name": "migrate",
    "image": IMAGE,
    "env": [
        {
            "name": "PIGEONHOLE_API_DATABASE_URL",
            "valueFrom": {"secretKeyRef": {"name": "database", "key": "url"}},
        }
    ],
}


def labels(component: str) -> Json:
    return {
        "app.kubernetes.io/name": "pigeonhole",
        "app.kubernetes.io/instance": "ph",
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/part-of": "pigeonhole",
        "app.kubernetes.io/version": "0.1.0",
    }


def own(kind: str, component: str, name: str | None = None, **fields: Any) -> Json:
    metadata = {"name": name or f"ph-{component}", "namespace": NAMESPACE, "labels": labels(component), "generation": 1}
    return {"kind": kind, "metadata": metadata, **fields}


def container(name: str, **fields: Any) -> Json:
    return {"name": name, "image": IMAGE, "resources": {"limits": {"memory": MEMORY}}, **fields}


def workload(component: str, *, kind: str = "Deployment", wanted: int = 1, ready: int = 1, **pod: Any) -> Json:
    name = "app" if component.endswith("-app") else component
    template = {"metadata": {"labels": labels(component)}, "spec": {"containers": [container(name)], **pod}}
    status = {"observedGeneration": 1, "replicas": wanted, "updatedReplicas": wanted, "readyReplicas": ready}
    if ready < wanted:
        status["unavailableReplicas"] = wanted - ready
    spec = {"replicas": wanted, "selector": {"matchLabels": selected(component)}, "template": template}
    return own(kind, component, spec=spec, status=status)


def selected(component: str) -> Json:
    return {key: value for key, value in labels(component).items() if key.rpartition("/")[2] in SELECTING}


SELECTING = {"name", "instance", "component"}


def condition(kind: str, value: bool, reason: str = "", message: str = "") -> Json:
    return {"type": kind, "status": str(value), "reason": reason, "message": message}


def running(name: str, *, ready: bool = True, **fields: Any) -> Json:
    started = {"running": {"startedAt": "2026-11-28T11:00:00Z"}}
    return {"name": name, "image": IMAGE, "ready": ready, "restartCount": 0, "state": started, "lastState": {}} | fields


def waiting(name: str, reason: str, message: str = "", **fields: Any) -> Json:
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": name, "image": IMAGE, "ready": False, "restartCount": 0, "state": state, "lastState": {}} | fields


def ended(reason: str, code: int, at: str = "2026-11-28T11:50:00Z") -> Json:
    return {"terminated": {"reason": reason, "exitCode": code, "finishedAt": at}}


def pod(
    component: str,
    *statuses: Json,
    init: Sequence[Json] = (),
    scheduled: str = "",
    name: str | None = None,
    made: str = "2026-11-28T11:00:00Z",
    **spec: Any,
) -> Json:
    """Return a pod that is ready when all of its containers are; `scheduled` is why no node takes it."""
    is_ready = bool(statuses) and all(each["ready"] for each in statuses) and not scheduled
    conditions = [
        condition("PodScheduled", not scheduled, "Unschedulable" if scheduled else "", scheduled),
        condition("Ready", is_ready),
    ]
    status = {"phase": "Running" if is_ready else "Pending", "conditions": conditions}
    status |= {"containerStatuses": list(statuses), "initContainerStatuses": list(init)}
    found = own("Pod", component, name or f"ph-{component}-1")
    found["metadata"]["creationTimestamp"] = made
    return {**found, "spec": {"containers": [container(each["name"]) for each in statuses], **spec}, "status": status}


def event(about: str, reason: str, message: str) -> Json:
    metadata = {"name": f"{about}.1", "namespace": NAMESPACE}
    told = {"reason": reason, "message": message, "type": "Warning", "lastTimestamp": "2026-11-28T11:59:00Z"}
    return {"kind": "Event", "metadata": metadata, "involvedObject": {"name": about}, **told}


def lease(holder: str = "ph-operator-1_abc", renewed: str = "2026-11-28T11:59:58Z") -> Json:
    spec = {"holderIdentity": holder, "renewTime": renewed, "leaseDurationSeconds": 15}
    return {"kind": "Lease", "metadata": {"name": "ph-operator", "namespace": NAMESPACE}, "spec": spec}


def operator(*, follows: bool = False, ready: int = 1) -> Json:
    found = workload("operator", ready=ready)
    (first,) = found["spec"]["template"]["spec"]["containers"]
    first["env"] = [{"name": "PIGEONHOLE_OPERATOR_LEASE_NAME", "value": "ph-operator"}]
    if follows:
        first["command"] = ["python", "-m", "pigeonhole_operator.following"]
    return found


def service(*conditions: Json, name: str = "documents", **status: Any) -> Json:
    known = conditions or (condition("PredictorReady", True), condition("Ready", True))
    return own("InferenceService", "serving", name, spec={}, status={"conditions": list(known), **status})


def model_deployment(*conditions: Json) -> Json:
    known = {each["type"]: each for each in (ready_model(), *NOTHING_WRONG, *conditions)}
    status = {"state": "Idle", "stable": {"version": "3"}, "conditions": list(known.values())}
    return own(
        "ModelDeployment", "serving", "documents", spec={"target": {"inferenceService": "documents"}}, status=status
    )


def ready_model() -> Json:
    return condition("Ready", True, "ServingStable", "Version 3 serves.")


NOTHING_WRONG = (condition("Drifted", False, "AsWritten"), condition("Stalled", False, "NotStalled"))


def ingress(address: str = "192.0.2.10", class_name: str | None = "nginx") -> Json:
    spec: Json = {"rules": [{"host": "sort.example.com"}]}
    if class_name:
        spec["ingressClassName"] = class_name
    given = [{"ip": address}] if address else []
    return own("Ingress", "ingress", "ph-apps", spec=spec, status={"loadBalancer": {"ingress": given}})


def class_of(kind: str, name: str, *, default: str = "") -> Json:
    annotations = {default: "true"} if default else {}
    return {"kind": kind, "metadata": {"name": name, "annotations": annotations}}


def healthy() -> dict[str, list[Json]]:
    """Return a release under KServe that has everything it needs, by kind."""
    components = ("api", "worker", "trainer", "user-app", "admin-app", "mlflow")
    containers = {each: "app" if each.endswith("-app") else each for each in (*components, "operator")}
    return {
        "Deployment": [*(workload(each) for each in components), operator()],
        "StatefulSet": [workload("postgresql", kind="StatefulSet")],
        "Pod": [
            *(pod(each, running(containers[each])) for each in containers),
            pod("postgresql", running("postgresql"), volumes=[volume("data-ph-postgresql-0")]),
        ],
        "Job": [own("Job", "seed", "ph-seed", spec={}, status={"conditions": [condition("Complete", True)]})],
        "PersistentVolumeClaim": [claim()],
        "StorageClass": [class_of("StorageClass", "fast", default="storageclass.kubernetes.io/is-default-class")],
        "Ingress": [ingress()],
        "IngressClass": [class_of("IngressClass", "nginx")],
        "Lease": [lease()],
        "InferenceService": [service()],
        "ModelDeployment": [model_deployment()],
        "PodMonitor": [own("PodMonitor", "api")],
        "Event": [],
        "HTTPRoute": [],
    }


def volume(claim_name: str) -> Json:
    return {"name": "data", "persistentVolumeClaim": {"claimName": claim_name}}


def claim(phase: str = "Bound", storage_class: str | None = "fast") -> Json:
    spec = {"storageClassName": storage_class} if storage_class else {}
    name = "data-ph-postgresql-0"
    return {"kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec, "status": {"phase": phase}}


def read(
    objects: Mapping[str, Sequence[Json]],
    *,
    absent: Sequence[str] = (),
    unread: Sequence[str] = (),
    last_words: Mapping[tuple[str, str], str] | None = None,
) -> Snapshot:
    present = {kind: tuple(items) for kind, items in objects.items() if kind not in (*absent, *unread)}
    return Snapshot(NAMESPACE, NOW, present, frozenset(absent), frozenset(unread), last_words or {})
