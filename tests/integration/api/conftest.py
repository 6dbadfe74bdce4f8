"""The API and its worker as real processes over real databases, and a transformer that does what it is told."""

import base64
import hashlib
import io
import itertools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database, migrate
from pigeonhole_api.refusals import MEDIA_TYPE
from pigeonhole_frontends.laptop.ports import any_free_port
from tests.integration.api.described import is_described
from tests.integration.api.platform_process import PlatformProcess
from tests.postgresql_server import PostgresqlServer

TOKEN = "a-token-for-tests-alone"
START_SECONDS = 60
LEASE_SECONDS = 4
CLASSES = ("invoice", "payslip", "resume")

Process = subprocess.Popen[bytes] | PlatformProcess


def picture(number: int) -> bytes:
    """A PNG of a few hundred bytes; each number gives other bytes."""
    content = io.BytesIO()
    Image.new("RGB", (40 + number % 7, 60), (number % 256, number // 256 % 256, number // 65536)).save(content, "PNG")
    return content.getvalue()


def wait_until(condition: Callable[[], Any], what: str, seconds: float = START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.02)


def answer_for(document: bytes, confidence: float = 0.9, version: str = "7") -> dict[str, Any]:
    """What the transformer answers for a document: the class follows from its hash."""
    sha256 = hashlib.sha256(document).hexdigest()
    first = int(sha256, 16) % len(CLASSES)
    names = [*CLASSES[first:], *CLASSES[:first]]
    rest = (1 - confidence) / 2
    return {
        "class": names[0],
        "confidence": confidence,
        "probabilities": [{"class": name, "p": p} for name, p in zip(names, (confidence, rest, rest), strict=True)],
        "margin": confidence - rest,
        "abstained": confidence < 0.6,
        "threshold": 0.6,
        "reasons": [
            {"word": "total", "weight": 1.5, "boxes": [{"page": 1, "left": 1, "top": 2, "width": 3, "height": 4}]}
        ],
        "pages": [{"page": 1, "class": names[0], "p": confidence, "language": "fr", "failure": None}],
        "model": {"name": "document-classifier", "version": version, "run_id": "run", "digest": "0" * 64},
        "role": "stable",
        "ocr": {
            "engine": "tesseract",
            "engine_version": "5",
            "seconds": 0.1,
            "pages_read": 1,
            "language": "fr",
            "confidence": 0.9,
            "view": "full",
        },
        "document": {"sha256": sha256, "media_type": "image/png", "size": len(document), "pages": 1},
    }


Answer = tuple[int, dict[str, Any], dict[str, str]]


def predict(document: bytes, **changes: Any) -> Answer:
    return 200, {"predictions": [answer_for(document, **changes)]}, {}


class Transformer:
    """A transformer in this process; `behave` is what it does with a document, `seen` counts requests by sha256."""

    def __init__(self) -> None:
        self.behave: Callable[[bytes], Answer] = predict
        self.seen: Counter[str] = Counter()
        transformer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                (instance,) = body["instances"]
                assert instance["reasons"] is True
                assert instance["group"].startswith("job_")
                document = base64.b64decode(instance["document"])
                transformer.seen[hashlib.sha256(document).hexdigest()] += 1
                status, answer, headers = transformer.behave(document)
                content = json.dumps(answer).encode()
                with suppress(OSError):
                    self.send_response(status)
                    for name, value in {**headers, "Content-Length": str(len(content))}.items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(content)

            def log_message(self, *arguments: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, request: object, client_address: object) -> None:
                pass  # a worker that was killed has closed its connection

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def reset(self) -> None:
        self.behave = predict
        self.seen = Counter()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


class Installation:
    """A folder with the platform's processes."""

    def __init__(self, home: Path, transformer_url: str, **settings: str) -> None:
        self.home = home
        self.port = any_free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.client = PlatformClient(self.url, TOKEN)
        self.metrics_port = 0
        self.prefix: tuple[str, ...] = ()
        self.processes: list[Process] = []
        self.environment = {
            "PIGEONHOLE_HOME": str(home),
            "PIGEONHOLE_API_TOKEN": TOKEN,
            "PIGEONHOLE_API_TRANSFORMER_URL": transformer_url,
            "PIGEONHOLE_API_POLL_SECONDS": "0.15",
            "PIGEONHOLE_API_LEASE_SECONDS": str(LEASE_SECONDS),
            "PIGEONHOLE_API_CONCURRENCY": "8",
            "PIGEONHOLE_API_MAX_BACKOFF_SECONDS": "0.5",
            **settings,
        }

    def start(self, module: str, *arguments: str, **settings: str) -> Process:
        log = self.home / f"{module}.log"
        environment = {**os.environ, **self.environment, **settings}
        process: Process
        if self.prefix:
            command = [*self.prefix, sys.executable, "-m", f"pigeonhole_api.{module}", *arguments]
            with log.open("ab") as output:
                process = subprocess.Popen(command, env=environment, stdout=output, stderr=output)
        else:
            process = PlatformProcess(module, arguments, environment, log)
        self.processes.append(process)
        return process

    picture = staticmethod(picture)

    def start_api(self, **settings: str) -> Process:
        process = self.start("serve", "--port", str(self.port), **settings)
        wait_until(lambda: self.is_ready() or process.poll() is not None, "the API")
        assert process.poll() is None, self.log("serve")
        return process

    def start_worker(self, **settings: str) -> Process:
        return self.start("work", **settings)

    def is_ready(self) -> bool:
        with suppress(httpx.TransportError):
            return httpx.get(f"{self.url}/readyz").status_code == 200
        return False

    def log(self, module: str) -> str:
        return (self.home / f"{module}.log").read_text()[-3000:]

    def call(self, method: str, path: str, token: str | None = TOKEN, **content: Any) -> httpx.Response:
        headers = {**({"authorization": f"Bearer {token}"} if token else {}), **content.pop("headers", {})}
        return httpx.request(method, self.url + path, headers=headers, timeout=60, **content)

    def close(self) -> None:
        self.client.close()
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            process.wait(30)


def kill(process: Process) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait(30)


@pytest.fixture(scope="session", autouse=True)
def only_described_refusals() -> Iterator[None]:
    """No refusal that any of these tests provokes is missing from the API's own description."""
    send = httpx.Client.send

    def send_and_check(client: httpx.Client, request: httpx.Request, **options: Any) -> httpx.Response:
        answer = send(client, request, **options)
        if answer.headers.get("content-type") == MEDIA_TYPE and not options.get("stream"):
            described = is_described(request.method, request.url.path, answer.status_code, answer.json())
            assert described, f"{request.method} {request.url.path} is not described to answer {answer.text}"
        return answer

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(httpx.Client, "send", send_and_check)
        yield


@pytest.fixture(scope="package")
def postgresql() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server for all tests that do not disturb it."""
    server = PostgresqlServer()
    yield server
    server.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty database of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/platform.db"
    return str(request.getfixturevalue("postgresql").new_database())


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A database of each kind, with its tables."""
    database = Database(database_url)
    migrate(database)
    yield database
    database.close()


@pytest.fixture(scope="package")
def steady_transformer() -> Iterator[Transformer]:
    """A transformer that always answers, and is sure of every other document that comes."""
    transformer, numbers = Transformer(), itertools.count()
    transformer.behave = lambda document: predict(document, confidence=0.95 if next(numbers) % 2 else 0.4)
    yield transformer
    transformer.close()


@pytest.fixture(scope="package")
def platform(tmp_path_factory: pytest.TempPathFactory, steady_transformer: Transformer) -> Iterator[Installation]:
    """One platform with API and worker for all tests that break nothing."""
    installation = Installation(tmp_path_factory.mktemp("platform"), steady_transformer.url)
    installation.start_api(PIGEONHOLE_API_MAX_BODY_BYTES="3000000", PIGEONHOLE_LIMIT_MAX_BYTES="200000")
    installation.start_worker()
    yield installation
    installation.close()


@pytest.fixture
def client(platform: Installation) -> PlatformClient:
    return platform.client


@pytest.fixture(scope="package")
def moody_transformer() -> Iterator[Transformer]:
    """A transformer that each test gives another behaviour."""
    transformer = Transformer()
    yield transformer
    transformer.close()


@pytest.fixture(scope="package")
def moody_platform(tmp_path_factory: pytest.TempPathFactory, moody_transformer: Transformer) -> Iterator[Installation]:
    """One platform with API and worker for the tests of the moody transformer."""
    installation = Installation(tmp_path_factory.mktemp("moody"), moody_transformer.url)
    installation.metrics_port = any_free_port()
    installation.start_api()
    installation.start_worker(PIGEONHOLE_API_METRICS_PORT=str(installation.metrics_port))
    yield installation
    installation.close()


@pytest.fixture
def own_transformer() -> Iterator[Transformer]:
    transformer = Transformer()
    yield transformer
    transformer.close()


@pytest.fixture
def transformer(own_transformer: Transformer) -> Transformer:
    return own_transformer


@pytest.fixture(scope="module")
def module_installation(
    tmp_path_factory: pytest.TempPathFactory, steady_transformer: Transformer
) -> Iterator[Callable[..., Installation]]:
    """Makes a platform for one module's tests, nothing of it started yet."""
    made: list[Installation] = []

    def make(**settings: str) -> Installation:
        made.append(Installation(tmp_path_factory.mktemp("module"), steady_transformer.url, **settings))
        return made[-1]

    yield make
    for installation in made:
        installation.close()


@pytest.fixture(name="predict")
def predict_fixture() -> Callable[..., Answer]:
    """Makes the answer for a document."""
    return predict


@pytest.fixture(name="wait_until")
def wait_until_fixture() -> Callable[..., None]:
    """Waits for a condition, up to a deadline."""
    return wait_until


@pytest.fixture(name="kill")
def kill_fixture() -> Callable[[Process], None]:
    """Kills a process as `kill -9` does."""
    return kill


@pytest.fixture
def installation(tmp_path: Path, own_transformer: Transformer) -> Iterator[Installation]:
    """A platform of a test's own, nothing of it started yet."""
    installation = Installation(tmp_path, own_transformer.url)
    yield installation
    installation.close()


@pytest.fixture
def installation_on_either(tmp_path: Path, own_transformer: Transformer, database_url: str) -> Iterator[Installation]:
    """As `installation`, once on SQLite and once on PostgreSQL."""
    installation = Installation(tmp_path, own_transformer.url, PIGEONHOLE_API_DATABASE_URL=database_url)
    yield installation
    installation.close()


@pytest.fixture
def reference(request: pytest.FixtureRequest) -> str:
    """A reference that no other test has."""
    return f"{request.node.name[:120]}-{time.time_ns()}"


_numbers = iter(range(1, 10_000_000))


@pytest.fixture
def pictures() -> Callable[[int], list[tuple[str, bytes]]]:
    """Makes named files whose contents no other test of this run has."""
    return lambda count: [(f"scan-{number}.png", picture(next(_numbers))) for number in range(count)]


@pytest.fixture
def refused() -> Callable[[Callable[[], Any]], ApiError]:
    """Calls and returns the refusal."""

    def call(action: Callable[[], Any]) -> ApiError:
        with pytest.raises(ApiError) as caught:
            action()
        return caught.value

    return call


@pytest.fixture(scope="session")
def encrypted_pdf() -> bytes:
    from reportlab.pdfgen import canvas

    content = io.BytesIO()
    page = canvas.Canvas(content, encrypt="a password")
    page.drawString(60, 700, "secret")
    page.save()
    return content.getvalue()
