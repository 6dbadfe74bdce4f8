"""The images of the platform's processes, each in a pod that can write to a few paths alone."""

import json
from collections.abc import Iterator

import httpx
import pytest

from .forwarding import forwarded
from .image_pods import output, pod, ready, restricted_namespace, running, started
from .images import pinned
from .kubectl import Kubectl, wait_until

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


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with restricted_namespace() as kubectl:
        yield kubectl


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
    started(kubectl, "mlflow", pod(image, "/tmp", "/data", readinessProbe=ready("/health", 5000)), 5000)
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
