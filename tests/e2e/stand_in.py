"""The stand-in for KServe's controller as a process, with the CRDs that it needs."""

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx

from pigeonhole_frontends.laptop.ports import any_free_port

from .images import pinned
from .kubectl import Kubectl, cluster_address, wait_until

ROOT = Path(__file__).parents[2]
CRDS = Path(__file__).with_name("kserve") / "crds.yaml"
KSERVE = "control-plane=kserve-controller-manager"
"""The label of KServe's controller, as its manifests and its chart have it."""


@contextlib.contextmanager
def running_stand_in(log: Path) -> Iterator[None]:
    """Stand in for KServe's controller in all namespaces until the block ends, unless that is there."""
    cluster_address("KUBECONFIG")
    kubectl = Kubectl("default")
    if has_kserve(kubectl):
        yield
        return
    apply_crds(kubectl, CRDS)
    with _process(log, "--initializer-image", pinned("e2e-storage-initializer")):
        yield
        # A service that is being deleted stays, and its namespace with it, until its controller lets go of it. A
        # namespace that ends deletes its pods first, and its services only after the last pod's grace period.
        for namespace in _ending(kubectl):
            Kubectl(namespace)("delete", "inferenceservice", "--all", "--wait=false")
        wait_until(lambda: not _leaving(kubectl), "deleted services to be gone", lambda: str(_leaving(kubectl)))


def has_kserve(kubectl: Kubectl) -> bool:
    """Tell whether KServe's own controller is installed."""
    return bool(kubectl("get", "deployment", "--all-namespaces", "--selector", KSERVE, "--output", "name").strip())


def apply_kserve_crds(kubectl: Kubectl) -> None:
    """Apply as much of KServe's kinds as the stand-in needs; those of an installed KServe stay as they are."""
    if not has_kserve(kubectl):
        apply_crds(kubectl, CRDS)


def apply_crds(kubectl: Kubectl, file: Path) -> None:
    """Apply a file of CRDs, and wait until the API server serves them."""
    kubectl("apply", "--server-side", "--force-conflicts", "-f", str(file))
    kubectl("wait", "--for=condition=Established", "--timeout=180s", "-f", str(file))


def _leaving(kubectl: Kubectl) -> list[str]:
    """Return the services that are being deleted, or whose namespace is."""
    ending = _ending(kubectl)
    return [
        f"{found['namespace']}/{found['name']}"
        for found in _metadata(kubectl, "inferenceservice")
        if "deletionTimestamp" in found or found["namespace"] in ending
    ]


def _ending(kubectl: Kubectl) -> list[str]:
    return [str(found["name"]) for found in _metadata(kubectl, "namespace") if "deletionTimestamp" in found]


def _metadata(kubectl: Kubectl, kind: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = json.loads(kubectl("get", kind, "--all-namespaces", "--output", "json"))["items"]
    return [item["metadata"] for item in items]


@contextlib.contextmanager
def _process(log: Path, *arguments: str) -> Iterator[None]:
    alive = f"http://127.0.0.1:{any_free_port()}/healthz"
    command = [sys.executable, "-m", "tests.e2e.kserve", "--liveness", alive, *arguments]
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)

    def serves() -> bool:
        assert process.poll() is None, f"the stand-in ended: {log.read_text()[-2000:]}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(alive, timeout=2).status_code == httpx.codes.OK
        return False

    try:
        wait_until(serves, "the stand-in for KServe to serve", lambda: log.read_text()[-2000:])
        yield
    finally:
        if process.poll() is None:
            os.kill(process.pid, signal.SIGTERM)
            process.wait(30)
