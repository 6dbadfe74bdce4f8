"""Images in pods that can write to a few paths alone, and run as nobody in particular."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .kubectl import Kubectl, wait_until
from .operator_objects import Json, operator_namespace


@contextmanager
def restricted_namespace() -> Iterator[Kubectl]:
    """A namespace that takes restricted pods alone."""
    with operator_namespace() as kubectl:
        kubectl("label", "namespace", kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
        yield kubectl


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


def variables(settings: dict[str, str]) -> list[Json]:
    """Return a container's environment."""
    return [{"name": name, "value": value} for name, value in settings.items()]


def started(kubectl: Kubectl, name: str, spec: Json, port: int) -> None:
    """Run a pod with the Service of its name, and wait until it is ready."""
    kubectl.apply(running(name, spec, port))
    kubectl("wait", "--for=condition=Ready", f"pod/{name}", "--timeout=180s")


def output(kubectl: Kubectl, name: str, spec: Json) -> str:
    """Return what a pod that ends by itself wrote."""
    kubectl.apply([running(name, {**spec, "restartPolicy": "Never"}, 80)[1]])

    def phase() -> str:
        return str(kubectl.get("pod", name).get("status", {}).get("phase"))

    wait_until(lambda: phase() in {"Succeeded", "Failed"}, f"the pod {name} to end", lambda: kubectl("get", "events"))
    written = kubectl("logs", name)
    assert phase() == "Succeeded", written
    return written
