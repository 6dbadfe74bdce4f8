"""Documents in, predictions out, through both servers."""

import hashlib
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import httpx
import pytest

from .conftest import INVOICE, PAYSLIP, Server, as_base64, make_pdf, make_scan, v1_body, wait_until

pytestmark = pytest.mark.integration
V1 = "/v1/models/documents:predict"
V2 = "/v2/models/documents/infer"


def predict(transformer: Server, *documents: bytes, reasons: bool = False) -> list[dict[str, Any]]:
    response = httpx.post(transformer.url + V1, json=v1_body(*documents, reasons=reasons), timeout=60)
    assert response.status_code == 200, response.text
    predictions: list[dict[str, Any]] = response.json()["predictions"]
    return predictions


def test_a_pdf_with_a_text_layer_is_classified_without_ocr(transformer: Server) -> None:
    document = make_pdf(INVOICE)
    (prediction,) = predict(transformer, document)
    assert prediction["class"] == "invoice"
    assert prediction["ocr"]["engine"] == "text-layer"
    assert prediction["document"] == {
        "sha256": hashlib.sha256(document).hexdigest(),
        "media_type": "application/pdf",
        "size": len(document),
        "pages": 1,
    }


def test_a_scan_is_read_by_ocr_and_classified(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_scan(PAYSLIP))
    assert prediction["class"] == "payslip"
    assert prediction["ocr"]["engine"] == "tesserocr"
    assert prediction["ocr"]["pages_read"] == 1
    assert prediction["ocr"]["language"] == "fr"
    assert 0.5 < prediction["ocr"]["confidence"] <= 1
    assert prediction["document"]["media_type"] == "image/png"


def test_probabilities_hold_every_class_sorted_and_sum_to_one(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_pdf(INVOICE))
    values = [item["p"] for item in prediction["probabilities"]]
    assert {item["class"] for item in prediction["probabilities"]} == {"invoice", "payslip", "resume"}
    assert sum(values) == pytest.approx(1)
    assert all(higher >= lower for higher, lower in pairwise(values))
    assert prediction["confidence"] == values[0]
    assert prediction["margin"] == pytest.approx(values[0] - values[1])
    assert prediction["abstained"] == (prediction["confidence"] < prediction["threshold"])


def test_the_answer_names_the_model_and_its_role(transformer: Server, predictor: Server) -> None:
    (prediction,) = predict(transformer, make_pdf(INVOICE))
    asked = httpx.post(predictor.url + V1, json={"instances": ["facture"]}).json()["predictions"][0]["model"]
    assert prediction["model"] == asked
    assert (asked["name"], asked["version"], asked["run_id"]) == ("document-classifier", "1", "run1")
    assert prediction["role"] == "stable"


def test_several_documents_are_answered_in_order(transformer: Server) -> None:
    predictions = predict(transformer, make_pdf(PAYSLIP), make_scan(INVOICE), make_pdf(INVOICE))
    assert [prediction["class"] for prediction in predictions] == ["payslip", "invoice", "invoice"]


def test_reasons_stand_where_the_scan_shows_the_words(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_scan(INVOICE), reasons=True)
    reasons = {reason["word"]: reason for reason in prediction["reasons"]}
    assert 1 <= len(reasons) <= 8
    weights = [reason["weight"] for reason in prediction["reasons"]]
    assert all(weight > 0 for weight in weights)
    assert weights == sorted(weights, reverse=True)
    # "Facture" is the first word of the first and of the fourth line.
    tops = [box["top"] for box in reasons["facture"]["boxes"]]
    assert len(tops) == 2
    assert tops[1] - tops[0] == pytest.approx(180, abs=15)
    for box in reasons["facture"]["boxes"]:
        assert box["page"] == 1
        assert box["left"] == pytest.approx(50, abs=12)
        assert 60 < box["width"] < 250


def test_reasons_are_left_out_unless_asked_for(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_scan(INVOICE))
    assert prediction["reasons"] == []


def test_each_page_has_a_score_of_its_own(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_pdf(INVOICE, PAYSLIP))
    pages = prediction["pages"]
    assert [(page["page"], page["class"]) for page in pages] == [(1, "invoice"), (2, "payslip")]
    assert all(0 < page["p"] <= 1 and page["failure"] is None for page in pages)
    assert prediction["document"]["pages"] == prediction["ocr"]["pages_read"] == 2


def test_a_blank_page_among_others_has_no_score(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_pdf(INVOICE, []))
    assert prediction["class"] == "invoice"
    blank = prediction["pages"][1]
    assert (blank["page"], blank["class"], blank["p"]) == (2, None, None)


def test_a_document_without_text_is_not_scored(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_scan([]), reasons=True)
    assert prediction["class"] is None
    assert prediction["confidence"] is None
    assert prediction["margin"] is None
    assert prediction["probabilities"] == prediction["reasons"] == []
    assert prediction["abstained"] is True
    assert prediction["model"]["version"] == "1"


def test_a_text_that_says_nothing_to_the_model_is_not_scored(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_pdf(["шшшшш жжжжж"] * 3, ["ÿÿÿÿÿÿ " * 12]))
    assert prediction["class"] is None
    assert prediction["probabilities"] == []


