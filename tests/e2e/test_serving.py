"""The model servers in pods, with KServe and without: an answer, a new version, a candidate, and its sudden end."""

import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from pigeonhole_serving.routing import choose, parse_routing

from .forwarding import forwarded
from .kubectl import Kubectl, wait_until
from .served_documents import Load, letter, load_models, manifests, scan, send, train_model

pytestmark = pytest.mark.e2e
CANDIDATE = "documents-candidate-predictor"
Change = dict[str, Any]


@dataclass(frozen=True)
class Variant:
    """One of the two ways to run the servers: its manifests, and how a predictor's model is changed."""

    manifests: tuple[str, ...]
    candidate: str
    kind: str
    name: str
    change: Callable[[str], Change]


def kserve_change(version: str) -> Change:
    model = {"storageUri": f"pvc://models/document-classifier/{version}", "env": [version_variable(version)]}
    return {"spec": {"predictor": {"model": model}}}


def deployment_change(version: str) -> Change:
    container = {
        "name": "kserve-container",
        "env": [version_variable(version)],
        "volumeMounts": [{"mountPath": "/mnt/models", "name": "models", "subPath": f"document-classifier/{version}"}],
    }
    return {"spec": {"template": {"spec": {"containers": [container]}}}}


def version_variable(version: str) -> dict[str, str]:
    return {"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": version}


VARIANTS = {
    "deployments": Variant(
        ("routing/documents-routing.yaml", "deployments/predictor.yaml", "deployments/transformer.yaml"),
        *("deployments/candidate.yaml", "deployment", "documents-predictor"),
        deployment_change,
    ),
    "kserve": Variant(
        ("routing/documents-routing.yaml", "kserve/servingruntime.yaml", "kserve/inferenceservice.yaml"),
        *("kserve/candidate.yaml", "inferenceservice", "documents"),
        kserve_change,
    ),
}


class Shop:
    """A namespace in which documents are served."""

    def __init__(self, kubectl: Kubectl, variant: Variant) -> None:
        self.kubectl = kubectl
        self.variant = variant

    def open(self) -> None:
        """Start the servers, and wait until all of them are ready."""
        self.kubectl.apply(manifests(*self.variant.manifests))
        servers = ("documents-predictor", "documents-transformer")
        wait_until(lambda: all(map(self.rolled_out, servers)), "both servers to be ready", self.events)

    def serve(self, version: str) -> None:
        """Have stable serve a version; it rolls out after this returns."""
        change = json.dumps(self.variant.change(version))
        kind = "strategic" if self.variant.kind == "deployment" else "merge"
        self.kubectl("patch", self.variant.kind, self.variant.name, f"--type={kind}", "-p", change)

    def rolled_out(self, deployment: str) -> bool:
        for found in self.kubectl.list("deployment"):
            if found["metadata"]["name"] == deployment:
                counts = found.get("status", {})
                return bool(
                    counts.get("observedGeneration") == found["metadata"]["generation"]
                    and counts.get("updatedReplicas") == counts.get("replicas") == counts.get("availableReplicas") == 1
                )
        return False

    def pods(self, deployment: str) -> list[str]:
        return [
            pod["metadata"]["name"]
            for pod in self.kubectl.list("pod")
            if pod["metadata"]["name"].startswith(f"{deployment}-")
        ]

    def route(self, generation: int, candidate: dict[str, object] | None) -> str:
        """Write the routing, and return it as the transformer is to read it."""
        rules = json.dumps(
            {"generation": generation, "stable": {"host": "documents-predictor"}, "candidate": candidate}
        )
        change = json.dumps({"data": {"routing.json": rules}})
        self.kubectl("patch", "configmap", "documents-routing", "--type=merge", "-p", change)
        # The kubelet renews mounted ConfigMaps about once a minute, and at once when it has to look at the pod.
        (pod,) = self.pods("documents-transformer")
        self.kubectl("annotate", "pod", pod, f"routing={generation}", "--overwrite")
        return rules

    def events(self) -> str:
        return self.kubectl("get", "pods") + self.kubectl("get", "events")[-3000:]


def version_at(url: str) -> str:
    with httpx.Client(base_url=url, timeout=60) as client:
        return send(client, letter("invoice", 0)).version


def counted(url: str, name: str, **labels: str) -> float:
    families = text_string_to_metric_families(httpx.get(f"{url}/metrics", timeout=30).text)
    samples = [sample for family in families for sample in family.samples if sample.name == name]
    return sum(sample.value for sample in samples if labels.items() <= sample.labels.items())


