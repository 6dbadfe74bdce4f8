"""Every error of the contract: status, reason, one body, and nothing of the request in answer or log."""

import io
import json
import socket
from typing import Any

import httpx
import pytest
from PIL import Image

from .conftest import INVOICE, Server, as_base64, make_pdf, make_scan, v1_body

pytestmark = pytest.mark.integration
V1 = "/v1/models/documents:predict"
V2 = "/v2/models/documents/infer"
JSON = {"content-type": "application/json"}
MARK = "Zebulon-7731"
"""Stands in every hostile request and must come back in no answer and in no log line."""


def check(response: httpx.Response, status: int, reason: str, field: str | None = None) -> dict[str, Any]:
    body: dict[str, Any] = response.json()
    assert (response.status_code, body["reason"]) == (status, reason), response.text
    assert set(body) == {"error", "reason", "request_id", "errors"}
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["error"].endswith(".")
    for trace in (MARK, "Traceback", "site-packages", "Error:", "/work", "/tmp"):
        assert trace not in response.text
    if field is not None:
        assert field in [error["field"] for error in body["errors"]]
        assert all(set(error) == {"field", "reason", "detail"} for error in body["errors"])
    return body


def v2_body(**changes: Any) -> dict[str, Any]:
    tensor = {"name": "document", "datatype": "BYTES", "shape": [1], "data": [as_base64(make_pdf(INVOICE))]}
    return {"inputs": [{**tensor, **changes}]}


def huge_png() -> bytes:
    content = io.BytesIO()
    Image.new("1", (3000, 2000)).save(content, "PNG")
    return content.getvalue()


REFUSED = {
    "unsupported-type": MARK.encode() * 10,
    "empty": b"",
    "unreadable": b"%PDF-1.7 " + MARK.encode(),
    "encrypted": make_pdf(INVOICE, password=MARK),
    "too-many-pixels": huge_png(),
    "too-large": make_pdf(INVOICE) + b" " * 400_000,
}


@pytest.mark.parametrize("reason", REFUSED)
def test_a_refused_document_names_its_reason(transformer: Server, reason: str) -> None:
    response = httpx.post(transformer.url + V1, json=v1_body(REFUSED[reason]), timeout=60)
    check(response, 422, reason, "instances[0].document")


def test_a_refused_document_in_v2_names_its_place(transformer: Server) -> None:
    data = [as_base64(make_pdf(INVOICE)), as_base64(REFUSED["unreadable"])]
    response = httpx.post(transformer.url + V2, json=v2_body(shape=[2], data=data), timeout=60)
    check(response, 422, "unreadable", "inputs[0].data[1]")


def test_all_refused_documents_of_a_request_are_named(transformer: Server) -> None:
    documents = (REFUSED["empty"], make_pdf(INVOICE), REFUSED["encrypted"])
    body = check(httpx.post(transformer.url + V1, json=v1_body(*documents), timeout=60), 422, "empty")
    assert [(error["field"], error["reason"]) for error in body["errors"]] == [
        ("instances[0].document", "empty"),
        ("instances[2].document", "encrypted"),
    ]


MALFORMED_V1 = {
    "bad JSON": (f'{{"instances": [{MARK}'.encode(), JSON, "body"),
    "no body": (b"", JSON, "body"),
    "a JSON array": (f'["{MARK}"]'.encode(), JSON, "body"),
    "plain text": (MARK.encode(), {"content-type": "text/plain"}, "body"),
    "deep JSON": (b"[" * 100_000, JSON, "body"),
    "a cloud event": (f'"{MARK}"'.encode(), {"ce-id": "1", "ce-type": MARK, "ce-specversion": "9"}, "body"),
    "a missing key": (f'{{"{MARK}": 1}}'.encode(), JSON, "instances"),
    "instances no list": (f'{{"instances": "{MARK}"}}'.encode(), JSON, "instances"),
    "no instances": (b'{"instances": []}', JSON, "instances"),
    "too many instances": (json.dumps(v1_body(*[b"x"] * 5)).encode(), JSON, "instances"),
    "an instance no object": (f'{{"instances": ["{MARK}"]}}'.encode(), JSON, "instances[0]"),
    "a document no string": (b'{"instances": [{"document": 1}]}', JSON, "instances[0].document"),
    "no base64": (f'{{"instances": [{{"document": "%{MARK}"}}]}}'.encode(), JSON, "instances[0].document"),
    "reasons no flag": (b'{"instances": [{"document": "", "reasons": 1}]}', JSON, "instances[0].reasons"),
}


@pytest.mark.parametrize("case", MALFORMED_V1)
def test_a_malformed_v1_request_names_the_field(transformer: Server, case: str) -> None:
    content, headers, field = MALFORMED_V1[case]
    response = httpx.post(transformer.url + V1, content=content, headers=headers)
    check(response, 400, "malformed", field)