def test_v2_gives_the_same_answer_as_v1(transformer: Server) -> None:
    document = make_pdf(INVOICE)
    body = {
        "inputs": [{"name": "document", "datatype": "BYTES", "shape": [2], "data": [as_base64(document)] * 2}],
        "parameters": {"reasons": True},
    }
    response = httpx.post(transformer.url + V2, json=body, headers={"x-request-id": "from-the-caller"}, timeout=60)
    assert response.status_code == 200, response.text
    (output,) = response.json()["outputs"]
    assert (output["name"], output["datatype"], output["shape"]) == ("prediction", "BYTES", [2])
    (expected,) = predict(transformer, document, reasons=True)
    for text in output["data"]:
        answer = json.loads(text)
        assert {key: answer[key] for key in answer if key != "ocr"} == {
            key: expected[key] for key in expected if key != "ocr"
        }


def test_the_request_id_comes_back(transformer: Server) -> None:
    response = httpx.post(transformer.url + V1, json=v1_body(make_pdf(INVOICE)), headers={"x-request-id": "abc-1"})
    assert response.headers["x-request-id"] == "abc-1"


def test_a_missing_or_hostile_request_id_is_replaced(transformer: Server) -> None:
    given = httpx.get(transformer.url + "/").headers["x-request-id"]
    assert len(given) == 32
    replaced = httpx.get(transformer.url + "/", headers={"x-request-id": "a b\tc" * 50}).headers["x-request-id"]
    assert len(replaced) == 32


def test_metrics_count_what_was_done(transformer: Server) -> None:
    predict(transformer, make_scan(PAYSLIP))
    metrics = transformer.get("/metrics").text
    for name in (
        'pigeonhole_predictions_total{class="payslip",model="document-classifier",model_version="1"',
        'pigeonhole_prediction_confidence_bucket{le="0.6",model="document-classifier",model_version="1"',
        'pigeonhole_ocr_pages_total{engine="tesserocr",result="ok",view="full"}',
        'pigeonhole_ocr_duration_seconds_count{engine="tesserocr",view="full"}',
        'pigeonhole_queue_depth{queue="documents"} 0.0',
        'pigeonhole_slots_busy{queue="documents"} 0.0',
        'pigeonhole_model_info{digest="',
        'pigeonhole_http_requests_total{code="200",method="POST",route="/v1/models/{model_name}:predict"}',
    ):
        assert name in metrics


def pages_read(transformer: Server, view: str) -> float:
    name = f'pigeonhole_ocr_pages_total{{engine="tesserocr",result="ok",view="{view}"}} '
    lines = transformer.get("/metrics").text.splitlines()
    return sum(float(line.removeprefix(name)) for line in lines if line.startswith(name))


@pytest.mark.parametrize(("version", "view", "read"), [("looks", "lines", (1, 0)), ("reads-on", "full", (1, 1))])
def test_a_document_is_read_whole_when_a_first_look_is_not_enough(
    start_server: Callable[..., Server],
    model_folders: dict[str, Path],
    version: str,
    view: str,
    read: tuple[int, int],
) -> None:
    predictor = start_server("predictor_server", "--model_dir", str(model_folders[version])).wait()
    transformer = start_server("transformer_server", "--predictor_host", predictor.host, serving_slots="1").wait()
    (prediction,) = predict(transformer, make_scan(INVOICE * 5, (1600, 1400)), reasons=True)
    assert prediction["class"] == "invoice"
    assert prediction["ocr"]["view"] == view
    assert prediction["reasons"]
    assert (pages_read(transformer, "lines"), pages_read(transformer, "full")) == read
    # What has a text layer is read whole at once.
    (prediction,) = predict(transformer, make_pdf(INVOICE))
    assert prediction["ocr"]["view"] == "full"


@pytest.mark.parametrize(("version", "later"), [("doubts", 1), ("looks", 0)])
def test_what_a_person_will_look_at_is_read_whole_later(
    start_server: Callable[..., Server], model_folders: dict[str, Path], tmp_path: Path, version: str, later: int
) -> None:
    predictor = start_server("predictor_server", "--model_dir", str(model_folders[version])).wait()
    transformer = start_server(
        "transformer_server",
        "--predictor_host",
        predictor.host,
        serving_slots="1",
        serving_cache_url=str(tmp_path),
    ).wait()
    (prediction,) = predict(transformer, make_scan(INVOICE * 5, (1600, 1400)))
    assert (prediction["ocr"]["view"], prediction["abstained"]) == ("lines", bool(later))

    def idle() -> bool:
        metrics = transformer.get("/metrics").text
        return all(f'pigeonhole_{name}{{queue="documents"}} 0.0' in metrics for name in ("slots_busy", "queue_depth"))

    def kept() -> int:
        return len(list((tmp_path / "page-texts").rglob("*.json")))

    wait_until(idle, "the readers to have nothing to do")
    wait_until(lambda: kept() > later, "the cache to be written")
    assert kept() == 1 + later
    assert ('pigeonhole_read_later_total{result="ok"} 1.0' in transformer.get("/metrics").text) == bool(later)


def test_a_model_that_needs_whole_documents_is_not_shown_first_looks(transformer: Server) -> None:
    (prediction,) = predict(transformer, make_scan(INVOICE))
    assert prediction["ocr"]["view"] == "full"
    assert pages_read(transformer, "lines") == 0
