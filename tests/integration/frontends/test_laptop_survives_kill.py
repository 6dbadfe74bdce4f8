"""`pigeonhole serve` on a laptop: sorts by the champion, and `kill -9` of everything loses no document."""

import io
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from reportlab.pdfgen import canvas

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.gates import GateParams, judge
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole.settings import PlatformSettings
from pigeonhole.text import clean_text
from pigeonhole_api.client import PlatformClient
from pigeonhole_frontends.laptop.home import Home

pytestmark = pytest.mark.integration
DOCUMENTS = 200
DEADLINE_SECONDS = 240
WORDS = {
    "invoice": "Facture montant total TTC à payer TVA échéance règlement prestation client numéro",
    "payslip": "Bulletin de paie salaire brut net imposable cotisations employeur congés retraite",
}


def letter(class_name: str, number: int) -> bytes:
    content = io.BytesIO()
    page = canvas.Canvas(content, invariant=True)
    page.drawString(60, 760, f"{WORDS[class_name]} {number}")
    page.drawString(60, 730, " ".join(WORDS[class_name].split()[number % 4 :]))
    page.save()
    return content.getvalue()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home whose registry has a champion for two classes."""
    settings = PlatformSettings(home=tmp_path_factory.mktemp("laptop"))
    rows = [
        (clean_text(f"{words} {n} {words.split()[n]}").text, name) for name, words in WORDS.items() for n in range(8)
    ]
    texts, labels = zip(*rows, strict=True)
    model = train_classifier(texts, labels, [str(n) for n in range(len(rows))], TrainingParams(max_features=500))
    evaluation = evaluate_classifier(model, texts, labels)
    report = {**evaluation.to_json(), "gates": judge(evaluation, None, GateParams(max_calibration_error=1)).to_json()}
    registry = ModelRegistry(settings.tracking_uri, settings.model_name)
    record = TrainingRecord(model, "d" * 64, {}, report, "p", "c", "text-layer pdfium", texts[0])
    registry.promote(registry.register(record).version)
    return settings.home


class Platform:
    """A `pigeonhole serve` process and its children."""

    def __init__(self, home: Path) -> None:
        self._home = home
        command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "serve", "--no-apps"]
        environment = {**os.environ, "PIGEONHOLE_HOME": str(home)}
        log = (home / "serve.log").open("ab")
        self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def client(self) -> PlatformClient:
        address = json.loads((self._home / "serving.json").read_text())["api"]
        return PlatformClient(address, Home(self._home).token())

    def is_ready(self) -> bool:
        assert self._process.poll() is None, (self._home / "serve.log").read_text()
        return "Ctrl-C" in (self._home / "serve.log").read_text()

    def kill(self) -> None:
        """End the supervisor, then each of its children, by SIGKILL."""
        children = self.children()
        (self._home / "serve.log").write_text("")
        self._process.kill()
        for child in children:
            os.kill(child, signal.SIGKILL)
        self._process.wait()

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def children(self) -> list[int]:
        found = []
        for task in Path(f"/proc/{self._process.pid}/task").glob("*/children"):
            found += [int(pid) for pid in task.read_text().split()]
        return found


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"waited too long until {what}"
        time.sleep(0.05)


@pytest.fixture
def platforms(home: Path) -> Iterator[Callable[[], Platform]]:
    started: list[Platform] = []

    def start() -> Platform:
        started.append(Platform(home))
        wait_until(started[-1].is_ready, "the platform is ready")
        return started[-1]

    yield start
    for platform in started:
        if platform._process.poll() is None:
            platform.kill()


def test_kill_9_with_documents_in_flight_loses_none_and_doubles_none(
    platforms: Callable[[], Platform], home: Path
) -> None:
    batches = {
        name: [(f"{name}-{number}.pdf", letter(name, number)) for number in range(DOCUMENTS // len(WORDS))]
        for name in WORDS
    }
    first = platforms()
    with first.client() as client:
        jobs = {name: client.submit_job(name, files).id for name, files in batches.items()}
        wait_until(lambda: done(client, jobs) >= 10, "some documents are sorted")
        before = done(client, jobs)
    first.kill()
    assert before < DOCUMENTS, "the jobs were over before they could be interrupted"

    second = platforms()
    with second.client() as client:
        for name, files in batches.items():
            assert client.submit_job(name, files).id == jobs[name]
        wait_until(lambda: done(client, jobs) == DOCUMENTS, "the jobs have ended")
        for name, job_id in jobs.items():
            documents = list(client.all_documents(job_id))
            assert sorted(document.name for document in documents) == sorted(file for file, _ in batches[name])
            assert {document.prediction and document.prediction.class_name for document in documents} == {name}
    assert len(results(home)) == len(set(results(home))) == DOCUMENTS
    assert second.stop() == 0


def done(client: PlatformClient, jobs: dict[str, str]) -> int:
    counts = [client.job(job_id).counts for job_id in jobs.values()]
    return sum(count.classified + count.needs_review + count.failed for count in counts)


def results(home: Path) -> list[str]:
    with sqlite3.connect(home / "platform.db") as database:
        return [row[0] for row in database.execute("SELECT document_id FROM predictions")]
