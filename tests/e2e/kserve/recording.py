"""What the real controller made and reported, and how it is compared with what the stand-in makes and reports."""

import ast
import copy
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import yaml

from .names import Object

FOLDER = Path(__file__).parents[4] / "shared" / "research" / "kserve-recorded"
# What the API server and its controllers fill in, and what was cut out of the recordings.
FILLED_METADATA = ("creationTimestamp", "generation", "managedFields", "resourceVersion", "uid")
FILLED_ANNOTATION = "deployment.kubernetes.io/revision"
FILLED_SERVICE = (
    *("clusterIP", "clusterIPs", "internalTrafficPolicy", "ipFamilies", "ipFamilyPolicy"),
    *("sessionAffinity", "type"),
)
FILLED_PROBE = ("failureThreshold", "successThreshold", "timeoutSeconds")
FILLED_POD = (
    *("enableServiceLinks", "nodeName", "preemptionPolicy", "priority"),
    *("serviceAccount", "serviceAccountName", "tolerations"),
)
FILLED_POD_METADATA = (*FILLED_METADATA, "generateName", "name", "namespace", "ownerReferences")
TOKEN_VOLUME = "kube-api-access-"
MODEL_VOLUME = "kserve-"
# KServe's pod webhook writes these too; the stand-in has no webhook, and nothing reads them.
WEBHOOK_ANNOTATIONS = ("serving.kserve.io/enable-metric-aggregation", "serving.kserve.io/enable-prometheus-scraping")
WATCHED = re.compile(r"(?:[\d.]+s gen )?(\d+) (?:obs )?(\d+) (\[.*?\])\s+(\S*?)\s*(\{.*?\}|None)(?: None)?$")


@dataclass(frozen=True)
class Report:
    """A status at one moment: generations, conditions as (type, status, reason), the model's transition and states."""

    generation: int
    observed: int
    conditions: tuple[tuple[str, str, str], ...]
    transition: str
    states: tuple[tuple[str, str], ...]


def recorded(name: str) -> list[Object]:
    """Return the objects of one recording."""
    path = FOLDER / f"{name}.yaml"
    assert path.is_file(), f"the recordings of KServe's controller are not there: {path}"
    return [item for item in yaml.safe_load_all(path.read_text()) if item]


def watched(name: str) -> list[Report]:
    """Return the statuses of one recording, in their order."""
    path = FOLDER / f"{name}-watch.txt"
    assert path.is_file(), f"the recordings of KServe's controller are not there: {path}"
    return [_parsed(line.strip()) for line in path.read_text().splitlines()]


def _parsed(line: str) -> Report:
    match = WATCHED.match(line)
    assert match, f"not a recorded status: {line}"
    generation, observed, conditions, transition, states = match.groups()
    told = tuple((item[0], item[1], item[2] or "") for item in ast.literal_eval(conditions))
    return Report(
        int(generation), int(observed), told, transition, tuple(sorted((ast.literal_eval(states) or {}).items()))
    )


def report(service: Object) -> Report:
    """Return what a service's status says, as the recordings have it."""
    status = service.get("status") or {}
    model = status.get("modelStatus") or {}
    told = tuple((item["type"], item["status"], item.get("reason", "")) for item in status.get("conditions") or [])
    return Report(
        service["metadata"]["generation"],
        status.get("observedGeneration", 0),
        told,
        model.get("transitionStatus", ""),
        tuple(sorted((model.get("states") or {}).items())),
    )


def comparable(item: Object) -> Object:
    """Return an object without what the API server fills in, and a Deployment without what brings the model."""
    bare = copy.deepcopy(item)
    bare.pop("status", None)
    metadata = bare["metadata"]
    for field in FILLED_METADATA:
        metadata.pop(field, None)
    (metadata.get("annotations") or {}).pop(FILLED_ANNOTATION, None)
    for reference in metadata.get("ownerReferences") or []:
        reference.pop("uid", None)
    if bare["kind"] == "Service":
        for field in FILLED_SERVICE:
            bare["spec"].pop(field, None)
    if bare["kind"] == "Deployment":
        template = bare["spec"]["template"]
        template["metadata"].pop("creationTimestamp", None)
        template["spec"] = _without_volumes(template["spec"], MODEL_VOLUME)
        initializers = [item for item in template["spec"].pop("initContainers", []) if not _brings_model(item)]
        template["spec"] |= {"initContainers": initializers} if initializers else {}
        _strip_containers(template["spec"])
    return bare


def comparable_pod(pod: Object) -> Object:
    """Return a pod, or a Deployment's template, without what the API server fills in and the webhook's two marks."""
    metadata = {key: value for key, value in pod["metadata"].items() if key not in FILLED_POD_METADATA}
    metadata["labels"] = {key: value for key, value in metadata["labels"].items() if key != "pod-template-hash"}
    notes = metadata["annotations"].items()
    metadata["annotations"] = {key: value for key, value in notes if key not in WEBHOOK_ANNOTATIONS}
    spec = _without_volumes(copy.deepcopy(pod["spec"]), TOKEN_VOLUME)
    for field in FILLED_POD:
        spec.pop(field, None)
    _strip_containers(spec)
    return {"metadata": metadata, "spec": spec}


def _brings_model(container: Object) -> bool:
    return bool(container["name"] == "storage-initializer")


def _containers(spec: Object) -> Iterator[Object]:
    yield from spec.get("initContainers") or []
    yield from spec["containers"]


def _without_volumes(spec: Object, prefix: str) -> Object:
    for holder, field in [(spec, "volumes"), *((container, "volumeMounts") for container in _containers(spec))]:
        kept = [item for item in holder.pop(field, None) or [] if not item["name"].startswith(prefix)]
        if kept:
            holder[field] = kept
    return spec


def _strip_containers(spec: Object) -> None:
    for container in _containers(spec):
        probe = container.get("readinessProbe") or {}
        for field in FILLED_PROBE:
            probe.pop(field, None)
        (probe.get("httpGet") or {}).pop("scheme", None)
