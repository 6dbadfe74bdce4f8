"""The life of the processes: shutdown under load, liveness while documents are read, readers that end."""

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import httpx
import pytest

from pigeonhole.documents import DocumentRefused
from pigeonhole.prediction import ReadDocument
from pigeonhole_serving.errors import ServingError
from pigeonhole_serving.reader_process import ReaderProcess

from .conftest import INVOICE, Server, make_pdf, make_scan, v1_body, wait_until

pytestmark = pytest.mark.integration
V1 = "/v1/models/documents:predict"
PAGE = make_scan(INVOICE * 5, (1600, 1400))


class Load:
    """Callers that send the same scan, each once."""

    def __init__(self, server: Server, callers: int) -> None:
        self.answers: list[httpx.Response | Exception] = []
        self._url = server.url + V1
        self._threads = [threading.Thread(target=self._call) for _ in range(callers)]
        for thread in self._threads:
            thread.start()

    def _call(self) -> None:
        try:
            self.answers.append(httpx.post(self._url, json=v1_body(PAGE), timeout=120))
        except httpx.TransportError as error:
            self.answers.append(error)

    def join(self) -> None:
        for thread in self._threads:
            thread.join()


def gauge(server: Server, name: str) -> float:
    lines = server.get("/metrics").text.splitlines()
    return next(float(line.rpartition(" ")[2]) for line in lines if line.startswith(name))


def test_sigterm_under_load_loses_no_request(start_server: Callable[..., Server], predictor: Server) -> None:
    server = start_server("transformer_server", "--predictor_host", predictor.host, serving_slots="2").wait()
    load = Load(server, callers=8)
    wait_until(lambda: gauge(server, "pigeonhole_http_requests_in_flight") == 8, "all requests to be in flight")
    assert server.process is not None
    readers = children_of(server.process.pid)
    assert len(readers) >= 2
    assert server.stop() == 0
    load.join()
    assert [getattr(answer, "status_code", answer) for answer in load.answers] == [200] * 8
    wait_until(lambda: not any(Path(f"/proc/{reader}").exists() for reader in readers), "the readers to end")


def test_health_checks_are_answered_while_documents_are_read(transformer: Server) -> None:
    load = Load(transformer, callers=6)
    answered = 0
    while len(load.answers) < 6:
        answered += transformer.status("/") == 200
        answered += transformer.status("/readyz") == 200
    load.join()
    # A loop that reading blocks would answer once a page at most, which is 12 times here.
    assert answered >= 20
    assert all(isinstance(answer, httpx.Response) and answer.status_code == 200 for answer in load.answers)


@pytest.fixture
def reader() -> Iterator[ReaderProcess]:
    process = ReaderProcess()
    yield process
    process.stop()


def read(reader: ReaderProcess, document: bytes, seconds: float = 60) -> ReadDocument:
    return reader.read(document, with_boxes=False, deadline=time.monotonic() + seconds, request_id="test")


def test_a_document_that_takes_too_long_ends_its_reader_and_the_next_gets_a_fresh_one(reader: ReaderProcess) -> None:
    reader.start()
    (child,) = multiprocessing.active_children()
    with pytest.raises(ServingError) as raised:
        read(reader, PAGE, seconds=0.02)
    assert (raised.value.status, raised.value.reason) == (504, "timeout")
    assert child not in multiprocessing.active_children()
    assert "facture" in read(reader, PAGE).clean.tokens


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started and that still run."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found.extend(int(child) for child in children.read_text().split())
    return found


def reads_now(pid: int) -> bool:
    with suppress(FileNotFoundError):
        return any(b"--psm" in Path(f"/proc/{child}/cmdline").read_bytes() for child in children_of(pid))
    return False


def end_readers(count: int, ended: list[int]) -> None:
    """End so many readers, each while its tesseract runs."""
    while len(ended) < count:
        for child in multiprocessing.active_children():
            if child.pid is not None and child.pid not in ended and reads_now(child.pid):
                os.kill(child.pid, signal.SIGKILL)
                ended.append(child.pid)
        time.sleep(0.02)


@pytest.mark.parametrize(("kills", "answered"), [(1, True), (2, False)])
def test_a_document_gets_a_second_reader_and_no_third(reader: ReaderProcess, kills: int, answered: bool) -> None:
    reader.start()
    ended: list[int] = []
    killer = threading.Thread(target=end_readers, args=(kills, ended))
    killer.start()
    if answered:
        assert read(reader, PAGE).clean.tokens
    else:
        with pytest.raises(DocumentRefused) as raised:
            read(reader, PAGE)
        assert raised.value.code == "unreadable"
    killer.join()
    assert len(ended) == kills
    assert read(reader, make_pdf(INVOICE)).text.pages


def test_a_language_that_is_not_installed_is_named(reader: ReaderProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEONHOLE_OCR_LANGUAGES", "fra+xyz")
    problem = reader.start().problem
    assert problem is not None
    assert "xyz" in problem
    assert "fra" not in problem


def test_a_missing_engine_keeps_the_transformer_from_being_ready(
    start_server: Callable[..., Server], predictor: Server
) -> None:
    server = start_server(
        "transformer_server", "--predictor_host", predictor.host, serving_slots="1", ocr_languages="fra+xyz"
    ).wait("/", 200)
    wait_until(
        lambda: (
            [problem["field"] for problem in server.get("/readyz").json()["problems"]] == ["ocr"]
            and "xyz" in server.get("/readyz").text
        ),
        "the problem to be named",
    )
    assert httpx.post(server.url + V1, json=v1_body(PAGE)).json()["reason"] == "not-ready"
    assert server.stop() == 0
