"""Both model servers against documented, hostile and broken requests: only documented answers, no fault and no leak."""

import asyncio
import json
import os
import random
import socket
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from schemathesis import Case
from schemathesis.config import SchemathesisConfig

from pigeonhole_serving.errors import Reason
from pigeonhole_serving.openapi import predictor_document, transformer_document
from pigeonhole_serving.settings import ServingSettings

from .conftest import INVOICE, Server, make_pdf, v1_body
from .hostile_bodies import MARK, V1, V2, Hostile, draw

pytestmark = pytest.mark.integration
SEED = int(os.environ.get("PIGEONHOLE_FUZZ_SEED", "20261125"))
BODIES = 10_000
AT_ONCE = 16
AnyCase = Case[Any]
LIMITS = ServingSettings(max_body_bytes=1_000_000, max_documents=4)
"""The fixtures' limits; the predictor has the defaults."""
CONFIG = SchemathesisConfig.from_dict(
    {
        "parameters": {"path.model_name": "documents"},
        "generation": {"deterministic": True, "max-examples": 150},
        "checks": {
            # 501 is for addresses that are not documented, and 500 for none.
            "not_a_server_error": {"expected-statuses": ["2xx", "4xx", "503", "504"]},
            # What is right base64 need not be a document.
            "positive_data_acceptance": {"expected-statuses": ["2xx", "422", "503"]},
            "negative_data_rejection": {"expected-statuses": ["400", "404", "413", "422", "503"]},
            # No operation has a security scheme, or makes or deletes anything that another one uses.
            "ignored_auth": {"enabled": False},
            "object_level_authorization": {"enabled": False},
            "use_after_free": {"enabled": False},
            "ensure_resource_availability": {"enabled": False},
            # No header is required.
            "missing_required_header": {"enabled": False},
        },
    }
)
TRANSFORMER = schemathesis.openapi.from_dict(transformer_document(LIMITS), config=CONFIG)
PREDICTOR = schemathesis.openapi.from_dict(predictor_document(ServingSettings()), config=CONFIG)


def call(case: AnyCase, server: Server) -> None:
    if case.meta is not None and case.meta.generation.mode.is_positive and case.operation.label.endswith("/infer"):
        # A schema cannot say that a tensor's shape is the number of its strings.
        body: Any = case.body
        for tensor in body["inputs"]:
            tensor["shape"] = [len(tensor["data"])]
    case.call_and_validate(base_url=server.url)


@TRANSFORMER.parametrize()
def test_the_transformer_answers_as_its_document_says(case: AnyCase, transformer: Server) -> None:
    call(case, transformer)


@PREDICTOR.parametrize()
def test_the_predictor_answers_as_its_document_says(case: AnyCase, predictor: Server) -> None:
    call(case, predictor)


def test_the_servers_answer_the_documents_with_their_own_limits(transformer: Server, predictor: Server) -> None:
    assert transformer.get("/openapi.json").json() == json.loads(json.dumps(TRANSFORMER.raw_schema))
    assert predictor.get("/openapi.json").json() == json.loads(json.dumps(PREDICTOR.raw_schema))


@pytest.mark.parametrize("path", ["/v1/models/{model_name}:predict", "/v2/models/{model_name}/infer"])
def test_the_documents_examples_are_answered(transformer: Server, predictor: Server, path: str) -> None:
    for server in (transformer, predictor):
        content = server.get("/openapi.json").json()["paths"][path]["post"]["requestBody"]["content"]
        example = content["application/json"]["example"]
        response = httpx.post(server.url + path.format(model_name="documents"), json=example, timeout=60)
        assert response.status_code == 200, response.text


LEAKS = (
    *(MARK, "Traceback", "site-packages", "/work", "/tmp", ".py"),
    *("Error", "Exception", "Errno", "Expecting", "nexpected", "line 1", "column", "codec", "object has", "0x"),
)
"""What of a request, a path or an exception's text would show in an error; our own sentences hold none of it."""


def check(hostile: Hostile, response: httpx.Response) -> None:
    """Fail for an answer that the contract does not have, or that says more than it should."""
    answers = {200, 422} if hostile.address in (V1, V2) else {501}
    assert response.status_code in {400, 413, 503, *answers}
    if response.status_code == 200:
        return
    body = response.json()
    assert set(body) == {"error", "reason", "request_id", "errors"}
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["reason"] != Reason.INTERNAL
    assert all(set(error) == {"field", "reason", "detail"} for error in body["errors"])
    for leak in LEAKS:
        assert leak not in response.text


