"""The OpenAPI documents: whole, valid, and true to the servers' routes, reasons and limits."""

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from importlib.resources import files
from typing import Any

import jsonschema_rs
import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from kserve.model_server import app
from openapi_spec_validator import validate
from starlette.testclient import TestClient

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import Score, not_scored
from pigeonhole.documents import Document, MediaType
from pigeonhole.documents.refusal import RefusalReason
from pigeonhole.prediction import OcrSummary, PageBox, PageScore, Prediction, WordReason
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.errors import FieldError, Reason, error_body, failure, malformed_field
from pigeonhole_serving.model_server import PigeonholeModelServer, ServerParts, _RestServer
from pigeonhole_serving.openapi import predictor_document, transformer_document
from pigeonhole_serving.protocol.predictions import v1_predictions
from pigeonhole_serving.protocol.texts import MAX_EXPLAIN, v1_scores
from pigeonhole_serving.settings import ServingSettings

pytestmark = pytest.mark.unit
Make = Callable[[ServingSettings], dict[str, Any]]
MAKERS: tuple[Make, ...] = (transformer_document, predictor_document)
SETTINGS = ServingSettings(max_documents=3, max_texts=5, max_body_bytes=4321, retry_after_seconds=7)
HIDDEN = {
    ("POST", "/v1/models/{model_name}:explain"),
    ("GET", "/v2/models/{model_name}/versions/{model_version}"),
    ("GET", "/v2/models/{model_name}/versions/{model_version}/ready"),
    ("POST", "/v2/models/{model_name}/versions/{model_version}/infer"),
    ("POST", "/v2/repository/models/{rest:path}"),
    ("POST", "/v2/repository/models/{model_name}/load"),
    ("POST", "/v2/repository/models/{model_name}/unload"),
}
"""What kserve has and these servers do not serve."""


async def nothing() -> None:
    """Close nothing."""


@pytest.fixture(scope="module")
def served() -> FastAPI:
    parts = ServerParts(SETTINGS, lambda: (), lambda: (), lambda: False, (), nothing)
    _RestServer(PigeonholeModelServer(0, parts), parts, transformer_document(SETTINGS)).create_application()
    application: FastAPI = app
    return application


def endpoints(application: FastAPI) -> Iterator[tuple[str, str]]:
    for route in iter_route_contexts(application.routes):
        # That one refuses the methods that a documented address does not take.
        if route.name != "predict_otherwise":
            yield from ((method, str(route.path)) for method in route.methods or () if method != "HEAD")


def documented(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(method.upper(), path) for path, item in document["paths"].items() for method in item}


