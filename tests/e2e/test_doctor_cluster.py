"""`pigeonhole doctor --cluster` on a real cluster: what an API server, a scheduler and a kubelet say of real faults."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from .images import pinned
from .kubectl import Kubectl, cluster_address, wait_until
from .operator_objects import Json, operator_namespace

pytestmark = pytest.mark.e2e
SAID = "Traceback (most recent call last):\\n  File x\\nSorted: out of cards\\n"
CRASH = f"import sys; sys.stderr.write('{SAID}'); sys.exit(3)"
QUIET = "import time; time.sleep(3600)"


def labels(component: str) -> Json:
    selected = {"app.kubernetes.io/name": "pigeonhole", "app.kubernetes.io/instance": "ph"}
    return {**selected, "app.kubernetes.io/component": component}


def deployment(component: str, program: str = QUIET, /, **container: Any) -> Json:
    first = {"name": component, "image": pinned("operator"), "command": ["python3", "-c", program], **container}
    first.setdefault("resources", {"requests": {"cpu": "1m", "memory": "8Mi"}})
    pod = {
        "metadata": {"labels": own(component)["labels"]},
        "spec": {"containers": [first], "terminationGracePeriodSeconds": 0},
    }
    spec = {"replicas": 1, "selector": {"matchLabels": labels(component)}, "template": pod}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": own(component), "spec": spec}


def own(component: str) -> Json:
    return {"name": f"ph-{component}", "labels": {**labels(component), "app.kubernetes.io/part-of": "pigeonhole"}}


def ingress() -> Json:
    metadata = {**own("ingress"), "name": "ph-apps"}
    path = {"path": "/", "pathType": "Prefix", "backend": {"service": {"name": "x", "port": {"number": 80}}}}
    spec = {"ingressClassName": "nowhere", "rules": [{"host": "doctor.test", "http": {"paths": [path]}}]}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "metadata": metadata, "spec": spec}


def secret_of(name: str) -> Json:
    return {"name": "PIGEONHOLE_API_SIGNING_KEY", "valueFrom": {"secretKeyRef": {"name": name, "key": "signing-key"}}}


@pytest.fixture(scope="module")
def release() -> Iterator[Kubectl]:
    """A namespace with a release of which one component runs and each of the others has a fault of its own."""
    with operator_namespace() as kubectl:
        kubectl.apply(
            [
                deployment("mlflow"),
                deployment("worker", CRASH),
                deployment("api", env=[secret_of("sign-in")]),
                deployment("trainer", resources={"requests": {"cpu": "1000"}}),
                deployment("user-app", image=f"{cluster_address('REGISTRY')}/pigeonhole/apps:that-is-nowhere"),
                ingress(),
            ]
        )
        yield kubectl


def doctor(namespace: str, configuration: Path | None = None) -> tuple[int, dict[str, Json]]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "doctor", "--json"]
    environment = {**os.environ, **({"KUBECONFIG": str(configuration)} if configuration else {})}
    done = subprocess.run(
        [*command, "--cluster", "-n", namespace], capture_output=True, text=True, timeout=120, env=environment
    )
    assert "Traceback" not in done.stderr
    return done.returncode, {finding["what"]: finding for finding in json.loads(done.stdout)}


@pytest.mark.parametrize(
    ("component", "found", "fix"),
    [
        ("worker", "worker ends with exit code 3", "kubectl -n"),
        ("worker", ": Sorted: out of cards", "kubectl -n"),
        ("api", 'secret "sign-in" not found', "auth.existingSecret"),
        ("trainer", "Insufficient cpu", "size: small"),
        ("user-app", "apps:that-is-nowhere cannot be pulled", "image.registry"),
        ("Ingress ph-apps", "there is no ingress class nowhere", "ingress.className"),
    ],
)
def test_a_fault_is_named_with_its_fix(release: Kubectl, component: str, found: str, fix: str) -> None:
    seen: dict[str, Json] = {}

    def named() -> bool:
        code, findings = doctor(release.namespace)
        seen.update(findings)
        return code == 5 and found in findings[component]["found"] and fix in str(findings[component]["fix"])

    wait_until(named, found, lambda: str(seen.get(component)))


def test_what_runs_is_well(release: Kubectl) -> None:
    wait_until(lambda: bool(doctor(release.namespace)[1]["mlflow"]["ok"]), "mlflow to run")


def test_whoever_may_only_view_the_namespace_is_told_nearly_as_much(release: Kubectl, tmp_path: Path) -> None:
    release("create", "serviceaccount", "viewer")
    release("create", "rolebinding", "viewer", "--clusterrole=view", f"--serviceaccount={release.namespace}:viewer")
    configuration: Json = json.loads(release("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    for user in configuration["users"]:
        user["user"] = {"token": release("create", "token", "viewer").strip()}
    file = tmp_path / "viewer"
    file.write_text(json.dumps(configuration))
    code, findings = doctor(release.namespace, file)
    assert code == 5
    assert findings["rights"]["ok"]
    assert {"StorageClass", "IngressClass"} <= set(findings["rights"]["found"].replace(",", "").split())
    assert "cannot be pulled" in findings["user-app"]["found"]


def test_who_may_read_nothing_is_told_so_and_no_more(release: Kubectl, tmp_path: Path) -> None:
    configuration: Json = json.loads(release("config", "view", "--raw", "--minify", "--flatten", "-o", "json"))
    for user in configuration["users"]:
        user["user"] = {"token": release("create", "token", "default").strip()}
    file = tmp_path / "nobody"
    file.write_text(json.dumps(configuration))
    code, findings = doctor(release.namespace, file)
    assert code == 5
    assert set(findings) == {"rights"}
    assert not findings["rights"]["ok"]


def test_a_namespace_without_a_release_is_told(release: Kubectl) -> None:
    code, findings = doctor("kube-public")
    assert code == 5
    assert set(findings) == {"release"}