async def send_all(sequence: Iterator[tuple[Server, Hostile]]) -> tuple[Counter[tuple[str, int]], list[str]]:
    """Return how often each server gave each status, and what was wrong with which request."""
    statuses: Counter[tuple[str, int]] = Counter()
    wrong: list[str] = []

    async def send(client: httpx.AsyncClient) -> None:
        for server, hostile in sequence:
            response = await client.post(server.url + hostile.address, content=hostile.content, headers=hostile.headers)
            statuses[server.url, response.status_code] += 1
            try:
                check(hostile, response)
            except (AssertionError, ValueError, KeyError) as problem:
                wrong.append(f"{hostile!r:.2000} got {response.status_code} {response.text[:500]}: {problem!s:.300}")

    async with httpx.AsyncClient(timeout=120) as client, asyncio.TaskGroup() as group:
        for _ in range(AT_ONCE):
            group.create_task(send(client))
    return statuses, wrong


def assert_clean(logs: Sequence[str]) -> None:
    for log in logs:
        assert '"request refused"' in log
        for trace in ("request failed", MARK, "Traceback"):
            assert trace not in log


def assert_works(transformer: Server, predictor: Server) -> None:
    for server in (transformer, predictor):
        assert server.get("/readyz").status_code == 200
    answer = httpx.post(transformer.url + V1, json=v1_body(make_pdf(INVOICE)), timeout=60)
    assert answer.json()["predictions"][0]["class"] == "invoice"


def test_10_000_hostile_bodies_get_clean_answers_and_leave_no_trace(transformer: Server, predictor: Server) -> None:
    servers, rng = (transformer, predictor), random.Random(SEED)
    written = [len(server.log()) for server in servers]
    sequence = (
        (servers[number % 2], draw(rng, transformer=servers[number % 2] is transformer)) for number in range(BODIES)
    )
    statuses, wrong = asyncio.run(send_all(sequence))
    run = f"PIGEONHOLE_FUZZ_SEED={SEED} {dict(statuses)}"
    assert not wrong, f"{run}: {len(wrong)} wrong answers; the first: {wrong[0]}"
    assert sum(statuses.values()) == BODIES, run
    # A sequence that is all refused at the door proves little.
    for server in servers:
        assert statuses[server.url, 200] > BODIES / 100, run
    assert statuses[transformer.url, 422] > BODIES / 200, run
    assert statuses[transformer.url, 413] > 0, run
    assert_clean([server.log()[start:] for server, start in zip(servers, written, strict=True)])
    assert_works(transformer, predictor)


def test_the_text_of_a_document_is_in_no_log_line(transformer: Server, predictor: Server) -> None:
    for document in (make_pdf([*INVOICE, MARK, f"{MARK} montant"], [MARK]), make_pdf([MARK]), make_pdf([MARK])[:-200]):
        response = httpx.post(transformer.url + V1, json=v1_body(document, reasons=True), timeout=60)
        assert response.status_code in (200, 422)
    for address, body in ((V1, {"instances": [MARK]}), (V2, {"instances": [MARK]})):
        httpx.post(predictor.url + address, json=body)
    assert_clean([transformer.log(), predictor.log()])


EVENT = {"ce-id": "1", "ce-source": "x", "ce-type": "x", "ce-specversion": "1.0"}


@pytest.mark.parametrize("headers", [EVENT, {"content-type": "application/cloudevents+json"}])
@pytest.mark.parametrize("content", [b"", b'{"instances": ["x"]}'])
def test_a_cloud_event_is_refused(predictor: Server, headers: dict[str, str], content: bytes) -> None:
    response = httpx.post(predictor.url + V1, content=content, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (400, "malformed")
    assert response.json()["errors"][0]["detail"].startswith("CloudEvents are not accepted")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"inputs": [], "parameters": {MARK: []}}, "parameters"),
        ({"inputs": [{"parameters": {MARK: {}}}]}, "inputs[0].parameters"),
    ],
)
def test_a_key_of_the_caller_s_own_is_not_named(predictor: Server, body: dict[str, object], field: str) -> None:
    response = httpx.post(predictor.url + V2, json=body)
    assert response.status_code == 400
    assert field in [error["field"] for error in response.json()["errors"]]
    assert MARK not in response.text


