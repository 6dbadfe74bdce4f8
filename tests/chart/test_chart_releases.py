"""Releases on a real API server whose pods never run: what an upgrade changes, and whose the CRDs are."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import pytest
from tests.e2e.kubectl import Kubectl, cluster_address

from .rendering import CHART

pytestmark = pytest.mark.e2e
CRD = "modeldeployments.pigeonhole.dev"
# No image can be pulled and no volume is bound, so that nothing runs and only objects are there.
IDLE = "profile=demo,ingress.enabled=true,image.registry=registry.invalid,global.storageClass=none"


class Idle:
    """Releases in one namespace."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl

    def helm(self, *arguments: str) -> str:
        command = ["helm", "--namespace", self.kubectl.namespace, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def put(self, verb: str, name: str, values: str, *flags: str) -> str:
        # Without hooks: the pod of the migrations would not end.
        return self.helm(verb, name, str(CHART), "--no-hooks", "--set", f"{IDLE},{values}", *flags)

    def objects(self, name: str) -> dict[str, Any]:
        """Return uid, generation and data of every object of a release's manifest."""
        found = self.kubectl("get", "-f", "-", "-o", "json", stdin=self.helm("get", "manifest", name))
        return {
            f"{item['kind']}/{item['metadata']['name']}": (
                item["metadata"]["uid"],
                item["metadata"].get("generation"),
                item.get("data"),
            )
            for item in json.loads(found)["items"]
        }


@pytest.fixture
def idle() -> Iterator[Idle]:
    cluster_address("KUBECONFIG")
    kubectl = Kubectl(f"idle-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    idle = Idle(kubectl)
    try:
        yield idle
    finally:
        for name in ("same", "first", "second"):
            idle.helm("uninstall", name, "--ignore-not-found")
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.mark.parametrize("mode", ["deployments", "kserve"])
def test_an_upgrade_with_the_same_values_changes_no_object(idle: Idle, mode: str) -> None:
    idle.put("install", "same", f"serving.mode={mode}")
    manifest, before = idle.helm("get", "manifest", "same"), idle.objects("same")
    idle.put("upgrade", "same", f"serving.mode={mode}")
    assert idle.helm("get", "manifest", "same") == manifest
    assert idle.objects("same") == before


def test_a_second_release_uses_the_crds_of_the_first_one_and_may_take_them_over(idle: Idle) -> None:
    idle.put("install", "first", "serving.mode=kserve,serving.name=first,crds.adopt=true", "--take-ownership")
    said = idle.put("install", "second", "serving.mode=kserve,serving.name=second")
    assert f"release {idle.kubectl.namespace}/first's" in said
    assert owner(idle) == "first"
    idle.put("upgrade", "second", "serving.mode=kserve,serving.name=second,crds.adopt=true", "--take-ownership")
    assert owner(idle) == "second"


def owner(idle: Idle) -> str:
    annotations: dict[str, str] = idle.kubectl.get("crd", CRD)["metadata"]["annotations"]
    return annotations["meta.helm.sh/release-name"]
