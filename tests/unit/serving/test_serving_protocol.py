"""The wire formats of both servers, without a server."""

import base64
import json
import math
from dataclasses import replace
from typing import Any

import pytest

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import TrainingParams, WordWeight, decide, not_scored, train_classifier
from pigeonhole.documents import Document, MediaType
from pigeonhole.prediction import OcrSummary, PageBox, PageScore, Prediction, WordReason
from pigeonhole.scored_texts import ScoredTexts
from pigeonhole_serving.errors import ServingError
from pigeonhole_serving.protocol.documents import parse_v1_documents, parse_v2_documents
from pigeonhole_serving.protocol.predictions import prediction_tensor, v1_predictions
from pigeonhole_serving.protocol.tensors import Tensor, bytes_tensor
from pigeonhole_serving.protocol.texts import (
    AnswerInvalid,
    ScoreRequest,
    parse_score_answer,
    parse_v1_texts,
    parse_v2_texts,
    score_request_json,
    score_tensors,
    v1_scores,
)
from pigeonhole_serving.routing import Role
from pigeonhole_serving.scoring import score_request

pytestmark = pytest.mark.unit
IDENTITY = ModelIdentity("documents", "3", "run", "digest")
SCORED = ScoredTexts(
    IDENTITY,
    classes=("cv", "invoice"),
    thresholds=(0.5, 0.95),
    probabilities=((0.1, 0.9), (math.nan, math.nan)),
    stop_confidence=0.7,
    reasons=((WordWeight("facturé", 0.5),), ()),
)


def fields_of(error: pytest.ExceptionInfo[ServingError]) -> list[str]:
    assert error.value.status == 400
    return [item.field for item in error.value.errors]


def test_v1_documents_are_decoded_with_the_field_that_brought_them() -> None:
    payload = {"instances": [{"document": base64.b64encode(b"\x00\xff").decode(), "reasons": True}, {"document": ""}]}
    first, second = parse_v1_documents(payload, 2).instances
    assert (first.field, first.data, first.reasons) == ("instances[0].document", b"\x00\xff", True)
    assert (second.field, second.data, second.reasons) == ("instances[1].document", b"", False)


def test_all_wrong_instances_of_a_request_are_named() -> None:
    with pytest.raises(ServingError) as raised:
        parse_v1_documents({"instances": [{"document": "é"}, {"document": "aGk="}, {}, 1]}, 9)
    assert fields_of(raised) == ["instances[0].document", "instances[2].document", "instances[3]"]


@pytest.mark.parametrize("text", ["aGk", "aG k=", "aGk=\n", "aGk=%", "=", "aGk=aGk="])
def test_only_strict_base64_is_a_document(text: str) -> None:
    with pytest.raises(ServingError) as raised:
        parse_v1_documents({"instances": [{"document": text}]}, 1)
    assert fields_of(raised) == ["instances[0].document"]
    assert text not in raised.value.message or text == "="


def test_v2_documents_take_reasons_from_the_request_s_parameters() -> None:
    request = parse_v2_documents([bytes_tensor("document", ["aGk="])], {"reasons": True}, 1)
    assert request.protocol == "v2"
    assert [(item.field, item.data, item.reasons) for item in request.instances] == [("inputs[0].data[0]", b"hi", True)]


def test_documents_may_come_in_a_group() -> None:
    v2 = parse_v2_documents([bytes_tensor("document", ["aGk="] * 2)], {"group": "job 1"}, 2)
    assert [item.group for item in v2.instances] == ["job 1"] * 2
    v1 = parse_v1_documents({"instances": [{"document": "aGk=", "group": "a"}, {"document": "aGk="}]}, 2)
    assert [item.group for item in v1.instances] == ["a", None]


@pytest.mark.parametrize("group", ["", "x" * 101, 1, ["a"], True])
def test_a_group_that_is_no_name_is_refused_by_its_field(group: Any) -> None:
    with pytest.raises(ServingError) as caught:
        parse_v1_documents({"instances": [{"document": "aGk=", "group": group}]}, 1)
    assert caught.value.errors[0].field == "instances[0].group"
    with pytest.raises(ServingError) as caught:
        parse_v2_documents([bytes_tensor("document", ["aGk="])], {"group": group}, 1)
    assert caught.value.errors[0].field == "parameters.group"


