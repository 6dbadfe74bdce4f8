"""The transformer and its predictor: routing by a file, and predictors that fail."""

import json
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path

import pytest

from .conftest import INVOICE, Server, make_pdf, make_scan, wait_until
from .routed import ANSWER, Routed, predictor_of, send

pytestmark = [pytest.mark.integration, pytest.mark.alone]


@pytest.fixture(scope="module")
def second_predictor(start_server: Callable[..., Server], model_folders: dict[str, Path]) -> Server:
    return start_server("predictor_server", "--model_dir", str(model_folders["2"])).wait()


@pytest.fixture(scope="module")
def routed_server(
    start_server: Callable[..., Server], predictor: Server, tmp_path_factory: pytest.TempPathFactory
) -> Routed:
    """Starts without a routing file, so with --predictor_host."""
    path = tmp_path_factory.mktemp("routing") / "routing.json"
    server = start_server(
        "transformer_server",
        "--predictor_host",
        predictor.host,
        "--routing_file",
        str(path),
        serving_slots="1",
        serving_queue_size="1",
        serving_predictor_timeout_seconds="1",
        serving_predictor_probe_seconds="0.1",
        serving_predictor_grace_seconds="0.5",
    )
    return Routed(server.wait(), path)


@pytest.fixture
def routed(routed_server: Routed, predictor: Server) -> Iterator[Routed]:
    """The routed transformer, sent back to version 1 after the test."""
    yield routed_server
    routed_server.to(predictor.host, "1")
    routed_server.server.wait()


def test_without_a_file_the_predictor_of_the_command_line_answers(routed_server: Routed) -> None:
    assert not routed_server.path.exists()
    assert routed_server.version() == "1"


def test_rewriting_the_file_moves_the_next_document_to_another_version(
    routed: Routed, second_predictor: Server, predictor: Server
) -> None:
    routed.to(second_predictor.host, "2")
    assert routed.version() == "2"
    routed.to(predictor.host, "1")
    assert routed.version() == "1"
    assert 'version="1"' in routed.server.get("/metrics").text


@pytest.mark.parametrize("content", ["", "{", "[]", '{"stable": null}', '{"stable": {"host": "http://x/secret-path"}}'])
def test_a_broken_file_leaves_the_last_good_routing(routed: Routed, second_predictor: Server, content: str) -> None:
    routed.to(second_predictor.host, "2")
    assert routed.version() == "2"
    routed.write(content)
    assert routed.version() == "2"
    metrics = routed.server.get("/metrics").text
    assert 'pigeonhole_routing_reads_total{result="invalid"}' in metrics
    assert "pigeonhole_routing_file_valid 0.0" in metrics
    assert "routing file not usable" in routed.server.log()
    assert "secret-path" not in routed.server.log()


def test_a_vanished_file_leaves_the_last_good_routing(routed: Routed, second_predictor: Server) -> None:
    routed.to(second_predictor.host, "2")
    assert routed.version() == "2"
    routed.path.unlink()
    assert routed.version() == "2"


def test_a_predictor_that_ends_makes_503_and_not_ready_until_it_is_back(
    routed: Routed, start_server: Callable[..., Server], model_folders: dict[str, Path]
) -> None:
    frail = start_server("predictor_server", "--model_dir", str(model_folders["2"])).wait()
    routed.to(frail.host, "2")
    assert routed.version() == "2"
    frail.kill()
    response = routed.predict(make_pdf(INVOICE))
    assert (response.status_code, response.json()["reason"]) == (503, "predictor-unavailable")
    assert int(response.headers["retry-after"]) > 0
    assert frail.host not in response.text
    routed.server.wait("/readyz", 503)
    problem = routed.server.get("/readyz").json()["problems"][0]
    assert (problem["field"], problem["reason"]) == ("predictor", "predictor-unavailable")
    for path in ("/v2/health/ready", "/v1/models/documents", "/v2/models/documents/ready"):
        assert routed.server.status(path) == 503
    assert {routed.server.status(path) for path in ("/", "/livez", "/startupz")} == {200}
    frail.start()
    routed.server.wait()
    assert routed.version() == "2"


def test_documents_without_text_need_no_predictor_that_answers_now(
    routed: Routed, start_server: Callable[..., Server], model_folders: dict[str, Path]
) -> None:
    frail = start_server("predictor_server", "--model_dir", str(model_folders["2"])).wait()
    routed.to(frail.host, "2")
    assert routed.version() == "2"
    frail.kill()
    assert routed.predict(make_scan([])).json()["predictions"][0]["model"]["version"] == "2"


def test_trace_headers_go_on_to_the_predictor_and_credentials_do_not(routed: Routed) -> None:
    seen: list[dict[str, str]] = []

    def record(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append({name.lower(): value for name, value in handler.headers.items()})
        send(handler, 200, json.dumps(ANSWER).encode())

    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    with predictor_of(record) as host:
        routed.to(host)
        given = {"authorization": "Bearer secret", "cookie": "secret", "traceparent": trace, "x-request-id": "mine"}
        response = routed.predict(make_pdf(INVOICE), **given)
    assert response.json()["predictions"][0]["model"]["version"] == "9"
    assert response.headers["traceparent"] == trace
    (headers,) = [headers for headers in seen if headers["x-request-id"] == "mine"]
    assert headers["traceparent"] == trace
    assert "secret" not in str(headers)


def test_a_connection_that_breaks_is_tried_once_more(routed: Routed) -> None:
    seen: list[str] = []

    def break_first(handler: BaseHTTPRequestHandler, body: bytes) -> None:
        seen.append(handler.headers["x-request-id"])
        if seen.count("flaky") == 1 and seen[-1] == "flaky":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        send(handler, 200, json.dumps(ANSWER).encode())

    with predictor_of(break_first) as host:
        routed.to(host)
        response = routed.predict(make_pdf(INVOICE), **{"x-request-id": "flaky"})
    assert response.status_code == 200
    assert seen.count("flaky") == 2


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"secret"),
        (200, b"secret"),
        (200, b'{"parameters": {}, "outputs": []}'),
        (200, json.dumps({**ANSWER, "outputs": ANSWER["outputs"][:2]}).encode()),
        (200, json.dumps({**ANSWER, "parameters": {"version": "9"}}).encode()),
    ],
)
def test_a_predictor_that_answers_nonsense_is_unavailable(routed: Routed, status: int, body: bytes) -> None:
    with predictor_of(lambda handler, _: send(handler, status, body)) as host:
        routed.to(host)
        response = routed.predict(make_pdf(INVOICE))
    assert (response.status_code, response.json()["reason"]) == (503, "predictor-unavailable")
    assert "secret" not in response.text


def test_a_predictor_that_hangs_makes_504(routed: Routed) -> None:
    release = threading.Event()
    with predictor_of(lambda *_: (release.wait(60), None)[1]) as host:
        routed.to(host)
        response = routed.predict(make_pdf(INVOICE))
        release.set()
    assert (response.status_code, response.json()["reason"]) == (504, "timeout")


def test_more_documents_than_slots_and_queue_hold_are_asked_to_come_back(routed: Routed) -> None:
    scan, answers = make_scan(INVOICE * 4, (1600, 1200)), []

    def call() -> None:
        answers.append(routed.predict(scan))

    callers = [threading.Thread(target=call) for _ in range(8)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    statuses = {answer.status_code for answer in answers}
    assert statuses == {200, 503}
    for refused in (answer for answer in answers if answer.status_code == 503):
        assert refused.json()["reason"] == "overloaded"
        assert int(refused.headers["retry-after"]) > 0
    wait_until(lambda: routed.predict(scan).status_code == 200, "room for a document")
