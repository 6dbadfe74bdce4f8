"""A real MLflow as the operator sees it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import mlflow
import pytest

from pigeonhole.classifier import TrainedClassifier
from pigeonhole.registry import ModelRegistry
from pigeonhole_operator.decision.observed import Artefact, ModelVersion
from pigeonhole_operator.sources.artefacts import ArtefactStore
from pigeonhole_operator.sources.mlflow import MlflowRegistry
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.storages import Storages

from .conftest import LABELS, patient, with_session
from .faulty_server import answer, faulty_server

pytestmark = pytest.mark.integration
Register = Callable[..., ModelRegistry]


def ask(url: str, method: str, *arguments: Any, **settings: Any) -> Any:
    """Return what one call of the registry finds."""
    values = patient(mlflow_url=url, **settings)
    return with_session(lambda session: getattr(MlflowRegistry(session, values), method)(*arguments))


def look(url: str, storage_uri: str, **settings: Any) -> Artefact:
    """Return what lies at an address."""

    async def call(session: Any) -> Artefact:
        store = ArtefactStore(session, patient(mlflow_url=url, **settings), Storages())
        try:
            return await store.look(storage_uri)
        finally:
            store.close()

    return with_session(call)


def refused(url: str, method: str, *arguments: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        ask(url, method, *arguments)
    return caught.value


@pytest.fixture(scope="module")
def documents(mlflow_server: str, register: Register) -> ModelRegistry:
    """A model with two versions, the first of which is the champion."""
    champion = {"version": "1", "metrics": {"macro_f1": 0.5}, "obstacle": None}
    registry = register("documents")
    register("documents", champion=champion)
    registry.promote("1")
    return registry


def test_aliases_are_those_of_the_registry(mlflow_server: str, documents: ModelRegistry) -> None:
    assert ask(mlflow_server, "aliases", "documents") == {"champion": "1", "candidate": "2"}


def test_a_model_that_there_is_not_has_no_aliases(mlflow_server: str) -> None:
    assert ask(mlflow_server, "aliases", "no such model") == {}


def test_a_version_names_its_run_its_content_and_where_its_files_are(
    mlflow_server: str, documents: ModelRegistry, trained: TrainedClassifier
) -> None:
    registered = documents.get("2")
    assert registered is not None
    version: ModelVersion = ask(mlflow_server, "version", "documents", "2")
    assert (version.version, version.run_id, version.status) == ("2", registered.run_id, "READY")
    assert version.digest == trained.digest
    assert version.classes == tuple(sorted(set(LABELS)))
    assert version.tags == registered.tags
    assert version.storage_uri.startswith("mlflow-artifacts:/")


@pytest.mark.parametrize(("model", "version"), [("documents", "99"), ("no such model", "1")])
def test_a_version_that_there_is_not_is_none(
    mlflow_server: str, documents: ModelRegistry, model: str, version: str
) -> None:
    assert ask(mlflow_server, "version", model, version) is None


def test_a_deleted_version_is_none_and_takes_its_aliases_along(mlflow_server: str, register: Register) -> None:
    register("short-lived")
    mlflow.MlflowClient(mlflow_server).delete_model_version("short-lived", "1")
    assert ask(mlflow_server, "version", "short-lived", "1") is None
    assert ask(mlflow_server, "aliases", "short-lived") == {}


def test_the_evaluation_is_that_of_the_version_s_run(mlflow_server: str, documents: ModelRegistry) -> None:
    version = ask(mlflow_server, "version", "documents", "2")
    evaluation = ask(mlflow_server, "evaluation", version)
    report = documents.evaluation("2")
    assert evaluation.metrics == report["metrics"]
    assert {name: score.support for name, score in evaluation.per_class.items()} == {"invoice": 3, "payslip": 3}
    assert (evaluation.champion_version, evaluation.champion_metrics) == ("1", {"macro_f1": 0.5})


@pytest.mark.parametrize("run_id", ["", "f" * 32])
def test_without_a_run_there_is_no_evaluation(mlflow_server: str, run_id: str) -> None:
    assert refused(mlflow_server, "evaluation", ModelVersion("1", run_id, "", "")).code == "EvaluationMissing"


def test_a_run_without_a_report_has_no_evaluation_and_one_with_another_a_garbled_one(mlflow_server: str) -> None:
    client = mlflow.MlflowClient(mlflow_server)
    run_id = client.create_run(client.create_experiment("bare")).info.run_id
    version = ModelVersion("1", run_id, "", "")
    assert refused(mlflow_server, "evaluation", version).code == "EvaluationMissing"
    client.log_text(run_id, "no report", "evaluation.json")
    assert refused(mlflow_server, "evaluation", version).code == "EvaluationGarbled"


def test_an_alias_is_set_moved_and_taken_away_again(mlflow_server: str, register: Register) -> None:
    register("moved")
    register("moved")
    ask(mlflow_server, "set_alias", "moved", "champion", "1")
    ask(mlflow_server, "set_alias", "moved", "champion", "2")
    assert ask(mlflow_server, "aliases", "moved") == {"champion": "2", "candidate": "2"}
    for _ in range(2):
        ask(mlflow_server, "delete_alias", "moved", "candidate")
    assert ask(mlflow_server, "aliases", "moved") == {"champion": "2"}
    ask(mlflow_server, "delete_alias", "no such model", "candidate")


def test_tags_are_set_and_replaced(mlflow_server: str, register: Register) -> None:
    register("tagged")
    ask(mlflow_server, "tag", "tagged", "1", {"promotion": "Rejected", "promotion_reason": "GateFailed: é"})
    ask(mlflow_server, "tag", "tagged", "1", {"promotion": "Succeeded"})
    tags = ask(mlflow_server, "version", "tagged", "1").tags
    assert (tags["promotion"], tags["promotion_reason"]) == ("Succeeded", "GateFailed: é")


@pytest.mark.parametrize(
    ("method", "arguments", "code"),
    [
        ("version", ("documents", "latest"), "INVALID_PARAMETER_VALUE"),
        ("set_alias", ("documents", "champion", "99"), "RESOURCE_DOES_NOT_EXIST"),
        ("set_alias", ("documents", "latest", "1"), "INVALID_PARAMETER_VALUE"),
        ("tag", ("documents", "99", {"a": "b"}), "RESOURCE_DOES_NOT_EXIST"),
        ("aliases", ("",), "INVALID_PARAMETER_VALUE"),
    ],
)
def test_what_mlflow_refuses_is_named_by_its_code(
    mlflow_server: str, documents: ModelRegistry, method: str, arguments: tuple[Any, ...], code: str
) -> None:
    error = refused(mlflow_server, method, *arguments)
    assert error.code == "RegistryRefused"
    assert code in error.message


def test_rotated_credentials_are_shown_at_the_next_call(tmp_path: Path) -> None:
    token = tmp_path / "token"
    with faulty_server(answer(403, b"{}")) as server:
        for value in ("first", "second"):
            token.write_text(value)
            with pytest.raises(SourceError) as caught:
                ask(server.url, "aliases", "documents", mlflow_token_file=token)
            assert value not in caught.value.message
    assert [headers["authorization"] for headers in server.asked] == ["Bearer first", "Bearer second"]


def test_without_readable_credentials_nothing_is_asked(tmp_path: Path) -> None:
    with faulty_server(answer(200, b"{}")) as server:
        with pytest.raises(SourceError) as caught:
            ask(server.url, "aliases", "documents", mlflow_token_file=tmp_path / "missing")
        assert (caught.value.code, server.asked) == ("RegistryUnreachable", [])


def test_a_proxy_of_the_environment_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with faulty_server(answer(200, b'{"registered_model": {"aliases": [{"alias": "a", "version": "7"}]}}')) as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        assert ask("http://mlflow.invalid", "aliases", "documents") == {"a": "7"}
    assert proxy.asked[0]["host"] == "mlflow.invalid"


def test_the_files_of_a_version_are_looked_at_through_mlflow(
    mlflow_server: str, documents: ModelRegistry, trained: TrainedClassifier
) -> None:
    version = ask(mlflow_server, "version", "documents", "2")
    found = look(mlflow_server, version.storage_uri)
    assert found.digest == trained.digest
    shape = json.loads(found.signature or "")["outputs"][0]["tensor-spec"]["shape"]
    assert shape == [-1, 2]


def test_a_folder_that_mlflow_does_not_have_lacks_every_file(mlflow_server: str) -> None:
    with pytest.raises(SourceError, match=r"lacks model.skops, model.json, MLmodel") as caught:
        look(mlflow_server, "mlflow-artifacts:/99/models/m-1/artifacts")
    assert caught.value.code == "ArtefactMissing"


def test_a_host_in_an_address_of_mlflow_s_files_is_not_asked(mlflow_server: str) -> None:
    with faulty_server(answer(200, b"{}")) as server:
        host = server.url.removeprefix("http://")
        with pytest.raises(SourceError):
            look(mlflow_server, f"mlflow-artifacts://{host}/99/models/m-1/artifacts")
        assert server.asked == []


def test_a_description_beyond_the_limit_is_not_fetched(mlflow_server: str, documents: ModelRegistry) -> None:
    version = ask(mlflow_server, "version", "documents", "2")
    folder = version.storage_uri.removeprefix("mlflow-artifacts:/")
    url = f"{mlflow_server}/api/2.0/mlflow-artifacts/artifacts/{folder}/model.json"
    content = httpx.get(url, timeout=60).content
    httpx.put(url, content=content + b" " * 5000, timeout=60).raise_for_status()
    try:
        with pytest.raises(SourceError, match=r"model.json has more than 5000 bytes") as caught:
            look(mlflow_server, version.storage_uri, artefact_max_file_bytes=5000)
        assert caught.value.code == "ArtefactGarbled"
    finally:
        httpx.put(url, content=content, timeout=60).raise_for_status()
