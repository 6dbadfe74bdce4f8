"""Models of a real MLflow registry: listed, compared, promoted and restored."""

import time
from collections.abc import Callable
from typing import Any

import pytest

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole_api.client import ApiError, PlatformClient

pytestmark = pytest.mark.integration
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "salaire congé"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3


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
    assert client.set_production("2", "it is better").aliases == ["champion"]
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
