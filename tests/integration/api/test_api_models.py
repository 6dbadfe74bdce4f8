"""Models of a real MLflow registry: listed, compared, promoted and restored."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from mlflow import MlflowClient

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole_api.client import ApiError, PlatformClient

pytestmark = pytest.mark.integration
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "salaire congé"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3
CLOSED = """
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: a-token}}]
contexts: [{name: c, context: {cluster: c, user: u}}]
current-context: c
"""


@pytest.fixture(scope="module")
def platform(module_installation: Callable[..., Any]) -> Any:
    """A platform with two registered versions, of which the first serves."""
    installation = module_installation()
    model = train_classifier(TEXTS, LABELS, [str(row) for row in range(6)], TrainingParams(max_features=200))
    evaluation = evaluate_classifier(model, TEXTS, LABELS).to_json()
    gate = {"name": "macro_f1", "value": 1.0, "limit": 0.7, "passed": True}
    registry = ModelRegistry(f"sqlite:///{installation.home}/mlflow.db")
    for dataset in ("a" * 64, "b" * 64):
        record = TrainingRecord(
            model=model,
            dataset_version=dataset,
            params={},
            evaluation={**evaluation, "gates": {"passed": True, "gates": [gate]}},
            params_digest="p" * 64,
            git_commit="c" * 40,
            ocr_engine="tesseract 5",
            input_example=TEXTS[0],
        )
        registry.register(record)
    registry.promote("1")
    installation.start_api()
    return installation


@pytest.fixture
def client(platform: Any) -> PlatformClient:
    return platform.client  # type: ignore[no-any-return]


def test_models_are_listed_with_their_roles_and_data(client: PlatformClient) -> None:
    second, first = client.models()
    assert (first.version, first.aliases, first.dataset_version) == ("1", ["champion"], "a" * 64)
    assert (second.version, second.aliases, second.gates_passed) == ("2", ["candidate"], True)
    assert first.metrics["macro_f1"] == second.metrics["macro_f1"]
    assert first.classes == ["invoice", "payslip"]


def test_a_model_shows_what_the_promotion_operator_wrote_at_it(client: PlatformClient, platform: Any) -> None:
    assert client.model("2").promotion is None
    registry = MlflowClient(f"sqlite:///{platform.home}/mlflow.db")
    for tag, value in {"result": "RolledBack", "reason": "AnalysisFailed", "message": "errors: 3 of 40"}.items():
        registry.set_model_version_tag("document-classifier", "2", f"promotion_{tag}", value)
    told = client.model("2").promotion
    assert told is not None
    assert told.is_refusal
    assert (told.result, told.reason, told.message) == ("RolledBack", "AnalysisFailed", "errors: 3 of 40")
    assert [model.promotion for model in client.models()] == [told, None]


def test_a_model_shows_its_confusion_matrix_and_gates(client: PlatformClient, refused: Callable[..., ApiError]) -> None:
    model = client.model("2")
    assert model.labels == ["invoice", "payslip"]
    assert sum(sum(row) for row in model.confusion) == 6
    assert {each.class_name for each in model.per_class} == {"invoice", "payslip"}
    assert model.gates
    assert model.gates.passed
    assert refused(lambda: client.model("9")).code == "model-missing"


def test_a_model_is_promoted_and_an_earlier_one_restored_with_a_reason(
    client: PlatformClient, refused: Callable[..., ApiError]
) -> None:
    assert client.production().version == "1"  # type: ignore[union-attr]
    promoted = client.set_production("2", "it is better")
    assert (promoted.aliases, promoted.requested) == (["champion"], False)
    restored = client.set_production("1", "too many mistakes on payslips")
    assert (restored.version, restored.dataset_version) == ("1", "a" * 64)
    assert {each.version: each.aliases for each in client.models()} == {"1": ["champion"], "2": ["previous"]}
    event = client.audit_events().events[0]
    assert (event.action, event.resource) == ("model.promoted", "model 1")
    assert event.details["before"] == "2"
    assert event.details["reason"] == "too many mistakes on payslips"
    assert refused(lambda: client.set_production("9", "try")).code == "model-missing"


def test_who_has_seen_another_model_serve_changes_nothing(
    client: PlatformClient, refused: Callable[..., ApiError]
) -> None:
    serving = client.production()
    assert serving is not None
    other = "2" if serving.version == "1" else "1"
    assert refused(lambda: client.set_production(other, "try", instead_of=other)).code == "model-changed"
    assert client.production() == serving
    assert client.set_production(other, "seen", instead_of=serving.version).version == other
    assert client.set_production(serving.version, "back").version == serving.version


def test_who_asks_again_and_again_for_the_model_that_serves_is_answered_quickly(client: PlatformClient) -> None:
    client.production()
    seconds = []
    for _ in range(20):
        started = time.perf_counter()
        client.production()
        seconds.append(time.perf_counter() - started)
    assert sorted(seconds)[10] < 0.1


@pytest.fixture(scope="module", params=["nobody answers", "no configuration"])
def cut_off(request: pytest.FixtureRequest, platform: Any) -> Iterator[Any]:
    """A second API over the same registry, which is to ask a cluster that cannot be asked."""
    kubeconfig = platform.home / "kubeconfig"
    if request.param == "nobody answers":
        kubeconfig.write_text(CLOSED)
    else:
        kubeconfig.unlink(missing_ok=True)
    deployment = {"PIGEONHOLE_API_MODEL_DEPLOYMENT": "shop/documents", "KUBECONFIG": str(kubeconfig)}
    second = type(platform)(platform.home, "http://127.0.0.1:1", **deployment)
    second.start_api()
    yield second
    second.close()


def test_what_a_cluster_was_to_be_asked_is_refused_while_it_does_not_answer(cut_off: Any, platform: Any) -> None:
    serving, events = platform.client.production(), platform.client.audit_events().events
    other = "2" if serving.version == "1" else "1"
    answer = cut_off.call("PUT", "/v1/models/production", json={"version": other, "reason": "try"})
    assert (answer.status_code, answer.json()["code"]) == (503, "deployment-unavailable")
    assert answer.headers["retry-after"] == "5"
    assert "127.0.0.1" not in answer.text
    assert str(platform.home) not in answer.text
    assert cut_off.client.production() == serving
    assert platform.client.audit_events().events == events


def test_the_registry_is_asked_before_the_cluster(cut_off: Any, refused: Callable[..., ApiError]) -> None:
    client = cut_off.client
    assert refused(lambda: client.set_production("9", "try")).code == "model-missing"
    assert refused(lambda: client.set_production("1", "try", instead_of="8")).code == "model-changed"


def test_a_cluster_s_client_is_loaded_when_someone_asks_alone() -> None:
    asking = "from pigeonhole_api.promotion_wishes import PromotionWishes; PromotionWishes('shop/documents')"
    loaded = "{'lightkube', 'httpx2', 'msgspec'} & set(sys.modules)"
    script = f"import sys, pigeonhole_api.serve; {asking}; sys.exit(str({loaded} or ''))"
    assert subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60).stderr == "\n"
