"""ModelDeployments that people and the platform API ask something of, and who they are to the cluster."""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import yaml

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole_api.client import PlatformClient
from pigeonhole_frontends.laptop.ports import any_free_port

from .kubectl import Kubectl, cluster_address, wait_until
from .operator_objects import MINIMAL_DEPLOYMENT, Json, install_operator_access

TOKEN = "a-token-for-the-tests-alone"
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "bulletin de salaire"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3
# By account: the ClusterRoles it has in the namespace.
ACCOUNTS = {
    "nobody": (),
    "ed": ("edit",),
    "platform-api": ("pigeonhole-view", "pigeonhole-edit", "pigeonhole-pin"),
}


@dataclass(frozen=True)
class Wishes:
    """A namespace with ModelDeployments, and a configuration for each account of ACCOUNTS, and for `admin`."""

    kubectl: Kubectl
    configurations: dict[str, Path]

    def create(self, name: str, spec: Json | None = None, status: Json | None = None) -> None:
        head = {"apiVersion": "pigeonhole.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": name}}
        self.kubectl.apply([{**head, "spec": {**MINIMAL_DEPLOYMENT, **(spec or {})}}])
        if status is not None:
            change = yaml.safe_dump({"status": status})
            self.kubectl("patch", "mdep", name, "--subresource=status", "--type=merge", "-p", change)

    def spec(self, name: str) -> Json:
        found: Json = self.kubectl.get("mdep", name)["spec"]
        return found

    def say(self, *arguments: str, user: str = "admin", **settings: str) -> subprocess.CompletedProcess[str]:
        """Run `pigeonhole models` as somebody, in this namespace unless the settings name another."""
        named = {"PIGEONHOLE_NAMESPACE": self.kubectl.namespace, "KUBECONFIG": str(self.configurations[user])}
        return pigeonhole("models", *arguments, **{**named, **settings})


def pigeonhole(*arguments: str, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", *arguments]
    environment = {**os.environ, "COLUMNS": "500", **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


@contextmanager
def wishes_namespace(folder: Path) -> Iterator[Wishes]:
    """The operator's kinds, roles and policies, and a namespace of its own with every account, deleted in the end."""
    admin = Path(cluster_address("KUBECONFIG"))
    kubectl = Kubectl(f"wish-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        install_operator_access(kubectl)
        yield Wishes(kubectl, {"admin": admin, **{name: _account(kubectl, admin, folder, name) for name in ACCOUNTS}})
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


def _account(kubectl: Kubectl, admin: Path, folder: Path, name: str) -> Path:
    kubectl("create", "serviceaccount", name)
    for role in ACCOUNTS[name]:
        subject = f"--serviceaccount={kubectl.namespace}:{name}"
        kubectl("create", "rolebinding", f"{name}-{role}", f"--clusterrole={role}", subject)
    token = kubectl("create", "token", name, "--duration=1h").strip()
    return configuration(admin, folder / f"{name}.yaml", user={"token": token})


def configuration(admin: Path, path: Path, *, user: Json | None = None, server_end: str = "") -> Path:
    """Write the administrator's configuration with another user, or another end of the server's address."""
    config: Any = yaml.safe_load(admin.read_text())
    cluster = config["clusters"][0]["cluster"]
    cluster["server"] += server_end
    if user is not None:
        config["users"][0]["user"] = user
    path.write_text(yaml.safe_dump(config))
    return path


def register_models(home: Path, versions: int) -> None:
    """Register small models, the first of them the champion."""
    model = train_classifier(TEXTS, LABELS, [str(row) for row in range(len(TEXTS))], TrainingParams(max_features=200))
    evaluation = evaluate_classifier(model, TEXTS, LABELS).to_json()
    registry = ModelRegistry(f"sqlite:///{home}/mlflow.db")
    for number in range(versions):
        registry.register(
            TrainingRecord(
                model=model,
                dataset_version=f"{number:064d}",
                params={},
                evaluation={**evaluation, "gates": {"passed": True, "gates": []}},
                params_digest="p" * 64,
                git_commit="c" * 40,
                ocr_engine="tesseract 5",
                input_example=TEXTS[0],
            )
        )
    registry.promote("1")


@contextmanager
def running_api(home: Path, deployment: str, kubeconfig: Path) -> Iterator[tuple[PlatformClient, str]]:
    """A platform API that asks a ModelDeployment, as an account of the cluster; its client and its address."""
    port = any_free_port()
    url = f"http://127.0.0.1:{port}"
    log = home / f"api-{port}.log"
    settings = {
        "PIGEONHOLE_HOME": str(home),
        "PIGEONHOLE_API_TOKEN": TOKEN,
        "PIGEONHOLE_API_MODEL_DEPLOYMENT": deployment,
        "KUBECONFIG": str(kubeconfig),
    }
    command: Sequence[str] = [sys.executable, "-m", "pigeonhole_api.serve", "--port", str(port)]
    with log.open("wb") as output:
        process = subprocess.Popen(command, env={**os.environ, **settings}, stdout=output, stderr=output)

    def ready() -> bool:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            return httpx.get(f"{url}/readyz").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False

    try:
        wait_until(ready, "the API", lambda: log.read_text()[-2000:])
        with PlatformClient(url, TOKEN) as client:
            yield client, url
    finally:
        process.terminate()
        process.wait(60)