def test_documents_may_name_who_is_to_answer() -> None:
    v2 = parse_v2_documents([bytes_tensor("document", ["aGk="] * 2)], {"role": "candidate"}, 2)
    assert [item.role for item in v2.instances] == [Role.CANDIDATE] * 2
    instances = [{"document": "aGk=", "role": "stable"}, {"document": "aGk=", "role": None}, {"document": "aGk="}]
    v1 = parse_v1_documents({"instances": instances}, 3)
    assert [item.role for item in v1.instances] == [Role.STABLE, None, None]


@pytest.mark.parametrize("role", ["", "champion", "Stable", 1, ["stable"], True])
def test_a_role_that_there_is_not_is_refused_by_its_field(role: Any) -> None:
    with pytest.raises(ServingError) as caught:
        parse_v1_documents({"instances": [{"document": "aGk=", "role": role}]}, 1)
    assert caught.value.errors[0].field == "instances[0].role"
    with pytest.raises(ServingError) as caught:
        parse_v2_documents([bytes_tensor("document", ["aGk="])], {"role": role}, 1)
    assert caught.value.errors[0].field == "parameters.role"


@pytest.mark.parametrize(
    ("tensors", "field"),
    [
        ([], "inputs"),
        ([bytes_tensor("text", ["aGk="])], "inputs"),
        ([bytes_tensor("document", ["aGk="])] * 2, "inputs"),
        ([Tensor("document", "FP32", (1,), ["aGk="])], "inputs[0].datatype"),
        ([Tensor("document", "BYTES", (1, 1), ["aGk="])], "inputs[0].shape"),
        ([Tensor("document", "BYTES", (-1,), ["aGk="])], "inputs[0].shape"),
        ([Tensor("document", "BYTES", (1,), [b"x"])], "inputs[0].data[0]"),
        ([bytes_tensor("document", [])], "inputs[0].data"),
        ([bytes_tensor("document", ["aGk="] * 3)], "inputs[0].data"),
    ],
)
def test_a_tensor_of_another_kind_is_refused_by_its_field(tensors: list[Tensor], field: str) -> None:
    with pytest.raises(ServingError) as raised:
        parse_v2_documents(tensors, None, 2)
    assert fields_of(raised) == [field]


def test_the_predictor_understands_the_client_s_request() -> None:
    body = score_request_json(["facture", ""], 8)
    tensor = body["inputs"][0]
    read = Tensor(tensor["name"], tensor["datatype"], tuple(tensor["shape"]), tensor["data"])
    request = parse_v2_texts([read], body["parameters"], 2)
    assert (request.texts, request.explain) == (("facture", ""), 8)


@pytest.mark.parametrize("explain", [-1, 51, 1.5, "8", True, None])
def test_explain_is_a_small_whole_number(explain: Any) -> None:
    with pytest.raises(ServingError) as raised:
        parse_v2_texts([bytes_tensor("text", ["x"])], {"explain": explain}, 1)
    assert fields_of(raised) == ["parameters.explain"]


@pytest.mark.parametrize(
    ("payload", "field"),
    [(None, "body"), ({}, "instances"), ({"instances": []}, "instances"), ({"instances": ["a", 1]}, "instances[1]")],
)
def test_a_v1_text_request_of_another_shape_is_refused_by_its_field(payload: Any, field: str) -> None:
    with pytest.raises(ServingError) as raised:
        parse_v1_texts(payload, 2)
    assert fields_of(raised) == [field]


def answer_json(scored: ScoredTexts) -> dict[str, Any]:
    parameters = {"name": "documents", "version": "3", "run_id": "run", "digest": "digest"}
    return {"parameters": parameters, "outputs": [tensor.to_json() for tensor in score_tensors(scored)]}


def test_the_client_understands_the_predictor_s_answer() -> None:
    read = parse_score_answer(json.dumps(answer_json(SCORED), allow_nan=False).encode())
    assert (read.model, read.classes, read.thresholds) == (IDENTITY, SCORED.classes, SCORED.thresholds)
    assert read.probabilities[0] == SCORED.probabilities[0]
    assert all(math.isnan(value) for value in read.probabilities[1])
    assert (read.reasons, read.stop_confidence) == (SCORED.reasons, 0.7)


def test_the_predictor_tells_its_model_s_stop_confidence() -> None:
    labels, groups = ["invoice", "invoice", "cv", "cv"], list("1234")
    texts = ["facture total", "facture tva", "expérience langue", "expérience poste"]
    model = train_classifier(texts, labels, groups, TrainingParams(max_features=100))
    for stop in (None, 0.7):
        scored = score_request(replace(model, stop_confidence=stop), IDENTITY, ScoreRequest(("facture",), 1))
        assert scored.stop_confidence == stop
        assert scored.reasons[0][0].word == "facture"


