"""A real Prometheus takes the scrape configuration, chooses pods by their labels, and evaluates the rules.

Debian builds Prometheus without the discovery of Kubernetes, so that the pods are told to it in the form in which that
discovery does.
"""

import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml
from prometheus_client import CollectorRegistry, Gauge, start_http_server

from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.integration
ROOT = Path(__file__).parents[3]
CONFIG = ROOT / "k8s/monitoring/prometheus.yml"
SECONDS = 60
LABEL = "__meta_kubernetes_pod_label_app_kubernetes_io_component"


def program(name: str) -> str:
    found = shutil.which(name)
    assert found, f"no {name} here: run scripts/bootstrap test"
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the chart's rules, as they lie beside the configuration where it is installed."""
    folder = tmp_path_factory.mktemp("prometheus")
    shutil.copytree(ROOT / "helm/pigeonhole/files/rules", folder / "rules")
    return folder


def told(folder: Path, *pods: dict[str, Any], seconds: int = 30) -> Path:
    """Write the configuration with pods that are told to it."""
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    (scrape,) = config["scrape_configs"]
    del scrape["kubernetes_sd_configs"]
    scrape["static_configs"] = list(pods)
    config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = []
    times = ("scrape_interval", "scrape_timeout", "evaluation_interval")
    config["global"] |= {name: f"{min(seconds, 10) if 'timeout' in name else seconds}s" for name in times}
    path = folder / "prometheus.yml"
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path


def test_the_configuration_and_its_rules_are_valid(folder: Path) -> None:
    command = [program("promtool"), "check", "config", told(folder)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("rules found") == len(list((folder / "rules").iterdir()))


def test_pods_are_asked_for_by_the_label_of_the_platform() -> None:
    (scrape,) = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["scrape_configs"]
    label = "app.kubernetes.io/part-of=pigeonhole"
    assert scrape["kubernetes_sd_configs"] == [{"role": "pod", "selectors": [{"role": "pod", "label": label}]}]


def pod(address: str, component: str, port: str = "http", **changes: str) -> dict[str, Any]:
    """A target as the discovery of pods gives it."""
    labels = {
        "namespace": "shop",
        "pod_name": f"{component}-1",
        "pod_container_port_name": port,
        "pod_container_init": "false",
        "pod_phase": "Running",
        **changes,
    }
    meta = {f"__meta_kubernetes_{name}": value for name, value in labels.items()}
    return {"targets": [address], "labels": {**meta, LABEL: component}}


@pytest.fixture(scope="module")
def prometheus(folder: Path) -> Iterator[str]:
    """Prometheus with that configuration, but that pods are told to it, all of which are one exporter."""
    registry = CollectorRegistry()
    drifted = Gauge("pigeonhole_promotion_condition", "", ("namespace", "name", "type", "status"), registry=registry)
    drifted.labels("models", "documents", "Drifted", "true").set(1)
    Gauge("pigeonhole_operator_leader", "", registry=registry).set(1)
    exporter, thread = start_http_server(0, "127.0.0.1", registry)
    address, port = f"127.0.0.1:{exporter.server_port}", any_free_port()
    config = told(
        folder,
        *(pod(address, component) for component in ("api", "operator", "mlflow", "user-app", "admin-app")),
        pod(address, "worker", "metrics"),
        pod(address, "transformer", "debug"),
        pod(address, "predictor", pod_container_init="true"),
        pod(address, "trainer", "metrics", pod_phase="Succeeded"),
        seconds=1,
    )
    command = [
        *(program("prometheus"), f"--config.file={config}", f"--storage.tsdb.path={folder}/data"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=output)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)
        exporter.shutdown()
        exporter.server_close()
        thread.join()


def query(url: str, promql: str) -> list[dict[str, Any]]:
    """Return the series of a query as soon as there are some."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        with suppress(httpx.TransportError):
            answer = httpx.get(f"{url}/api/v1/query", params={"query": promql}, timeout=30)
            if answer.status_code == 200 and (found := answer.json()["data"]["result"]):
                return [series["metric"] for series in found]
        time.sleep(0.1)
    raise AssertionError(f"no series of {promql}")


def test_processes_with_metrics_are_scraped_under_their_jobs_names(prometheus: str) -> None:
    query(prometheus, "count(up) == 3")
    found = {(each["job"], each["namespace"], each["pod"]) for each in query(prometheus, "up")}
    assert found == {
        ("pigeonhole-api", "shop", "api-1"),
        ("pigeonhole-worker", "shop", "worker-1"),
        ("pigeonhole-operator", "shop", "operator-1"),
    }


def test_a_promotion_keeps_the_namespace_that_the_operator_names(prometheus: str) -> None:
    found = query(prometheus, 'pigeonhole_promotion_condition{job="pigeonhole-operator"}')
    assert [each["namespace"] for each in found] == ["models"]
    assert query(prometheus, 'pigeonhole_operator_leader{job="pigeonhole-operator"}')[0]["namespace"] == "shop"


def test_an_alert_of_the_rules_carries_its_namespace(prometheus: str) -> None:
    (pending,) = query(prometheus, 'ALERTS{alertname="PigeonholeTargetDrifted"}')
    assert (pending["namespace"], pending["name"], pending["severity"]) == ("models", "documents", "warning")
    assert query(prometheus, 'ALERTS{alertname="PigeonholeWatchdog",alertstate="firing"}')