@pytest.fixture(scope="module", params=VARIANTS)
def shop(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    if request.param == "kserve":
        request.getfixturevalue("stand_in")
    kubectl = Kubectl(f"serving-{uuid4().hex[:8]}")
    models: Path = tmp_path_factory.mktemp("models")
    for version, features in (("1", 2000), ("2", 150)):
        train_model(models / version, features=features)
    kubectl("create", "namespace", kubectl.namespace)
    try:
        load_models(kubectl, models)
        shop = Shop(kubectl, VARIANTS[request.param])
        shop.open()
        yield shop
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture(scope="module")
def url(shop: Shop) -> Iterator[str]:
    with forwarded(shop.kubectl, "service/documents-transformer") as address:
        yield address


def test_a_scanned_document_gets_its_class_from_real_pods(shop: Shop, url: str) -> None:
    with httpx.Client(base_url=url, timeout=60) as client:
        answer = send(client, scan("payslip"))
    assert (answer.status, answer.class_name, answer.role, answer.version) == (200, "payslip", "stable", "1")
    assert len(shop.pods("documents-predictor")) == len(shop.pods("documents-transformer")) == 1


def test_a_new_version_rolls_out_under_load_without_one_failed_request(shop: Shop, url: str) -> None:
    assert version_at(url) == "1"
    with Load(url) as load:
        wait_until(lambda: len(load.answers) > 20, "requests under way")
        shop.serve("2")
        wait_until(lambda: shop.rolled_out("documents-predictor"), "the rollout")
        wait_until(lambda: [answer.version for answer in load.answers[-5:]] == ["2"] * 5, "answers of version 2")
        seen = len(load.answers)
        # The old pod has to be gone as well, with all its connections.
        wait_until(lambda: len(shop.pods("documents-predictor")) == 1, "the old pod's end")
        wait_until(lambda: len(load.answers) > seen + 20, "requests after the rollout")
    assert load.failed == []
    assert {answer.version for answer in load.answers} == {"1", "2"}
    assert {answer.class_name for answer in load.answers} == {"invoice"}
    shop.serve("1")
    wait_until(lambda: shop.rolled_out("documents-predictor"), "the way back")
    wait_until(lambda: version_at(url) == "1", "version 1")


@pytest.fixture(scope="module")
def with_candidate(shop: Shop, url: str) -> str:
    """Version 2 on trial, with a fifth of the documents; returns the routing."""
    shop.kubectl.apply(manifests(shop.variant.candidate))
    wait_until(lambda: shop.rolled_out(CANDIDATE), "the candidate to be ready", shop.events)
    rules = shop.route(20, {"host": CANDIDATE, "version": "2", "weight": 20, "shadow": True})
    wait_until(lambda: counted(url, "pigeonhole_routing_generation") == 20, "the routing to reach the transformer")
    return rules


def test_a_candidate_gets_its_fifth_of_the_documents_and_always_the_same_ones(url: str, with_candidate: str) -> None:
    documents = [letter("invoice", number) for number in range(300)]
    routing = parse_routing(with_candidate.encode())
    expected = [choose(routing, hashlib.sha256(document).hexdigest()).answers.value for document in documents]
    # Four standard deviations of 300 draws at 20 %.
    assert 60 - 4 * 6.93 < expected.count("candidate") < 60 + 4 * 6.93
    with httpx.Client(base_url=url, timeout=60) as client:
        for _ in range(2):
            answers = [send(client, document) for document in documents]
            assert {answer.status for answer in answers} == {200}
            assert [answer.role for answer in answers] == expected
    assert all(answer.version == {"stable": "1", "candidate": "2"}[answer.role] for answer in answers)
    wait_until(
        lambda: counted(url, "pigeonhole_shadow_comparisons_total", model_version="2", stable_version="1") > 100,
        "comparisons of both models",
    )


def test_a_killed_candidate_costs_no_request(shop: Shop, url: str, with_candidate: str) -> None:
    before = counted(url, "pigeonhole_candidate_fallbacks_total")
    with Load(url) as load:
        wait_until(lambda: any(answer.role == "candidate" for answer in load.answers), "an answer of the candidate")
        shop.kubectl("delete", "pod", *shop.pods(CANDIDATE), "--grace-period=0", "--force")
        wait_until(lambda: counted(url, "pigeonhole_candidate_fallbacks_total") > before, "stable to answer instead")
        seen = len(load.answers)
        wait_until(
            lambda: any(answer.role == "candidate" for answer in load.answers[seen:]),
            "the new pod of the candidate to answer",
        )
    assert load.failed == []