def test_a_predictor_without_a_stop_confidence_needs_whole_documents() -> None:
    answer = answer_json(replace(SCORED, stop_confidence=None))
    assert "stop_confidence" not in {output["name"] for output in answer["outputs"]}
    assert parse_score_answer(json.dumps(answer).encode()).stop_confidence is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda answer: answer["parameters"].pop("digest"),
        lambda answer: answer["outputs"].pop(0),
        lambda answer: answer["outputs"][2].update(shape=[4]),
        lambda answer: answer["outputs"][2].update(shape=[2, 3]),
        lambda answer: answer["outputs"][2].update(data=["x"] * 4),
        lambda answer: answer["outputs"][1].update(shape=[1], data=[0.5]),
        lambda answer: answer["outputs"][3].update(data=[None]),
        lambda answer: answer["outputs"][3].update(data=[1.5]),
        lambda answer: answer["outputs"][3].update(shape=[2], data=[0.5, 0.5]),
        lambda answer: answer["outputs"][4].update(data=["{", "[]"]),
        lambda answer: answer["outputs"][4].update(data=["[1]", "[]"]),
    ],
)
def test_an_answer_of_another_shape_is_invalid(spoil: Any) -> None:
    answer = answer_json(SCORED)
    spoil(answer)
    with pytest.raises(AnswerInvalid):
        parse_score_answer(json.dumps(answer).encode())


def test_v1_scores_are_decided_by_the_thresholds() -> None:
    first, second = v1_scores(SCORED)["predictions"]
    assert (first["class"], first["confidence"], first["abstained"]) == ("invoice", 0.9, True)
    assert (first["threshold"], first["stop_confidence"]) == (0.95, 0.7)
    assert first["probabilities"] == [{"class": "invoice", "p": 0.9}, {"class": "cv", "p": 0.1}]
    assert (second["class"], second["probabilities"], second["abstained"]) == (None, [], True)


def prediction() -> Prediction:
    return Prediction(
        score=decide(("cv", "invoice"), (0.5, 0.6), (0.25, 0.75)),
        reasons=(WordReason("facture", 0.5, (PageBox(1, 2, 3, 4, 5),)),),
        pages=(PageScore(1, "invoice", 0.75, "fr", None), PageScore(2, None, None, "", "timeout")),
        model=IDENTITY,
        role="stable",
        ocr=OcrSummary("tesseract", "5.3.0", 1.5, 1, "fr", 0.8, "lines"),
        document=Document("abc", MediaType.PDF, 10, 2),
    )


def test_a_prediction_is_written_as_the_contract_says() -> None:
    assert json.loads(json.dumps(v1_predictions([prediction()]))) == {
        "predictions": [
            {
                "class": "invoice",
                "confidence": 0.75,
                "probabilities": [{"class": "invoice", "p": 0.75}, {"class": "cv", "p": 0.25}],
                "margin": 0.5,
                "abstained": False,
                "threshold": 0.6,
                "reasons": [
                    {
                        "word": "facture",
                        "weight": 0.5,
                        "boxes": [{"page": 1, "left": 2, "top": 3, "width": 4, "height": 5}],
                    }
                ],
                "pages": [
                    {"page": 1, "class": "invoice", "p": 0.75, "language": "fr", "failure": None},
                    {"page": 2, "class": None, "p": None, "language": "", "failure": "timeout"},
                ],
                "model": {"name": "documents", "version": "3", "run_id": "run", "digest": "digest"},
                "role": "stable",
                "ocr": {
                    "engine": "tesseract",
                    "engine_version": "5.3.0",
                    "seconds": 1.5,
                    "pages_read": 1,
                    "language": "fr",
                    "confidence": 0.8,
                    "view": "lines",
                },
                "document": {"sha256": "abc", "media_type": "application/pdf", "size": 10, "pages": 2},
            }
        ]
    }


def test_a_v2_prediction_is_the_v1_one_as_a_string() -> None:
    tensor = prediction_tensor([prediction()])
    assert (tensor.name, tensor.shape) == ("prediction", (1,))
    assert json.loads(tensor.data[0]) == json.loads(json.dumps(prediction().to_json()))


def test_an_unscored_prediction_has_nulls() -> None:
    answer = Prediction(
        not_scored(), (), (), IDENTITY, "stable", OcrSummary("", "", 0, 0, "fr", None, "full"), prediction().document
    ).to_json()
    assert [answer[key] for key in ("class", "confidence", "margin", "threshold")] == [None] * 4
    assert (answer["probabilities"], answer["abstained"]) == ([], True)
