"""A platform for the apps: the real API and its worker as processes, and stand-ins for what the worker calls."""

import io
import json
import os
import random
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from PIL import Image
from streamlit.testing.v1 import AppTest

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import FINAL_TRAINING_STATES, Job, Training
from pigeonhole_frontends.admin_app import main_path as admin_app_path
from pigeonhole_frontends.laptop.ports import any_free_port
from pigeonhole_frontends.user_app import main_path as user_app_path

TOKEN = "a-token-for-the-tests-alone"
START_SECONDS = 60
COLOURS = {"invoice": (200, 30, 30), "payslip": (30, 160, 30), "resume": (30, 30, 200)}
CLASSES = sorted(COLOURS)
DOUBTFUL = (120, 120, 120)


def picture(colour: tuple[int, int, int], number: int = 0) -> bytes:
    """Return an image that the model server answers by its colour; the number makes its bytes its own."""
    drawn = io.BytesIO()
    image = Image.new("RGB", (120, 160), colour)
    image.putpixel((119, 159), (number % 256, number // 256, 0))
    image.save(drawn, format="PNG")
    return drawn.getvalue()


@dataclass(frozen=True)
class Platform:
    """A running platform, a client of it, and how to wait for what it does."""

    url: str
    client: PlatformClient

    def submit(self, reference: str, files: Sequence[tuple[str, bytes]]) -> Job:
        return self.client.wait(self.client.submit_job(reference, files).id, timeout=START_SECONDS)

    def calls(self) -> int:
        """Return how many calls of the API's resources it has answered."""
        text = httpx.get(f"{self.url}/metrics").text
        counted = re.findall(r'^pigeonhole_http_requests_total\{.*route="/v1/.*\} ([0-9.]+)$', text, re.MULTILINE)
        assert counted, text
        return int(sum(float(number) for number in counted))

    def train(self) -> Training:
        return self.trained(self.client.start_training(self.client.create_dataset_version().id))

    def trained(self, training: Training) -> Training:
        wait_until(lambda: self.client.training(training.id).state in FINAL_TRAINING_STATES, "the training to end")
        return self.client.training(training.id)


def wait_until(condition: Callable[[], bool], what: str, seconds: float = 2 * START_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.05)


@contextmanager
def process(module: str, arguments: Sequence[str], log: Path, environment: dict[str, str]) -> Iterator[None]:
    with log.open("ab") as output:
        started = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
        )
    try:
        yield
    finally:
        started.terminate()
        try:
            started.wait(30)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait()


@contextmanager
def running_platform(home: Path, *, with_worker: bool, **settings: str) -> Iterator[Platform]:
    port, models_port = any_free_port(), any_free_port()
    environment = {
        "PIGEONHOLE_HOME": str(home),
        "PIGEONHOLE_API_TOKEN": TOKEN,
        "PIGEONHOLE_API_TRANSFORMER_URL": f"http://127.0.0.1:{models_port}",
        "PIGEONHOLE_API_POLL_SECONDS": "0.15",
        "PIGEONHOLE_API_AUDIT_SHARE": "0",
        "PIGEONHOLE_API_TRAINING_MODULE": "training_stand_in",
        "PYTHONPATH": str(Path(__file__).parent),
        "OMP_THREAD_LIMIT": "1",
        **settings,
    }
    url = f"http://127.0.0.1:{port}"
    with ExitStack() as stack:
        stack.enter_context(process("model_server_stand_in", [str(models_port)], home / "models.log", environment))
        stack.enter_context(process("pigeonhole_api.serve", ["--port", str(port)], home / "api.log", environment))
        client = stack.enter_context(PlatformClient(url, TOKEN))
        wait_until(lambda: answers(client), f"the API: {(home / 'api.log').read_text()[-2000:]}")
        if with_worker:
            stack.enter_context(process("pigeonhole_api.work", [], home / "worker.log", environment))
        yield Platform(url, client)


def answers(client: PlatformClient) -> bool:
    try:
        client.jobs()
    except ApiError:
        return False
    return True


def register_models(home: Path) -> None:
    """Register two small models, the first of them serving."""
    texts = [*("facture total tva", "facture montant", "facture client"), *("salaire net", "salaire brut", "bulletin")]
    labels = ["invoice"] * 3 + ["payslip"] * 3
    model = train_classifier(texts, labels, [str(row) for row in range(6)], TrainingParams(max_features=200))
    evaluation = evaluate_classifier(model, texts, labels).to_json()
    gates = {"passed": True, "gates": []}
    registry = ModelRegistry(f"sqlite:///{home}/mlflow.db")
    for macro_f1 in (0.801, 0.912):
        registry.register(
            TrainingRecord(
                model=model,
                dataset_version="d" * 64,
                params={},
                evaluation={**evaluation, "metrics": {**evaluation["metrics"], "macro_f1": macro_f1}, "gates": gates},
                params_digest="p" * 64,
                git_commit="c" * 40,
                ocr_engine="tesseract 5",
                input_example=texts[0],
            )
        )
    registry.promote("1")


@pytest.fixture(scope="package")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return a platform on which nothing has happened."""
    with running_platform(tmp_path_factory.mktemp("empty"), with_worker=False) as platform:
        yield platform


@pytest.fixture(scope="package")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """Return a platform with training images of three classes, two models and a training."""
    home = tmp_path_factory.mktemp("filled")
    register_models(home)
    with running_platform(home, with_worker=True) as platform:
        for class_name in CLASSES:
            images = [(f"{class_name}-{n}.png", picture(COLOURS[class_name], 1000 + n)) for n in range(4)]
            platform.client.add_examples(class_name, images)
        platform.train()
        yield platform


@pytest.fixture
def audited(tmp_path: Path) -> Iterator[Platform]:
    """Return a platform on which every sure answer is to be checked blind, and figures come at once."""
    register_models(tmp_path)
    settings = {"PIGEONHOLE_API_AUDIT_SHARE": "1", "PIGEONHOLE_API_QUALITY_SECONDS": "0.5"}
    with running_platform(tmp_path, with_worker=True, **settings) as platform:
        yield platform


@dataclass(frozen=True)
class JudgedPlatform(Platform):
    """A platform whose registry a promotion operator writes to."""

    registry: MlflowClient

    def judge(self, version: str, **found: str) -> None:
        """Say of a version what an operator would: `result`, `reason` and `message`."""
        for name, value in found.items():
            self.registry.set_model_version_tag("document-classifier", version, f"promotion_{name}", value)


@pytest.fixture
def judged(tmp_path: Path) -> Iterator[JudgedPlatform]:
    """Return a platform with two models, the first in use, about which an operator may have something to say."""
    register_models(tmp_path)
    with running_platform(tmp_path, with_worker=False) as platform:
        yield JudgedPlatform(platform.url, platform.client, MlflowClient(f"sqlite:///{tmp_path}/mlflow.db"))


@pytest.fixture
def eventually() -> Callable[..., None]:
    """Wait until something is so, and fail when it takes too long."""
    return wait_until


@pytest.fixture(scope="session")
def nowhere() -> Iterator[str]:
    """Return an address at which nothing answers."""
    # Bound without listening, so that it refuses connections and nobody else gets it.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        yield f"http://127.0.0.1:{taken.getsockname()[1]}"


@pytest.fixture
def documents() -> list[tuple[str, bytes]]:
    """Return files that no other test has: two clear ones, two doubtful ones and a broken one."""
    own = random.randrange(2**16)
    return [
        *((f"{name}.png", picture(COLOURS[name], own)) for name in ("invoice", "payslip")),
        *((f"doubtful-{n}.png", picture(DOUBTFUL, own ^ n)) for n in range(2)),
        ("broken.png", b"\x89PNG\r\n\x1a\n" + own.to_bytes(2, "big")),
    ]


@dataclass
class App:
    """One of the apps, opened without a browser."""

    main: Path

    @staticmethod
    def shown(test: AppTest) -> str:
        """Return all HTML on the screen, after making sure that nothing went wrong."""
        assert not test.exception
        return "\n".join(each.proto.body for each in test.html)

    @staticmethod
    def gallery(test: AppTest) -> dict[str, Any]:
        """Return what the gallery on the screen was given to show."""
        (found,) = test.get("bidi_component")
        return dict(json.loads(found.proto.json))

    @staticmethod
    def select(test: AppTest, ids: list[str]) -> None:
        """Select pictures as the browser does, and run the screen."""
        (found,) = test.get("bidi_component")
        # Its id ends with the key that the screen gave it, behind a hash.
        test.session_state[found.proto.id.split("-", 2)[2]] = {"selected": ids}
        test.run()

    def open(self, url: str, screen: str, **query: str) -> AppTest:
        """Open a screen of the app against the API at an address."""
        os.environ["PIGEONHOLE_APP_API_URL"], os.environ["PIGEONHOLE_APP_TOKEN"] = url, TOKEN
        test = AppTest.from_file(self.main, default_timeout=START_SECONDS)
        for name, value in query.items():
            test.query_params[name] = value
        test.run()
        return test.switch_page(f"screens/{screen}.py").run()


@pytest.fixture
def user_app(monkeypatch: pytest.MonkeyPatch) -> App:
    return app(user_app_path(), monkeypatch)


@pytest.fixture
def admin_app(monkeypatch: pytest.MonkeyPatch) -> App:
    return app(admin_app_path(), monkeypatch)


def app(main: Path, monkeypatch: pytest.MonkeyPatch) -> App:
    # Set by monkeypatch first, so that it puts back what was there.
    for name in ("PIGEONHOLE_APP_API_URL", "PIGEONHOLE_APP_TOKEN"):
        monkeypatch.setenv(name, "")
    return App(main)
