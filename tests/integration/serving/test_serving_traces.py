"""Spans of both model servers, as an OTLP receiver gets them."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from .conftest import INVOICE, Server, make_pdf, v1_body

pytestmark = pytest.mark.integration
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


class Receiver:
    """Keeps the spans that are sent to its address, each with its service's name."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any]] = []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = ExportTraceServiceRequest()
                request.ParseFromString(self.rfile.read(int(self.headers["content-length"])))
                receiver._take(request)
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def _take(self, request: ExportTraceServiceRequest) -> None:
        for resource in request.resource_spans:
            (service,) = [a.value.string_value for a in resource.resource.attributes if a.key == "service.name"]
            self.spans += [(service, span) for scope in resource.scope_spans for span in scope.spans]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    thread = threading.Thread(target=receiver.server.serve_forever)
    thread.start()
    yield receiver
    receiver.server.shutdown()
    receiver.server.server_close()
    thread.join()


def test_one_trace_holds_the_request_its_readings_and_its_scoring_in_both_servers(
    start_server: Callable[..., Server],
    model_folders: dict[str, Path],
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url)
    predictor = start_server("predictor_server", "--model_dir", str(model_folders["looks"])).wait()
    transformer = start_server("transformer_server", "--predictor_host", predictor.host).wait()
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "authorization": "Bearer secret"}
    response = httpx.post(
        transformer.url + "/v1/models/documents:predict", json=v1_body(make_pdf(INVOICE)), headers=headers, timeout=60
    )
    assert response.status_code == 200
    assert response.headers["traceparent"].split("-")[1] == TRACE
    # Ending sends what is held.
    assert transformer.stop() == predictor.stop() == 0
    spans = {(service, span.name): span for service, span in receiver.spans if span.trace_id.hex() == TRACE}
    request = spans["pigeonhole-transformer", "POST /v1/models/{model_name}:predict"]
    reading = spans["pigeonhole-transformer", "read document"]
    scoring = spans["pigeonhole-transformer", "score texts"]
    answering = spans["pigeonhole-predictor", "POST /v2/models/{model_name}/infer"]
    assert request.parent_span_id.hex() == PARENT
    assert reading.parent_span_id == scoring.parent_span_id == request.span_id
    assert answering.parent_span_id == scoring.span_id
    attributes = {a.key: a.value for a in scoring.attributes}
    assert attributes["model_version"].string_value == "looks"
    assert not [span.name for _, span in receiver.spans if span.name.startswith(("GET", "fastapi"))]
    everything = str(receiver.spans)
    assert "secret" not in everything
    assert "Facture" not in everything


def test_an_endpoint_that_is_away_costs_no_request_and_no_clean_end(
    start_server: Callable[..., Server], model_folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    predictor = start_server("predictor_server", "--model_dir", str(model_folders["1"])).wait()
    body = {"inputs": [{"name": "text", "datatype": "BYTES", "shape": [1], "data": ["facture"]}]}
    assert httpx.post(f"{predictor.url}/v2/models/documents/infer", json=body, timeout=60).status_code == 200
    assert predictor.stop() == 0
