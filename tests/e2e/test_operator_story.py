"""The whole story with real pods: a better model under load, a worse one, and two that show it on trial only."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import boto3
import pytest

from pigeonhole.datasets import DatasetStore
from pigeonhole.registry import ModelRegistry
from pigeonhole.storage import open_storage

from .forwarding import forwarded
from .kubectl import Kubectl, wait_until
from .operator_objects import install_crds
from .served_documents import Load
from .story_models import all_rows, keep_golden_set, register, renamed, seen_and_held_out, shuffled, trained
from .story_parts import BUCKET, DATASETS, KEYS, RoutingRefresher, deployment, operator, servers, stores, wait_for_phase

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500), pytest.mark.usefixtures("stand_in")]
GOLDEN_DOCUMENTS = 12


class Story:
    """A namespace in which version 1 serves, and its registry."""

    def __init__(self, kubectl: Kubectl, registry: ModelRegistry, url: str) -> None:
        self.kubectl, self.registry, self.url = kubectl, registry, url

    def condition(self, kind: str) -> tuple[str, str]:
        rows = self.kubectl.get("modeldeployment", "documents")["status"]["conditions"]
        return next((row["status"], row["reason"]) for row in rows if row["type"] == kind)

    def attempt(self, name: str) -> dict[str, Any]:
        status: dict[str, Any] = self.kubectl.get("modelpromotion", name)["status"]
        return status

    def aliases(self) -> dict[str, str]:
        return {alias: version.version for version in self.registry.versions() for alias in version.aliases}


@pytest.fixture(scope="module")
def story() -> Iterator[Story]:
    kubectl = Kubectl(f"story-{uuid4().hex[:8]}")
    install_crds(kubectl)
    kubectl("create", "namespace", kubectl.namespace)
    patch = pytest.MonkeyPatch()
    with ExitStack() as stack:
        stack.callback(patch.undo)
        stack.callback(kubectl, "delete", "namespace", kubectl.namespace, "--wait=false")
        stores(kubectl)
        objects = stack.enter_context(forwarded(kubectl, "service/objects", 9000, "/moto-api/"))
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": objects}.items():
            patch.setenv(name, value)
        boto3.client("s3").create_bucket(Bucket=BUCKET)
        registry = ModelRegistry(stack.enter_context(forwarded(kubectl, "service/mlflow", 5000, "/health")))
        seen, held = seen_and_held_out(all_rows())
        register(registry, trained(seen, features=150), held)
        registry.promote("1")
        servers(kubectl, storage_uri(registry, "1"))
        operator(kubectl)
        golden_set = keep_golden_set(DatasetStore(open_storage(DATASETS)), "resume", GOLDEN_DOCUMENTS)
        kubectl.apply([deployment(golden_set)])
        wait_until(lambda: rolled_out(kubectl), "the servers and the operator", lambda: kubectl("get", "pods"))
        url = stack.enter_context(forwarded(kubectl, "service/documents-transformer"))
        stack.enter_context(RoutingRefresher(kubectl))
        yield Story(kubectl, registry, url)


def storage_uri(registry: ModelRegistry, version: str) -> str:
    from mlflow import MlflowClient

    return str(MlflowClient(registry.tracking_uri).get_model_version_download_uri(registry.model_name, version))


def rolled_out(kubectl: Kubectl) -> bool:
    wanted = {"documents-predictor", "documents-transformer", "pigeonhole-operator"}
    found = {item["metadata"]["name"]: item.get("status", {}) for item in kubectl.list("deployment")}
    return all(found.get(name, {}).get("availableReplicas") == 1 for name in wanted)


def test_the_whole_story(story: Story, figure: Callable[[str], None]) -> None:
    kubectl, seen_held = story.kubectl, seen_and_held_out(all_rows())
    seen, held = seen_held
    began = time.monotonic()
    wait_until(lambda: story.kubectl.get("modeldeployment", "documents").get("status") is not None, "the first status")
    with Load(story.url) as load:
        # A better one: nobody notices but by its answers.
        register(story.registry, trained(seen), held)
        wait_for_phase(kubectl, "documents-v2-1", "Succeeded")
        wait_until(lambda: {answer.version for answer in load.answers[-5:]} == {"2"}, "answers of version 2")
        # A worse one: it learned from labels that mean nothing.
        register(story.registry, trained(shuffled(seen)), held)
        wait_for_phase(kubectl, "documents-v3-1", "Rejected")
        # One that scores well on what it was judged by, and says something else of real documents.
        swapped = {"invoice": "payslip", "payslip": "invoice"}
        register(story.registry, trained(renamed(seen, swapped)), renamed(held, swapped))
        wait_for_phase(kubectl, "documents-v4-1", "RolledBack")
        # One that is right about the documents that come, and wrong about those of the golden set, which do not.
        swapped = {"resume": "payslip", "payslip": "resume"}
        register(story.registry, trained(renamed(seen, swapped)), renamed(held, swapped))
        wait_for_phase(kubectl, "documents-v5-1", "RolledBack")
    took = time.monotonic() - began
    assert load.failed == []
    assert {answer.class_name for answer in load.answers} == {"invoice"}
    assert {answer.version for answer in load.answers} == {"1", "2"}
    status = kubectl.get("modeldeployment", "documents")["status"]
    assert (status["stable"]["version"], [item["version"] for item in status["quarantined"]]) == ("2", ["4", "5"])
    assert story.condition("Ready") == ("True", "ServingStable")
    assert story.condition("GatesPassed") == ("True", "GatesPassed")
    assert story.aliases() == {"champion": "2", "previous": "1", "candidate": "5"}
    ends = {name: story.attempt(name) for name in ("documents-v2-1", "documents-v4-1", "documents-v5-1")}
    assert [end["reason"] for end in ends.values()] == ["", "AnalysisFailed", "GoldenSetFailed"]
    # The analysis of the fourth may end before its golden set does.
    judged = {name: end["golden"] for name, end in ends.items() if name != "documents-v4-1"}
    rights = [(golden["candidateRight"], golden["stableRight"]) for golden in judged.values()]
    assert rights == [(GOLDEN_DOCUMENTS, GOLDEN_DOCUMENTS), (0, GOLDEN_DOCUMENTS)]
    refused = kubectl("logs", "deployment/pigeonhole-operator")
    assert "Forbidden" not in refused
    figure(f"operator: the story took {took:.0f} s, {len(load.answers)} documents were answered")
