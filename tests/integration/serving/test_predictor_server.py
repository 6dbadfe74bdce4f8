"""The predictor on its own: its two protocols and what it refuses to load."""

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from pigeonhole.artefact import load_classifier
from pigeonhole.classifier import explain, score_texts

from .conftest import Server, wait_until

pytestmark = pytest.mark.integration
V1 = "/v1/models/documents:predict"
V2 = "/v2/models/documents/infer"
TEXTS = ["facture montant total", "bulletin paie salaire"]


def score(predictor: Server, texts: list[Any], **parameters: Any) -> httpx.Response:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [len(texts)], "data": texts}
    return httpx.post(predictor.url + V2, json={"inputs": [tensor], "parameters": parameters}, timeout=30)


def test_v2_answers_with_the_model_s_numbers_and_its_identity(
    predictor: Server, model_folders: dict[str, Path]
) -> None:
    model, identity = load_classifier(model_folders["1"])
    answer = score(predictor, TEXTS).json()
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert answer["parameters"] == {
        "name": identity.name,
        "version": "1",
        "run_id": "run1",
        "digest": identity.digest,
    }
    assert (outputs["classes"]["datatype"], outputs["classes"]["data"]) == ("BYTES", list(model.classes))
    assert outputs["thresholds"]["data"] == pytest.approx(list(model.thresholds))
    assert outputs["probabilities"]["shape"] == [2, 3]
    assert outputs["probabilities"]["data"] == pytest.approx(model.probabilities(TEXTS).ravel().tolist())
    assert "reasons" not in outputs


def test_v2_explains_each_text_when_asked(predictor: Server, model_folders: dict[str, Path]) -> None:
    model, _ = load_classifier(model_folders["1"])
    outputs = {output["name"]: output for output in score(predictor, TEXTS, explain=2).json()["outputs"]}
    for text, words, answer in zip(TEXTS, outputs["reasons"]["data"], score_texts(model, TEXTS), strict=True):
        assert answer.class_name is not None
        expected = explain(model, text, answer.class_name, top=2)
        assert [word["word"] for word in json.loads(words)] == [word.word for word in expected]


def test_v2_gives_nulls_for_a_text_that_the_model_cannot_score(predictor: Server) -> None:
    response = score(predictor, ["", "шш"], explain=3)
    outputs = {output["name"]: output for output in response.json()["outputs"]}
    assert response.status_code == 200
    assert outputs["probabilities"]["data"] == [None] * 6
    assert outputs["reasons"]["data"] == ["[]", "[]"]


def test_v1_answers_decided_predictions(predictor: Server, model_folders: dict[str, Path]) -> None:
    model, identity = load_classifier(model_folders["1"])
    predictions = httpx.post(predictor.url + V1, json={"instances": TEXTS}).json()["predictions"]
    for prediction, expected in zip(predictions, score_texts(model, TEXTS), strict=True):
        assert prediction["class"] == expected.class_name
        assert prediction["confidence"] == pytest.approx(expected.confidence)
        assert prediction["abstained"] == expected.abstained
        assert prediction["threshold"] == pytest.approx(expected.threshold)
        assert sum(item["p"] for item in prediction["probabilities"]) == pytest.approx(1)
        assert prediction["model"]["digest"] == identity.digest


@pytest.mark.parametrize(
    ("texts", "parameters", "field"),
    [
        ([], {}, "inputs[0].data"),
        ([1], {}, "inputs[0].data[0]"),
        (["x"] * 257, {}, "inputs[0].data"),
        (["x"], {"explain": 51}, "parameters.explain"),
        (["x"], {"explain": "many"}, "parameters.explain"),
        (["x"], {"explain": True}, "parameters.explain"),
    ],
)
def test_a_wrong_v2_request_names_the_field(
    predictor: Server, texts: list[Any], parameters: dict[str, Any], field: str
) -> None:
    response = score(predictor, texts, **parameters)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


@pytest.mark.parametrize(
    ("body", "field"),
    [({"x": 1}, "instances"), ({"instances": [{}]}, "instances[0]"), (["x"], "body"), ({"instances": []}, "instances")],
)
def test_a_wrong_v1_request_names_the_field(predictor: Server, body: Any, field: str) -> None:
    response = httpx.post(predictor.url + V1, json=body)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def a_pickle(folder: Path) -> None:
    (folder / "model.skops").unlink()
    (folder / "model.pkl").write_bytes(pickle.dumps({"model": 1}))


def foreign_libraries(folder: Path) -> None:
    description = json.loads((folder / "model.json").read_text())
    description["libraries"]["scikit-learn"] = "1.2.3"
    (folder / "model.json").write_text(json.dumps(description))


def another_content(folder: Path) -> None:
    description = json.loads((folder / "model.json").read_text())
    description["thresholds"][0] = 0.123
    (folder / "model.json").write_text(json.dumps(description))


def half_a_model(folder: Path) -> None:
    content = (folder / "model.skops").read_bytes()
    (folder / "model.skops").write_bytes(content[: len(content) // 2])


def half_a_description(folder: Path) -> None:
    content = (folder / "model.json").read_bytes()
    (folder / "model.json").write_bytes(content[: len(content) // 2])


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (half_a_model, "model-damaged"),
        (half_a_description, "description-invalid"),
        (a_pickle, "pickle-refused"),
        (foreign_libraries, "library-mismatch"),
        (another_content, "digest-mismatch"),
        (shutil.rmtree, "model-missing"),
    ],
)
def test_a_model_that_must_not_be_loaded_leaves_the_predictor_alive_and_not_ready(
    start_server: Callable[..., Server],
    model_folders: dict[str, Path],
    tmp_path: Path,
    spoil: Callable[[Path], None],
    reason: str,
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_folders["1"], folder)
    spoil(folder)
    server = start_server("predictor_server", "--model_dir", str(folder)).wait("/readyz", 503)
    while (problem := server.get("/readyz").json()["problems"][0])["reason"] == "not-ready":
        pass
    assert problem["reason"] == reason
    assert str(tmp_path) not in json.dumps(problem)
    assert server.status("/") == 200
    assert server.status("/v2/health/ready") == server.status("/v2/models/documents/ready") == 503
    assert score(server, ["x"]).json()["reason"] == "not-ready"
    assert server.stop() == 0


def test_more_than_one_worker_is_refused(start_server: Callable[..., Server], model_folders: dict[str, Path]) -> None:
    server = start_server("predictor_server", "--model_dir", str(model_folders["1"]), "--workers", "2")
    assert server.process is not None
    assert server.process.wait(60) == 2
    assert "this server is one process" in server.log()


def test_a_registry_s_folder_gets_its_identity_from_the_settings(
    start_server: Callable[..., Server], model_folders: dict[str, Path], tmp_path: Path
) -> None:
    folder = tmp_path / "model"
    shutil.copytree(model_folders["1"], folder)
    (folder / "identity.json").unlink()
    server = start_server(
        "predictor_server", "--model_dir", str(folder), serving_model_version="12", serving_model_run_id="ab12"
    ).wait()
    identity = score(server, ["facture"]).json()["parameters"]
    assert (identity["name"], identity["version"], identity["run_id"]) == ("document-classifier", "12", "ab12")
    assert len(identity["digest"]) == 64


def test_a_folder_of_another_version_than_the_settings_name_is_refused(
    start_server: Callable[..., Server], model_folders: dict[str, Path]
) -> None:
    server = start_server("predictor_server", "--model_dir", str(model_folders["1"]), serving_model_version="12").wait(
        "/readyz", 503
    )
    wait_until(lambda: "identity-mismatch" in server.get("/readyz").text, "the refusal")
