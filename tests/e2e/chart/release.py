"""A release of the chart in a namespace of its own, and the platform behind the cluster's ingress."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml
from tests.chart.rendering import merged
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl, cluster_address, wait_until

from pigeonhole_api.client import PlatformClient

CHART = Path(__file__).parents[3] / "helm" / "pigeonhole"
PREVIOUS = Path(__file__).parents[2] / "chart" / "released" / "pigeonhole-0.1.0.tgz"
"""The chart before this one, as it was packaged."""
HOST = "localhost"
"""The release's host behind the ingress: a name that every machine knows, and that the API lets pass."""
IMAGES = ("api", "apps", "components", "operator", "transformer", "predictor", "mlflow", "demo-postgres", "demo-s3")
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted"}
Json = dict[str, Any]

MODEST: Json = yaml.safe_load(Path(__file__).with_name("modest.yaml").read_text())


class Release:
    """Runs helm for one release; a command that fails is an AssertionError with what it said."""

    def __init__(self, kubectl: Kubectl, name: str = "pigeonhole") -> None:
        self.kubectl = kubectl
        self.name = name
        self.url = f"http://{_ingress()}"
        self.install_seconds = 0.0

    def helm(self, *arguments: str, seconds: float = 900) -> str:
        command = [_program(), "--namespace", self.kubectl.namespace, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        assert done.returncode == 0, f"helm {' '.join(arguments)}: {done.stderr}\n{self.state()}"
        return done.stdout

    def install(self, values: Mapping[str, Any], *flags: str, chart: Path = CHART) -> str:
        began = time.monotonic()
        with _value_file(values) as file:
            said = self.helm("install", self.name, str(chart), "--values", file, "--timeout", "12m", *flags)
        self.install_seconds = time.monotonic() - began
        return said

    def upgrade(self, values: Mapping[str, Any], *flags: str, chart: Path = CHART) -> str:
        with _value_file(values) as file:
            return self.helm("upgrade", self.name, str(chart), "--values", file, "--timeout", "8m", *flags)

    def revision(self) -> int:
        """Return the number of what is installed now."""
        return int(json.loads(self.helm("status", self.name, "--output", "json"))["version"])

    def token(self) -> str:
        """Return the installation's token, as the notes say."""
        path = "jsonpath={.data.token}"
        encoded = self.kubectl("get", "secret", f"{self.name}-secrets", "-o", path)
        return subprocess.run(["base64", "-d"], input=encoded, capture_output=True, text=True, check=True).stdout

    def client(self) -> PlatformClient:
        return PlatformClient(self.url, self.token())

    def pods(self, component: str) -> list[Json]:
        return self.kubectl.list("pod", f"app.kubernetes.io/component={component}")

    def objects(self) -> dict[str, tuple[str, int]]:
        """Return uid and generation of everything that the release's manifest names, by kind and name."""
        manifest = list(yaml.safe_load_all(self.helm("get", "manifest", self.name)))
        text = yaml.safe_dump_all(item for item in manifest if item)
        found = json.loads(self.kubectl("get", "-f", "-", "-o", "json", stdin=text))["items"]
        return {f"{item['kind']}/{item['metadata']['name']}": _identity(item) for item in found}

    def left(self, *kinds: str) -> set[tuple[str, str]]:
        """Return kind and name of what is in the namespace, of these kinds too, but for what Kubernetes puts there."""
        ours = "all,configmap,secret,serviceaccount,role,rolebinding,ingress,networkpolicy,pdb,lease,pvc"
        found = json.loads(self.kubectl("get", ",".join([ours, *kinds]), "-o", "json"))["items"]
        theirs = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
        return {(item["kind"], item["metadata"]["name"]) for item in found} - theirs

    def uninstall(self, *kinds: str) -> None:
        """Take the release away, and wait until nothing is left but the volumes of its two stores."""
        self.helm("uninstall", self.name, "--wait")
        volumes = {"PersistentVolumeClaim"}
        # Pods take their time to end, and so does what goes with its owner.
        wait_until(
            lambda: {kind for kind, _ in self.left(*kinds)} == volumes, "the rest to go", lambda: str(self.left(*kinds))
        )
        assert len(self.left(*kinds)) == 2

    def state(self) -> str:
        """Return what a person would look at first when something is wrong."""
        lines = [self.kubectl("get", "pods", "-o", "wide")]
        for pod in self.kubectl.list("pod"):
            statuses = pod["status"].get("containerStatuses", []) + pod["status"].get("initContainerStatuses", [])
            if pod["status"].get("phase") not in ("Running", "Succeeded") or any(s["restartCount"] for s in statuses):
                name = pod["metadata"]["name"]
                lines += [self.kubectl("describe", "pod", name)[-1500:], self._logs(name)]
        return "\n".join(lines)[-12_000:]

    def _logs(self, pod: str) -> str:
        command = self.kubectl.command("logs", pod, "--all-containers", "--tail", "20")
        return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False).stdout


def demo_values(mode: str, **values: Any) -> Json:
    """Return the values of a trial, with the images of the tests' registry."""
    registry = cluster_address("REGISTRY")
    digests = {name: pinned(name).rpartition("@")[2] for name in IMAGES}
    own = {
        "profile": "demo",
        "image": {"registry": registry, "digests": digests},
        "serving": {"mode": mode},
        "ingress": {"enabled": True, "host": HOST},
    }
    return merged(MODEST, own, values)


@contextmanager
def release_namespace(labels: Mapping[str, str]) -> Iterator[Release]:
    """A namespace with a release to be installed in, which is gone with all that is in it afterwards."""
    cluster_address("KUBECONFIG")
    kubectl = Kubectl(f"chart-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    if labels:
        kubectl("label", "namespace", kubectl.namespace, *(f"{key}={value}" for key, value in labels.items()))
    release = Release(kubectl)
    try:
        yield release
    finally:
        command = [_program(), "--namespace", kubectl.namespace, "uninstall", release.name, "--ignore-not-found"]
        subprocess.run(command, capture_output=True, timeout=300, check=False)
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def _identity(item: Json) -> tuple[str, int]:
    return item["metadata"]["uid"], item["metadata"].get("generation", 0)


@contextmanager
def _value_file(values: Mapping[str, Any]) -> Iterator[str]:
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(dict(values), file)
        file.flush()
        yield file.name


def _program() -> str:
    program = shutil.which("helm")
    assert program, "helm is not on the PATH: the tests of the chart need it"
    return program


def _ingress() -> str:
    """Return where the cluster's ingress answers; its port is kept, its address is the release's host."""
    address = os.environ.get("INGRESS", "")
    assert address, "INGRESS is not set: it names the address of the cluster's ingress"
    return f"{HOST}:{address.rpartition(':')[2]}"
