"""What the story runs on in its namespace: an object store, MLflow, Prometheus, the model servers and the operator."""

import threading
from typing import Any

import yaml

from .images import pinned
from .kubectl import Kubectl, wait_until
from .served_documents import MANIFESTS, manifests, with_test_images
from .test_images import pod, ready, running

OPERATOR = MANIFESTS.parent / "operator"
BUCKET = "models"
DATASETS = f"s3://{BUCKET}/platform"
KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
STORE = {**KEYS, "AWS_ENDPOINT_URL": "http://objects:9000"}
SCRAPING = """
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
  - job_name: pigeonhole
    static_configs:
      - targets: ["documents-transformer:80"]
        labels: {{namespace: "{namespace}"}}
"""
SPEC: dict[str, Any] = {
    "source": {"modelName": "document-classifier", "pollInterval": "5s"},
    "target": {"inferenceService": "documents", "readyTimeout": "3m"},
    "gates": [
        {"name": "floor", "metric": {"key": "macro_f1", "min": 0.8}},
        {"name": "no-worse", "metric": {"key": "macro_f1", "maxRegression": 0.02}},
        {"name": "same-signature", "signature": "MustMatchStable"},
    ],
    "canary": {
        "interval": "2s",
        "progressDeadline": "10m",
        "failureLimit": 1,
        "steps": [
            {"weight": 0, "mirror": True, "minSamples": 30, "duration": "5s"},
            {"weight": 40, "mirror": True, "minSamples": 30, "duration": "5s"},
        ],
    },
    "rollback": {"cooldown": "0s"},
}


def deployment(golden_set: str) -> dict[str, Any]:
    """Return the ModelDeployment, whose candidates are tried on a golden set."""
    canary = {**SPEC["canary"], "golden": {"dataset": golden_set, "minAccuracy": 0.9}}
    return {
        "apiVersion": "pigeonhole.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": "documents"},
        "spec": {**SPEC, "canary": canary},
    }


def variables(values: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in values.items()]


def stores(kubectl: Kubectl) -> None:
    """Start the object store, MLflow that keeps its files there, and Prometheus."""
    objects = pod(pinned("e2e-object-store"), "/tmp", readinessProbe=ready("/moto-api/", 9000))
    objects["securityContext"]["runAsUser"] = 1000
    registry = pod(
        pinned("mlflow"),
        *("/tmp", "/data"),
        readinessProbe=ready("/health", 5000),
        args=["--no-serve-artifacts", "--default-artifact-root", f"s3://{BUCKET}/mlflow"],
        env=variables(STORE),
    )
    metrics = pod(pinned("e2e-prometheus"), "/data", readinessProbe=ready("/-/ready", 9090))
    metrics["volumes"].append({"name": "configuration", "configMap": {"name": "prometheus"}})
    metrics["containers"][0]["volumeMounts"].append({"name": "configuration", "mountPath": "/etc/prometheus"})
    configuration = {"prometheus.yml": SCRAPING.format(namespace=kubectl.namespace)}
    kubectl.apply(
        [
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prometheus"}, "data": configuration},
            *running("objects", objects, 9000),
            *running("mlflow", registry, 5000),
            *running("prometheus", metrics, 9090),
        ]
    )
    kubectl("wait", "--for=condition=Ready", "pod/objects", "pod/mlflow", "pod/prometheus", "--timeout=240s")


def operator(kubectl: Kubectl) -> None:
    """Start the operator's image under its own Role, as k8s/operator installs it."""
    for name in ("rbac.yaml", "deployment.yaml"):
        items = [item for item in yaml.safe_load_all(with_test_images((OPERATOR / name).read_text())) if item]
        kept = [item for item in items if not item["kind"].startswith("Cluster")]
        for item in kept:
            item["metadata"].pop("namespace", None)
            for subject in item.get("subjects", []):
                subject["namespace"] = kubectl.namespace
            if item["kind"] == "Deployment":
                item["spec"]["template"]["spec"]["containers"][0]["env"] += variables(
                    {**STORE, "PIGEONHOLE_STORAGE_URL": DATASETS}
                )
        kubectl.apply(kept)


def servers(kubectl: Kubectl, storage_uri: str) -> None:
    """Start the model servers by KServe's stand-in, with a model of the object store."""
    notes = {
        "serving.kserve.io/s3-endpoint": "objects:9000",
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": "us-east-1",
    }
    keys = {name: KEYS[name] for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "models", "annotations": notes}}
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "models"}}
    items = manifests("routing/documents-routing.yaml", "kserve/servingruntime.yaml", "kserve/inferenceservice.yaml")
    predictor = items[-1]["spec"]["predictor"]
    predictor["serviceAccountName"] = "models"
    predictor["model"]["storageUri"] = storage_uri
    kubectl.apply([{**secret, "stringData": keys}, {**account, "secrets": [{"name": "models"}]}, *items])


class RoutingRefresher:
    """Makes the kubelet look at the transformer's pod whenever the routing changes, instead of about once a minute."""

    def __init__(self, kubectl: Kubectl) -> None:
        self._kubectl = kubectl
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "RoutingRefresher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        known = ""
        while not self._stop.wait(1):
            version = self._kubectl.get("configmap", "documents-routing")["metadata"]["resourceVersion"]
            if version == known:
                continue
            for found in self._kubectl.list("pod", "app=isvc.documents-transformer"):
                self._kubectl("annotate", "pod", found["metadata"]["name"], f"routing={version}", "--overwrite")
            known = version


ATTEMPT_SECONDS = 420.0
"""From a version's registration to the end of its attempt, on a node that other releases share."""


def wait_for_phase(kubectl: Kubectl, promotion: str, phase: str) -> None:
    """Wait until an attempt has come to a phase."""

    def seen() -> str:
        found = kubectl.list("modelpromotion")
        return next((item.get("status", {}).get("phase", "") for item in found if named(item) == promotion), "")

    def told() -> str:
        return kubectl("describe", "modeldeployment", "documents")[-3000:] + kubectl("get", "pods", "-o", "wide")

    wait_until(lambda: seen() == phase, f"{promotion} to be {phase}", told, seconds=ATTEMPT_SECONDS)


def named(item: dict[str, Any]) -> str:
    return str(item["metadata"]["name"])