MALFORMED_V2 = {
    "bad JSON": (f'{{"inputs": [{MARK}'.encode(), JSON, "body"),
    "plain text": (MARK.encode(), {"content-type": "text/plain"}, "body"),
    "a missing key": (f'{{"{MARK}": 1}}'.encode(), JSON, "inputs"),
    "a wrong shape": (json.dumps(v2_body(shape=[2])).encode(), JSON, "inputs[0].shape"),
    "a shape no list": (json.dumps(v2_body(shape=MARK)).encode(), JSON, "inputs[0].shape"),
    "a wrong type": (json.dumps(v2_body(datatype="FP32")).encode(), JSON, "inputs[0].datatype"),
    "a type kserve refuses": (json.dumps(v2_body(datatype="FP16")).encode(), JSON, "body"),
    "another name": (json.dumps(v2_body(name=MARK)).encode(), JSON, "inputs"),
    "numbers": (json.dumps(v2_body(data=[1])).encode(), JSON, "inputs[0].data[0]"),
    "no base64": (json.dumps(v2_body(data=[f"%{MARK}"])).encode(), JSON, "inputs[0].data[0]"),
    "no tensor": (b'{"inputs": []}', JSON, "inputs"),
    "a parameter no flag": (
        json.dumps({**v2_body(), "parameters": {"reasons": MARK}}).encode(),
        JSON,
        "parameters.reasons",
    ),
    "a parameter that is an object": (
        json.dumps({**v2_body(), "parameters": {"reasons": {MARK: 1}}}).encode(),
        JSON,
        "parameters.reasons",
    ),
    "binary tensors": (
        b"\xff" + MARK.encode(),
        {"content-type": "application/octet-stream", "inference-header-content-length": MARK},
        "headers.inference-header-content-length",
    ),
    "bytes": (b"\xff" + MARK.encode(), {"content-type": "application/octet-stream"}, "body"),
}


@pytest.mark.parametrize("case", MALFORMED_V2)
def test_a_malformed_v2_request_names_the_field(transformer: Server, case: str) -> None:
    content, headers, field = MALFORMED_V2[case]
    response = httpx.post(transformer.url + V2, content=content, headers=headers)
    check(response, 400, "malformed", field)


def test_a_content_type_with_a_charset_is_json(transformer: Server) -> None:
    content, headers = json.dumps(v1_body(make_pdf(INVOICE))), {"content-type": "application/json; charset=utf-8"}
    assert httpx.post(transformer.url + V1, content=content, headers=headers).status_code == 200


def test_a_large_body_is_refused_by_its_length_before_it_is_sent(transformer: Server) -> None:
    request = f"POST {V1} HTTP/1.1\r\nhost: x\r\ncontent-length: 1000001\r\n\r\n"
    with socket.create_connection(("127.0.0.1", transformer.port), timeout=30) as connection:
        connection.sendall(request.encode())
        assert connection.recv(200).startswith(b"HTTP/1.1 413 ")


def test_a_large_body_without_a_length_is_refused(transformer: Server) -> None:
    chunks = (b"x" * 100_000 for _ in range(30))
    check(httpx.post(transformer.url + V1, content=chunks, timeout=60), 413, "too-large")


@pytest.mark.parametrize(
    ("path", "status", "reason"),
    [
        (f"/v1/models/{MARK}:predict", 404, "unknown-model"),
        (f"/v2/models/{MARK}/infer", 404, "unknown-model"),
        ("/v1/models/documents:explain", 501, "not-supported"),
        ("/v2/models/documents/versions/3/infer", 501, "not-supported"),
        (f"/{MARK}", 404, "not-found"),
        ("/v2/repository/models/documents/unload", 404, "not-found"),
        ("/metrics", 405, "method-not-allowed"),
    ],
)
def test_an_address_that_is_not_served_is_an_error_of_the_same_shape(
    transformer: Server, path: str, status: int, reason: str
) -> None:
    body = v2_body() if path.startswith("/v2") else v1_body(make_scan(INVOICE))
    check(httpx.post(transformer.url + path, json=body, timeout=60), status, reason)


def test_refusals_are_counted_by_reason(transformer: Server) -> None:
    httpx.post(transformer.url + V1, json=v1_body(b"x"))
    assert 'pigeonhole_rejected_total{reason="unsupported-type"}' in transformer.get("/metrics").text


def test_no_log_line_holds_anything_of_a_request(transformer: Server) -> None:
    for content, headers, _ in (*MALFORMED_V1.values(), *MALFORMED_V2.values()):
        for path in (V1, V2, f"/v1/models/{MARK}:predict"):
            httpx.post(transformer.url + path, content=content, headers=headers)
    httpx.post(transformer.url + V1, json=v1_body(make_pdf([f"{MARK} facture montant total TTC à payer au client"])))
    log = transformer.log()
    assert '"request refused"' in log
    assert MARK not in log
    assert "Traceback" not in log
