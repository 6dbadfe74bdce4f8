"""How a process here reaches Services by their names in the cluster: through a relay pod that kubectl forwards to."""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

from aiohttp import web
from tests.e2e.forwarding import forwarded
from tests.e2e.kubectl import Kubectl

from .cluster import Object
from .fault_proxy import Upstream

SCRIPT = Path(__file__).with_name("gateway_pod.py").read_text()
UNREACHABLE = "x-unreachable"


def to_services(gateway_url: str) -> Upstream:
    """Return the way of a request to the Service that its URL names."""

    def headers(request: web.BaseRequest) -> dict[str, str]:
        return {"x-target": request.host}

    return Upstream(gateway_url, headers, UNREACHABLE)


@contextlib.contextmanager
def gateway(image: str) -> Iterator[str]:
    """Run the relay in a namespace of its own; yields the address on this machine that leads to it."""
    kubectl = Kubectl(f"op-gateway-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        kubectl.apply(_objects(image))
        kubectl("rollout", "status", "deployment/gateway", "--timeout=180s")
        with forwarded(kubectl, "service/gateway") as url:
            yield url
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def _objects(image: str) -> list[Object]:
    labels = {"app": "gateway"}
    container: Object = {
        "name": "gateway",
        "image": image,
        "command": ["python3", "-I", "-S", "-c", SCRIPT],
        "ports": [{"containerPort": 8080}],
        "readinessProbe": {"tcpSocket": {"port": 8080}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "128Mi"}},
    }
    pod: Object = {
        "automountServiceAccountToken": False,
        "terminationGracePeriodSeconds": 1,
        "containers": [container],
    }
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": "gateway"},
            "spec": {
                "replicas": 1,
                "selector": {"matchLabels": labels},
                "template": {"metadata": {"labels": labels}, "spec": pod},
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "gateway"},
            "spec": {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]},
        },
    ]
