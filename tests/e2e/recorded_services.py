"""The recorded services made again in a namespace of the cluster, and compared with the recordings."""

import copy
import itertools
import json
import re
from typing import Any

from .kserve.names import Object
from .kserve.recording import Report, comparable, recorded, report
from .kubectl import Kubectl, wait_until
from .watching import Watch

RECORDED_IMAGE = "localhost:5000/local-cluster/smoke:dev"
LOCAL = {"networking.kserve.io/visibility": "cluster-local"}
CLAIM = {
    "apiVersion": "v1",
    "kind": "PersistentVolumeClaim",
    "metadata": {"name": "models"},
    "spec": {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "16Mi"}}},
}


def container(image: str, folder: str) -> Object:
    bounds = {"limits": {"cpu": "200m", "memory": "64Mi"}, "requests": {"cpu": "10m", "memory": "32Mi"}}
    return {
        "name": "kserve-container",
        "image": image,
        "command": ["sh", "-c", f"exec python3 -m http.server 8080 --directory {folder}"],
        "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
        "resources": bounds,
    }


def runtime(image: str) -> Object:
    server = container(image, "/mnt/models")
    arguments = ["--model_name={{.Name}}", "--model_dir=/mnt/models"]
    return {
        "apiVersion": "serving.kserve.io/v1alpha1",
        "kind": "ServingRuntime",
        "metadata": {"name": "pigeonhole-textclf"},
        "spec": {
            "supportedModelFormats": [{"name": "pigeonhole-textclf", "version": "1", "autoSelect": False}],
            "protocolVersions": ["v1", "v2"],
            "containers": [{**server, "args": arguments, "ports": [{"containerPort": 8080, "protocol": "TCP"}]}],
        },
    }


def service(name: str, source: str, *, transformer: Object | None = None, replicas: int = 1, **metadata: Any) -> Object:
    model = {"modelFormat": {"name": "pigeonhole-textclf"}, "protocolVersion": "v2", "runtime": "pigeonhole-textclf"}
    marks = {"serving.kserve.io/deploymentMode": "Standard", "serving.kserve.io/autoscalerClass": "none"}
    spec: Object = {"predictor": {"minReplicas": replicas, "model": {**model, "storageUri": source}}}
    if transformer:
        arguments = ["--predictor_protocol", "v2"]
        spec["transformer"] = {"minReplicas": 1, "containers": [{**transformer, "args": arguments}]}
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": {"name": name, "annotations": marks, **metadata},
        "spec": spec,
    }


class Serving:
    """A namespace in which the recorded services are made again."""

    def __init__(self, kubectl: Kubectl, image: str) -> None:
        self.kubectl, self.image = kubectl, image

    def ready(self, name: str) -> None:
        """Wait until a service is Ready and says that its model is loaded."""

        def loaded() -> bool:
            seen = report(self.kubectl.get("inferenceservice", name))
            return ("Ready", "True", "") in seen.conditions and seen.transition == "UpToDate"

        wait_until(loaded, f"{name} to be ready", lambda: self.kubectl("get", "inferenceservice,pods", "-o", "wide"))

    def rolled_out(self, name: str, generation: int) -> None:
        """Wait until a Deployment runs its newest version and the service has heard of it."""

        def done() -> bool:
            status = self.kubectl.get("deployment", f"{name}-predictor")["status"]
            found = report(self.kubectl.get("inferenceservice", name))
            settled = ("PredictorReady", "True", "NewReplicaSetAvailable") in found.conditions
            return status["observedGeneration"] == generation and status.get("updatedReplicas") == 1 and settled

        wait_until(done, f"{name} to be rolled out", lambda: self.kubectl("get", "inferenceservice,pods", "-o", "wide"))

    def set_source(self, name: str, source: str) -> None:
        change = json.dumps({"spec": {"predictor": {"model": {"storageUri": source}}}})
        self.kubectl("patch", "inferenceservice", name, "--type=merge", "--patch", change)

    def as_recorded(self, item: Object) -> Object:
        """Return an object of this namespace with the recordings' namespace and image."""
        text = json.dumps(item).replace(self.kubectl.namespace, "rec").replace(self.image, RECORDED_IMAGE)
        found: Object = json.loads(text)
        return found

    def assert_objects_as_recorded(self, recording: str, name: str) -> None:
        """Compare every Deployment, Service and Ingress of a recorded service with that of this namespace."""
        compared = 0
        for item in recorded(recording):
            if item["kind"] in ("Deployment", "Service", "Ingress") and owner(item) == name:
                found = self.kubectl.get(item["kind"], item["metadata"]["name"])
                assert comparable(self.as_recorded(found)) == comparable(item)
                compared += 1
        assert compared

    def assert_service_as_recorded(self, recording: str, name: str) -> None:
        """Compare a service, its status without times and the hashes of ReplicaSets included."""
        (wanted,) = [item for item in recorded(recording) if item["kind"] == "InferenceService" and named(item) == name]
        found = self.as_recorded(self.kubectl.get("inferenceservice", name))
        assert found["spec"] == wanted["spec"]
        assert found["metadata"]["annotations"] == wanted["metadata"]["annotations"]
        assert found["metadata"]["finalizers"] == wanted["metadata"]["finalizers"]
        assert found["metadata"]["generation"] == wanted["metadata"]["generation"]
        assert timeless(found["status"]) == timeless(wanted["status"])


def owner(item: Object) -> str:
    return str(item["metadata"]["ownerReferences"][0]["name"])


def named(item: Object) -> str:
    return str(item["metadata"]["name"])


def timeless(status: Object) -> Object:
    """Return a status without times, the hashes of ReplicaSets, and the pods that happened to be there."""
    bare = copy.deepcopy(status)
    bare["modelStatus"].pop("copies")
    for condition in bare["conditions"]:
        condition.pop("lastTransitionTime", None)
    stripped: Object = json.loads(re.sub(r'(predictor|transformer)-[0-9a-z]{6,10}(?=\\")', r"\1", json.dumps(bare)))
    return stripped


def walk(watch: Watch) -> list[Report]:
    """Return the reports of the versions seen, those that follow one another once."""
    return [found for found, _ in itertools.groupby(map(report, watch.versions))]