def test_a_whole_number_may_be_written_with_a_fraction(predictor: Server) -> None:
    tensor = {"name": "text", "datatype": "BYTES", "shape": [1], "data": ["facture"]}
    counts = []
    for explain in (1, 1.0, 1.5):
        response = httpx.post(predictor.url + V2, json={"inputs": [tensor], "parameters": {"explain": explain}})
        counts.append((response.status_code, response.text.count("word")))
    assert counts == [(200, 1), (200, 1), (400, 0)]


@pytest.mark.parametrize(
    ("address", "content"),
    [
        (V1, b'{"instances": ["facture \\udfff"]}'),
        (
            V2,
            b'{"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["total-\\udfff"]}],'
            b' "parameters": {"explain": 3}}',
        ),
    ],
)
def test_half_a_surrogate_pair_is_refused(predictor: Server, address: str, content: bytes) -> None:
    headers = {"content-type": "application/json; charset=utf-8"}
    response = httpx.post(predictor.url + address, content=content, headers=headers)
    assert (response.status_code, response.json()["reason"]) == (400, "malformed")
    assert response.json()["errors"][0]["detail"] == "The string holds half of a surrogate pair."


def post(*headers: str, body: bytes = b"{}") -> bytes:
    lines = [f"POST {V2} HTTP/1.1", "host: x", "content-type: application/json", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


GET = b"GET /livez HTTP/1.1\r\nhost: x\r\n"
BROKEN = {
    "a chunk's size that is no number": post("transfer-encoding: chunked", body=b"zz\r\n{}\r\n0\r\n\r\n"),
    "a chunk of another size": post("transfer-encoding: chunked", body=b"5\r\n{}\r\n0\r\n\r\n"),
    "a chunk's size without end": post("transfer-encoding: chunked", body=b"f" * 40),
    "a large header": post(f"x: {'a' * 300_000}"),
    "many headers": post(*["x: 1"] * 20_000),
    "a length beyond the body": post("content-length: 50"),
    "a length within the body": post("content-length: 1", body=b"{}{}"),
    "a length below zero": post("content-length: -1"),
    "a length without end": post(f"content-length: {'9' * 40}"),
    "two lengths": post("content-length: 2", "content-length: 3"),
    "a length and chunks": post("content-length: 2", "transfer-encoding: chunked"),
    "pipelined garbage": GET + b"\r\n\x00\xff" + MARK.encode() + b"\r\n\r\n",
    "an address of bytes": b"GET /\xff\xfe HTTP/1.1\r\nhost: x\r\n\r\n",
    "an address that is no UTF-8": b"GET /v2/models/%ff%00%0a/ready HTTP/1.1\r\nhost: x\r\n\r\n",
    "a NUL in a header": GET + b"x: a\0b\r\n\r\n",
    "an unknown method": b"FOO / HTTP/1.1\r\nhost: x\r\n\r\n",
    "an unknown version": b"GET /livez HTTP/9.9\r\nhost: x\r\n\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    "a websocket": GET + b"upgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-key: x\r\n\r\n",
}


def statuses_of(server: Server, request: bytes, *, half_close: bool = True) -> list[int]:
    """Return the statuses of all answers until the server closes the connection."""
    answer = b""
    with socket.create_connection(("127.0.0.1", server.port), 30) as connection:
        try:
            connection.sendall(request)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while received := connection.recv(65_536):
                answer += received
        except ConnectionError:
            # A server that has refused does not wait for the rest.
            pass
    return [int(part[:3]) for part in answer.split(b"HTTP/1.1 ")[1:]]


@pytest.mark.parametrize("case", BROKEN)
def test_broken_http_gets_a_4xx_or_a_closed_connection(transformer: Server, predictor: Server, case: str) -> None:
    for server in (transformer, predictor):
        statuses = statuses_of(server, BROKEN[case])
        assert all(status < 300 for status in statuses[:-1])
        assert all(400 <= status < 500 for status in statuses[-1:])
        assert server.get("/livez").status_code == 200
        assert "request failed" not in server.log()


def test_http_1_0_is_answered(transformer: Server) -> None:
    assert statuses_of(transformer, b"GET /livez HTTP/1.0\r\n\r\n") == [200]


def test_a_body_that_does_not_arrive_gets_504(
    start_server: Callable[..., Server], model_folders: dict[str, Path]
) -> None:
    server = start_server(
        "predictor_server", "--model_dir", str(model_folders["1"]), serving_deadline_seconds="0.5"
    ).wait()
    assert statuses_of(server, post("content-length: 9", "connection: close"), half_close=False) == [504]
    assert server.get("/readyz").status_code == 200