def schema_of(document: dict[str, Any], name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/schemas/{name}", "components": document["components"]}


def check(value: Any, document: dict[str, Any], name: str) -> None:
    jsonschema_rs.validate(schema_of(document, name), json.loads(json.dumps(value)))


@pytest.mark.parametrize("make", MAKERS)
def test_a_document_is_valid_openapi_with_every_limit_filled_in(make: Make) -> None:
    document = make(SETTINGS)
    validate(document)
    assert "${" not in json.dumps(document)


@pytest.mark.parametrize("make", MAKERS)
def test_a_document_has_the_served_routes_and_no_other(served: FastAPI, make: Make) -> None:
    found = set(endpoints(served))
    assert found >= HIDDEN
    assert found - HIDDEN == documented(make(SETTINGS))


@pytest.mark.parametrize(("method", "path"), sorted(HIDDEN))
def test_a_hidden_route_answers_an_error_of_our_shape(served: FastAPI, method: str, path: str) -> None:
    with TestClient(served) as client:
        response = client.request(method, path.replace("{", "").replace("}", ""), json={"inputs": []})
    assert response.status_code in (404, 501)
    check(response.json(), transformer_document(SETTINGS), "Error")


def test_the_server_answers_its_document(served: FastAPI) -> None:
    with TestClient(served) as client:
        assert client.get("/openapi.json").json() == json.loads(json.dumps(transformer_document(SETTINGS)))


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
def test_a_method_that_an_address_does_not_take_is_refused_with_those_that_it_takes(
    served: FastAPI, method: str
) -> None:
    with TestClient(served) as client:
        predict = client.request(method, "/v1/models/documents:predict")
        infer = client.request(method, "/v2/models/documents/infer")
    assert [(answer.status_code, answer.headers["allow"]) for answer in (predict, infer)] == [(405, "POST")] * 2


@pytest.mark.parametrize("make", MAKERS)
def test_every_reason_of_an_error_is_in_the_enum(make: Make) -> None:
    schemas = make(SETTINGS)["components"]["schemas"]
    assert set(schemas["Reason"]["enum"]) == {*map(str, Reason), *map(str, RefusalReason)}


def test_the_reasons_of_a_refused_document_are_the_domain_s() -> None:
    schemas = transformer_document(SETTINGS)["components"]["schemas"]
    assert set(schemas["RefusalReason"]["enum"]) == set(map(str, RefusalReason))
    media_types = schemas["Prediction"]["properties"]["document"]["properties"]["media_type"]
    assert set(media_types["enum"]) == set(map(str, MediaType))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("reason", sorted(set(Reason) - {Reason.METHOD_NOT_ALLOWED, Reason.NOT_SUPPORTED}))
def test_every_reason_is_documented_with_its_status(make: Make, reason: Reason) -> None:
    document = make(SETTINGS)
    error = failure(reason, "One sentence.") if reason != Reason.MALFORMED else malformed_field("body", "Not JSON.")
    for path in ("/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer"):
        reference = document["paths"][path]["post"]["responses"][str(error.status)]["$ref"]
        response = document["components"]["responses"][reference.rsplit("/", 1)[1]]
        schema = response["content"]["application/json"]["schema"] | {"components": document["components"]}
        jsonschema_rs.validate(schema, error_body(error, "id-1"))
        assert ("retry-after" in response["headers"]) == error.asks_to_retry


@pytest.mark.parametrize("make", MAKERS)
def test_every_example_of_an_answer_fits_its_schema(make: Make) -> None:
    document = make(SETTINGS)
    operations = [operation for item in document["paths"].values() for operation in item.values()]
    answers = [*document["components"]["responses"].values()]
    answers += [answer for operation in operations for answer in operation["responses"].values()]
    answers += [operation["requestBody"] for operation in operations if "requestBody" in operation]
    contents = [content for answer in answers for content in answer.get("content", {}).values()]
    examples = [content for content in contents if "example" in content]
    assert len(examples) >= 12
    for content in examples:
        jsonschema_rs.validate(content["schema"] | {"components": document["components"]}, content["example"])


def test_the_limits_are_those_of_the_settings() -> None:
    for make, most in ((transformer_document, 3), (predictor_document, 5)):
        document = make(SETTINGS)
        schemas, paths = document["components"]["schemas"], document["paths"]
        assert schemas["PredictRequest"]["properties"]["instances"]["maxItems"] == most
        tensor = schemas["InferRequest"]["properties"]["inputs"]["items"]["properties"]
        assert (tensor["data"]["maxItems"], tensor["shape"]["items"]["maximum"]) == (most, most)
        for path in ("/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer"):
            assert "4321 bytes" in paths[path]["post"]["requestBody"]["description"]
    parameters = predictor_document(SETTINGS)["components"]["schemas"]["InferRequest"]["properties"]["parameters"]
    assert parameters["properties"]["explain"]["maximum"] == MAX_EXPLAIN


PREDICTION = Prediction(
    score=Score("invoice", 0.9, (("invoice", 0.9), ("resume", 0.1)), 0.8, abstained=False, threshold=0.7),
    reasons=(WordReason("total", 0.4, (PageBox(1, 2, 3, 4, 5),)),),
    pages=(PageScore(1, "invoice", 0.9, "fr", None), PageScore(2, None, None, "", "timeout")),
    model=ModelIdentity("documents", "3", "run", "digest"),
    role="candidate",
    ocr=OcrSummary("tesseract", "5", 1.5, 1, "fr", 91.5, "lines"),
    document=Document("0" * 64, MediaType.TIFF, 10, 2),
)


def test_a_prediction_fits_its_schema() -> None:
    unscored = Prediction(**{**vars(PREDICTION), "score": not_scored(), "reasons": ()})
    check(v1_predictions([PREDICTION, unscored]), transformer_document(SETTINGS), "PredictAnswer")


def test_a_prediction_with_a_field_that_is_not_documented_does_not_fit() -> None:
    with pytest.raises(jsonschema_rs.ValidationError):
        check(PREDICTION.to_json() | {"text": "x"}, transformer_document(SETTINGS), "Prediction")


def test_the_predictor_s_answer_fits_its_schema() -> None:
    rows = ((0.1, 0.9), (float("nan"), float("nan")))
    scored = ScoredTexts(PREDICTION.model, ("cv", "invoice"), (0.5, 0.95), rows, 0.7)
    check(v1_scores(scored), predictor_document(SETTINGS), "PredictAnswer")


def test_readiness_names_a_problem_as_documented() -> None:
    problem = asdict(FieldError("ocr", Reason.NOT_READY.value, "The document readers are starting."))
    check({"ready": False, "problems": [problem]}, transformer_document(SETTINGS), "Readiness")


@pytest.mark.parametrize("name", ["shared.yaml", "transformer.yaml", "predictor.yaml"])
def test_the_documents_are_data_of_the_package(name: str) -> None:
    assert (files("pigeonhole_serving.openapi") / name).is_file()
