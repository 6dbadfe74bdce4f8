"""The life of the processes: shutdown under load, liveness while documents are read, readers that end."""

import io
import os
import shutil
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

import httpx
import pytest
from PIL import Image

from .conftest import INVOICE, Server, make_scan, v1_body, wait_until

pytestmark = [pytest.mark.integration, pytest.mark.alone]
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


def children_of(pid: int) -> list[int]:
    """Return the processes that any thread of a process has started and that still run."""
    found: list[int] = []
    for children in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(FileNotFoundError, ProcessLookupError):
            found.extend(int(child) for child in children.read_text().split())
    return found


@pytest.fixture
def deeds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tesseract first in the PATH; to the pages of all processes it does what one line after another of a file says.

    A page without a line, and the warm-up's small image, are read as ever.
    """
    real = shutil.which("tesseract")
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    program.write_text(
        f'#!/bin/sh\ncase "$1" in --*) exec {real} "$@";; esac\n[ $(wc -c < "$1") -lt 9999 ] && exec {real} "$@"\n'
        f"cd {tmp_path}\necho x >> calls\neval $(sed -n $(wc -l < calls)p deeds)\ncd - > /dev/null\n"
        f'exec {real} "$@"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}{os.environ['PATH']}")
    return tmp_path / "deeds"


@pytest.fixture
def start_frail(start_server: Callable[..., Server], predictor: Server) -> Callable[..., Server]:
    """Starts transformers with one reader, whose engine is a program, so that a test can break it."""
    options = ("transformer_server", "--predictor_host", predictor.host)
    return partial(start_server, *options, serving_slots="1", ocr_engine="pytesseract")


def send(server: Server, document: bytes) -> httpx.Response:
    return httpx.post(server.url + V1, json=v1_body(document), timeout=120)


def two_pages() -> bytes:
    """A document of two scanned pages."""
    pages = [Image.open(io.BytesIO(make_scan(INVOICE))) for _ in range(2)]
    content = io.BytesIO()
    pages[0].save(content, "TIFF", save_all=True, append_images=pages[1:])
    return content.getvalue()


def test_a_page_that_kills_its_reader_is_read_by_another_and_twice_is_lost_alone(
    start_frail: Callable[..., Server], deeds: Path
) -> None:
    kill = "kill -9 $PPID; exec sleep 60"
    deeds.write_text(f"{kill}\n\n\n{kill}\n{kill}\n")
    server = start_frail().wait()
    for failures in ([None, None], ["unreadable", None]):
        answer = send(server, two_pages())
        assert answer.status_code == 200, answer.text
        (prediction,) = answer.json()["predictions"]
        assert [page["failure"] for page in prediction["pages"]] == failures
        assert prediction["class"] == "invoice"
    assert gauge(server, 'pigeonhole_reader_restarts_total{cause="crash"}') == 3
    assert gauge(server, 'pigeonhole_ocr_pages_total{engine="none",result="unreadable",view="full"}') == 1


def test_a_page_that_takes_too_long_is_lost_alone(start_frail: Callable[..., Server], deeds: Path) -> None:
    deeds.write_text("kill -STOP $PPID\n")
    server = start_frail(limit_page_deadline_seconds="10").wait()
    answer = send(server, two_pages())
    assert answer.status_code == 200, answer.text
    assert [page["failure"] for page in answer.json()["predictions"][0]["pages"]] == ["timeout", None]
    assert gauge(server, 'pigeonhole_reader_restarts_total{cause="timeout"}') == 1


def test_a_document_that_is_not_read_by_the_request_s_deadline_gets_504_and_the_next_is_read(
    start_frail: Callable[..., Server], deeds: Path
) -> None:
    deeds.write_text("exec sleep 60\n")
    server = start_frail(serving_deadline_seconds="3").wait()
    answer = send(server, make_scan(INVOICE))
    assert (answer.status_code, answer.json()["reason"]) == (504, "timeout")
    wait_until(lambda: send(server, make_scan(INVOICE)).status_code == 200, "the next document to be read")


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
