"""A real Prometheus and a real Alertmanager beside a release, with the rules and files of k8s/monitoring.

Debian's Prometheus has no discovery by Kubernetes, so that it is told a Service for each component.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml
from tests.e2e.forwarding import forwarded
from tests.e2e.image_pods import pod, ready, running
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl

ROOT = Path(__file__).parents[3]
MONITORING = ROOT / "k8s" / "monitoring"
RULES = ROOT / "helm" / "pigeonhole" / "files" / "rules"
PORTS = {"api": 8000, "worker": 9090, "trainer": 9090, "operator": 8081, "transformer": 8080, "predictor": 8080}
SEVERITIES = ("critical", "warning", "info")
RECEIVER = """
import http.server, sys
class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        print(self.rfile.read(int(self.headers["Content-Length"])).decode(), flush=True)
        self.send_response(200); self.end_headers(); self.wfile.write(b"ok")
    def do_GET(self):
        self.send_response(200); self.end_headers()
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("", 8080), Receiver).serve_forever()
"""
Json = dict[str, Any]


class Watchers:
    """What Prometheus knows, and what was sent to Slack."""

    def __init__(self, kubectl: Kubectl, prometheus: str) -> None:
        self._kubectl = kubectl
        self._prometheus = prometheus

    def query(self, expression: str) -> list[Json]:
        answer = httpx.get(f"{self._prometheus}/api/v1/query", params={"query": expression}, timeout=60)
        answer.raise_for_status()
        found: list[Json] = answer.json()["data"]["result"]
        return found

    def up(self) -> dict[str, str]:
        return {series["metric"]["job"]: series["value"][1] for series in self.query("up")}

    def sent(self) -> list[Json]:
        """Return the messages that Alertmanager sent, as Slack would get them."""
        return [json.loads(line) for line in self._kubectl("logs", "receiver").splitlines() if line.startswith("{")]


@contextmanager
def watchers(kubectl: Kubectl) -> Iterator[Watchers]:
    """Run all of it until the block ends."""
    objects = _objects(kubectl.namespace)
    kubectl.apply(objects)
    kubectl("wait", "--for=condition=Ready", "pod/prometheus", "pod/alertmanager", "pod/receiver", "--timeout=240s")
    with forwarded(kubectl, "service/prometheus", 9090, "/-/ready") as prometheus:
        yield Watchers(kubectl, prometheus)
    kubectl("delete", "--wait=false", "-f", "-", stdin=yaml.safe_dump_all(objects))


def _objects(namespace: str) -> list[Json]:
    slack = dict.fromkeys(("critical", "warning", "info"), "http://receiver:8080/")
    alerting = MONITORING / "alertmanager"
    return [
        *_services(),
        _config_map("prometheus", {"prometheus.yml": _scraping(namespace)}),
        _config_map("rules", {file.name: file.read_text() for file in RULES.glob("*.yaml")}),
        _config_map("alertmanager", {file.name: file.read_text() for file in alerting.iterdir()}),
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "slack"}, "stringData": slack},
        *running("receiver", pod(pinned("predictor"), "/tmp", command=["python", "-c", RECEIVER]), 8080),
        *running("prometheus", _prometheus(), 9090),
        *running("alertmanager", _alertmanager(), 9093),
    ]


def _scraping(namespace: str) -> str:
    """Return the plain configuration for a test's patience, with a target a component instead of the discovery."""
    configuration = yaml.safe_load((MONITORING / "prometheus.yml").read_text())
    configuration["global"] = {"scrape_interval": "5s", "scrape_timeout": "5s", "evaluation_interval": "5s"}
    labels = {"namespace": namespace}
    configuration["scrape_configs"] = [
        {
            "job_name": f"pigeonhole-{component}",
            "honor_labels": True,
            "static_configs": [{"targets": [f"{_service(component)}:{port}"], "labels": {**labels, "pod": component}}],
        }
        for component, port in PORTS.items()
    ]
    return yaml.safe_dump(configuration)


def _service(component: str) -> str:
    # The API answers to its own names alone.
    return "pigeonhole-api" if component == "api" else f"metrics-{component}"


def _services() -> Iterator[Json]:
    for component, port in PORTS.items():
        if component == "api":
            continue
        spec = {"selector": {"app.kubernetes.io/component": component}, "ports": [{"port": port}]}
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": _service(component)}, "spec": spec}


def _prometheus() -> Json:
    spec = pod(pinned("e2e-prometheus"), "/data", readinessProbe=ready("/-/ready", 9090))
    rules = [{"key": file.name, "path": f"rules/{file.name}"} for file in RULES.glob("*.yaml")]
    sources = [{"configMap": {"name": "prometheus"}}, {"configMap": {"name": "rules", "items": rules}}]
    return _configured(spec, "/etc/prometheus", sources)


def _alertmanager() -> Json:
    flags = ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/data", "--cluster.listen-address="]
    command = ["prometheus-alertmanager", *flags]
    spec = pod(pinned("e2e-prometheus"), "/data", readinessProbe=ready("/-/ready", 9093), command=command)
    addresses = [{"key": severity, "path": f"slack/{severity}"} for severity in SEVERITIES]
    sources = [{"configMap": {"name": "alertmanager"}}, {"secret": {"name": "slack", "items": addresses}}]
    return _configured(spec, "/etc/alertmanager", sources)


def _configured(spec: Json, path: str, sources: list[Json]) -> Json:
    spec["volumes"].append({"name": "configuration", "projected": {"sources": sources}})
    spec["containers"][0]["volumeMounts"].append({"name": "configuration", "mountPath": path, "readOnly": True})
    return spec


def _config_map(name: str, data: dict[str, str]) -> Json:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data}
