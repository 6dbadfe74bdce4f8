"""The images of the operator, MLflow and the tests' Prometheus, each in a pod that can write to a few paths alone."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from .forwarding import forwarded
from .images import pinned
from .kubectl import Kubectl, wait_until
from .operator_objects import Json, operator_namespace

pytestmark = pytest.mark.e2e
SCRAPING = """
global: {scrape_interval: 1s}
scrape_configs: [{job_name: itself, static_configs: [{targets: ['localhost:9090']}]}]
"""
# Registers a version and reads it again by each name that the server has in a cluster.
CLIENT = """
import sys
import mlflow
for number, address in enumerate(sys.argv[1:], 1):
    client = mlflow.MlflowClient(address)
    if number == 1:
        client.create_registered_model("classifier")
    run = client.create_run(client.create_experiment(f"experiment-{number}"))
    client.log_text(run.info.run_id, "weights", "model/model.skops")
    client.create_model_version("classifier", f"{run.info.artifact_uri}/model", run.info.run_id)
    client.set_registered_model_alias("classifier", "candidate", str(number))
    print(address, client.get_model_version_by_alias("classifier", "candidate").version)
"""


def pod(image: str, *writable: str, **container: Any) -> Json:
    """Return a restricted pod of one container that can write to some paths alone."""
    mounts = [{"name": f"writable-{number}", "mountPath": path} for number, path in enumerate(writable)]
    security = {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    resources = {"requests": {"cpu": "20m", "memory": "64Mi"}}
    whole = {"name": "container", "image": image, "resources": resources, "securityContext": security, **container}
    return {
        "automountServiceAccountToken": False,
        "securityContext": {"fsGroup": 10001},
        "volumes": [{"name": mount["name"], "emptyDir": {}} for mount in mounts],
        "containers": [{**whole, "volumeMounts": mounts}],
    }


def running(name: str, spec: Json, port: int) -> list[Json]:
    """Return a pod and the Service of its name."""
    metadata = {"name": name, "labels": {"app": name}}
    service = {"selector": {"app": name}, "ports": [{"port": port}]}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": service},
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec},
    ]


def ready(path: str, port: int) -> Json:
    return {"httpGet": {"path": path, "port": port}, "periodSeconds": 1, "failureThreshold": 120}


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with operator_namespace() as kubectl:
        kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
        yield kubectl


def output(kubectl: Kubectl, name: str, spec: Json) -> str:
    """Return what a pod that ends by itself wrote."""
    kubectl.apply([running(name, {**spec, "restartPolicy": "Never"}, 80)[1]])

    def phase() -> str:
        return str(kubectl.get("pod", name).get("status", {}).get("phase"))

    wait_until(lambda: phase() in {"Succeeded", "Failed"}, f"the pod {name} to end", lambda: kubectl("get", "events"))
    written = kubectl("logs", name)
    assert phase() == "Succeeded", written
    return written


def test_the_operator_s_image_holds_the_operator_and_runs_as_nobody_in_particular(kubectl: Kubectl) -> None:
    code = "import os, kopf, pigeonhole_operator.resources.crds as crds; print(os.getuid(), crds.GROUP)"
    assert (
        output(kubectl, "operator", pod(pinned("operator"), "/tmp", command=["python", "-c", code]))
        == "10001 pigeonhole.dev\n"
    )


@pytest.fixture(scope="module")
def mlflow(kubectl: Kubectl) -> str:
    """The image of the MLflow server that runs as `mlflow`."""
    image = pinned("mlflow")
    spec = pod(image, "/tmp", "/data", readinessProbe=ready("/health", 5000))
    kubectl.apply(running("mlflow", spec, 5000))
    kubectl("wait", "--for=condition=Ready", "pod/mlflow", "--timeout=180s")
    return image


def test_mlflow_answers_to_each_name_that_it_has_in_a_cluster(kubectl: Kubectl, mlflow: str) -> None:
    service = f"mlflow.{kubectl.namespace}.svc"
    addresses = [f"http://{name}:5000" for name in ("mlflow", service, f"{service}.cluster.local")]
    written = output(kubectl, "client", pod(mlflow, "/tmp", command=["python", "-c", CLIENT, *addresses]))
    answers = [line for line in written.splitlines() if line.startswith("http")]
    assert answers == [f"{address} {number}" for number, address in enumerate(addresses, 1)]


def test_mlflow_refuses_a_name_that_it_does_not_have(kubectl: Kubectl, mlflow: str) -> None:
    path = "/api/2.0/mlflow/registered-models/search"
    with forwarded(kubectl, "service/mlflow", 5000, "/health") as address:
        assert httpx.get(address + path, timeout=30).status_code == httpx.codes.OK
        refused = httpx.get(address + path, headers={"Host": "mlflow.example.com"}, timeout=30)
        assert refused.status_code == httpx.codes.FORBIDDEN
        assert httpx.get(f"{address}/health", headers={"Host": "mlflow.example.com"}, timeout=30).text == "OK"


def test_prometheus_is_ready_and_scrapes_what_it_is_told_to(kubectl: Kubectl) -> None:
    configuration = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "prometheus"}}
    spec = pod(pinned("e2e-prometheus"), "/data", readinessProbe=ready("/-/ready", 9090))
    spec["volumes"].append({"name": "configuration", "configMap": {"name": "prometheus"}})
    spec["containers"][0]["volumeMounts"].append({"name": "configuration", "mountPath": "/etc/prometheus"})
    kubectl.apply([{**configuration, "data": {"prometheus.yml": SCRAPING}}, *running("prometheus", spec, 9090)])
    kubectl("wait", "--for=condition=Ready", "pod/prometheus", "--timeout=180s")
    with forwarded(kubectl, "service/prometheus", 9090, "/-/ready") as address:

        def scraped() -> list[str]:
            answer = httpx.get(f"{address}/api/v1/query", params={"query": 'up{job="itself"}'}, timeout=30)
            return [sample["value"][1] for sample in json.loads(answer.text)["data"]["result"]]

        wait_until(lambda: scraped() == ["1"], "the first scrape")
