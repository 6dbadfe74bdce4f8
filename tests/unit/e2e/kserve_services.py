"""InferenceServices, runtimes and Deployments to reconcile, and one pass of the stand-in over them."""

from typing import Any

from tests.e2e.kserve.ingress import Outside
from tests.e2e.kserve.names import Object
from tests.e2e.kserve.reconciliation import Observed, Outcome, reconcile
from tests.e2e.kserve.runtimes import Runtimes
from tests.e2e.kserve.storage import Download

NOW, LATER = "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z"
UP = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
DOWN = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}
DONE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}
UPDATING = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
RUNNING: Object = {
    "metadata": {"name": "p"},
    "status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]},
}


def runtime(**spec: Any) -> Object:
    container = {"name": "kserve-container", "image": "server:1", "args": ["--model_name={{.Name}}"]}
    formats = [{"name": "textclf", "version": "1", "autoSelect": True}]
    return {
        "spec": {"supportedModelFormats": formats, "protocolVersions": ["v1", "v2"], "containers": [container], **spec}
    }


def service(*, predictor: Object | None = None, transformer: Object | None = None, **metadata: Any) -> Object:
    model = {"modelFormat": {"name": "textclf"}, "runtime": "rt", "storageUri": "pvc://models/v1"}
    annotations = {"serving.kserve.io/autoscalerClass": "none", **metadata.pop("annotations", {})}
    spec = {"predictor": {"model": model} if predictor is None else predictor}
    return {
        "metadata": {
            "name": "d",
            "namespace": "n",
            "uid": "u",
            "generation": 1,
            "annotations": annotations,
            **metadata,
        },
        "spec": {**spec, **({"transformer": transformer} if transformer else {})},
    }


def with_model(**fields: Any) -> Object:
    return {"model": {"modelFormat": {"name": "textclf"}, "runtime": "rt", "storageUri": "pvc://models/v1", **fields}}


def transformer(**container: Any) -> Object:
    return {"containers": [{"name": "any", "image": "transformer:1", **container}]}


def deployment(name: str, *conditions: Object) -> Object:
    return {
        "kind": "Deployment",
        "metadata": {"name": name, "labels": {"component": name.rpartition("-")[2]}},
        "status": {"conditions": list(conditions), "observedGeneration": 1},
    }


def run(
    item: Object, *existing: Object, pods: list[Object] | None = None, now: str = NOW, **runtimes: Object
) -> Outcome:
    found = {(made["kind"], made["metadata"]["name"]): made for made in existing}
    known = Runtimes(runtimes or {"rt": runtime()}, {})
    return reconcile(Observed(item, known, found, pods or [], Download("initializer:1"), Outside()), now)


def settled(item: Object, *existing: Object) -> Object:
    """Return a service after as many passes as its status takes."""
    for _ in range(3):
        item = {**item, "status": run(item, *existing, pods=[RUNNING]).status}
    return item


def made(outcome: Outcome) -> dict[str, Object]:
    return {f"{item['kind']}/{item['metadata']['name']}": item for item in outcome.apply}


def server(item: Object, name: str = "d-predictor", **runtimes: Object) -> Object:
    container: Object = template(item, name, **runtimes)["spec"]["containers"][0]
    return container


def template(item: Object, name: str = "d-predictor", **runtimes: Object) -> Object:
    found: Object = made(run(item, **runtimes))[f"Deployment/{name}"]["spec"]["template"]
    return found


def conditions(item: Object) -> dict[str, tuple[str, str]]:
    return {one["type"]: (one["status"], one.get("reason", "")) for one in item["status"]["conditions"]}


UP_PREDICTOR, UP_TRANSFORMER = deployment("d-predictor", UP, DONE), deployment("d-transformer", UP, DONE)
