"""`pigeonhole doctor --url` looks at a running platform from outside, and leaves nothing behind there."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
import pytest

from .conftest import TOKEN, Platform, register_models, running_platform

pytestmark = pytest.mark.integration


def doctor(*arguments: str) -> tuple[int, dict[str, dict[str, Any]]]:
    """Run the command and return its exit code and its findings by what they are about."""
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "doctor", "--json"]
    environment = {key: value for key, value in os.environ.items() if key != "PIGEONHOLE_APP_TOKEN"}
    done = subprocess.run([*command, *arguments], capture_output=True, text=True, timeout=120, env=environment)
    assert "Traceback" not in done.stderr
    assert done.stdout, done.stderr
    return done.returncode, {finding["what"]: finding for finding in json.loads(done.stdout)}


@contextmanager
def answering(status: int, text: str = "", kind: str = "text/html") -> Iterator[str]:
    """Give the address of a server that answers everything alike."""

    class Server(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def sorting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    home = tmp_path_factory.mktemp("sorting")
    register_models(home)
    with running_platform(home, with_worker=True) as platform:
        yield platform


@pytest.fixture
def idle(tmp_path: Path) -> Iterator[Platform]:
    """A platform that has a model, and no worker."""
    register_models(tmp_path)
    with running_platform(tmp_path, with_worker=False) as platform:
        yield platform


def test_a_platform_that_works_passes_every_check_and_keeps_no_job(sorting: Platform) -> None:
    code, found = doctor("--url", f"{sorting.url}/", "--token", TOKEN, "--answers", f"{sorting.url}/livez")
    assert [each for each in found.values() if not each["ok"]] == []
    assert code == 0
    assert found["a document"]["found"].startswith("sorted as invoice by version 1 in ")
    assert found["model"]["found"] == "version 1 is in use"
    assert found["sign-in of strangers"]["found"] == "refused with 401"
    assert {"API", "sign-in", "metrics", f"{sorting.url}/livez"} <= set(found)
    assert sorting.client.jobs().jobs == []


def test_without_a_token_what_needs_none_is_looked_at(sorting: Platform) -> None:
    code, found = doctor("--url", sorting.url)
    assert code == 0
    assert found["sign-in"]["found"].startswith("not tried")
    assert set(found) == {"API", "sign-in of strangers", "sign-in", "metrics"}


def test_a_token_of_another_platform_is_told(sorting: Platform) -> None:
    code, found = doctor("--url", sorting.url, "--token", "of-another-platform")
    assert code == 5
    assert not found["sign-in"]["ok"]
    assert found["sign-in"]["fix"]
    assert "a document" not in found


def test_without_a_model_it_is_said_how_to_get_one(empty: Platform) -> None:
    code, found = doctor("--url", empty.url, "--token", TOKEN)
    assert code == 5
    assert not found["model"]["ok"]
    assert "pigeonhole train" in found["model"]["fix"]
    assert "a document" not in found


def test_a_document_that_nobody_sorts_is_given_up_and_taken_away(idle: Platform) -> None:
    code, found = doctor("--url", idle.url, "--token", TOKEN, "--seconds", "2")
    assert code == 5
    assert found["a document"]["found"] == "uploaded, and not sorted after 2 s"
    assert "worker" in found["a document"]["fix"]
    assert idle.client.jobs().jobs == []


def test_where_nothing_answers_one_line_says_so(nowhere: str) -> None:
    code, found = doctor("--url", nowhere, "--token", TOKEN)
    assert code == 5
    assert set(found) == {"API"}
    assert found["API"]["found"] == "it cannot be reached (ConnectError)"


def test_a_server_that_is_no_platform_is_not_taken_for_one() -> None:
    with answering(200, "<html>welcome</html>") as url:
        code, found = doctor("--url", url, "--token", TOKEN)
    assert code == 5
    assert not found["API"]["ok"]
    assert "no Pigeonhole API" in found["API"]["found"]


def test_an_api_whose_probes_an_ingress_hides_is_found_by_its_resources(sorting: Platform) -> None:
    with before(sorting.url) as url:
        code, found = doctor("--url", url, "--token", TOKEN)
    assert code == 0
    assert found["API"]["found"] == "answers; its probes are not to be seen from here"
    assert found["metrics"]["found"] == "not to be seen from here"
    assert found["a document"]["ok"]


@contextmanager
def before(url: str) -> Iterator[str]:
    """Give an address that leads to the API's resources, and to a page for everything else, as the ingress does."""

    class Ingress(BaseHTTPRequestHandler):
        def pass_on(self) -> None:
            size = int(self.headers.get("Content-Length") or 0)
            body = self.rfile.read(size)
            if not self.path.startswith("/v1"):
                self.answer(200, "text/html", b"<html>the user app</html>")
                return
            kept = {key: value for key, value in self.headers.items() if key.lower() not in ("host", "connection")}
            answer = httpx.request(self.command, f"{url}{self.path}", content=body, headers=kept)
            self.answer(answer.status_code, answer.headers.get("content-type", ""), answer.content)

        def answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self) -> None:
            self.pass_on()

        def do_POST(self) -> None:
            self.pass_on()

        def do_PUT(self) -> None:
            self.pass_on()

        def do_DELETE(self) -> None:
            self.pass_on()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Ingress) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_an_address_that_does_not_answer_200_is_named(sorting: Platform) -> None:
    with answering(503) as url:
        code, found = doctor("--url", sorting.url, "--answers", f"{url}/metrics")
    assert code == 5
    assert found[f"{url}/metrics"]["found"] == "status 503"
    assert found["API"]["ok"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--cluster", "--url", "http://localhost"], "--cluster and --url look at different things."),
        (["--answers", "http://localhost"], "--answers goes with --url."),
    ],
)
def test_what_cannot_be_meant_is_a_wrong_command_line(arguments: list[str], sentence: str) -> None:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "doctor", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert sentence in done.stderr
