"""Model servers as real processes on free ports, and documents to send them."""

import base64
import io
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen import canvas

from pigeonhole.artefact import ModelIdentity, save_classifier, write_identity
from pigeonhole.classifier import TrainingParams, train_classifier
from pigeonhole.text import clean_text
from pigeonhole_frontends.laptop.ports import any_free_port

START_SECONDS = 180
TEXTS = {
    "invoice": [
        "Facture numéro 2024 montant total TTC à payer TVA échéance règlement",
        "Invoice number total amount due VAT payment terms bank account",
        "Facture prestation de services montant hors taxes TVA total TTC",
        "Invoice for services rendered amount due subtotal tax total",
        "Facture client total à régler échéance paiement TVA",
    ],
    "payslip": [
        "Bulletin de paie salaire brut net à payer cotisations employeur",
        "Payslip gross salary net pay deductions employer insurance",
        "Bulletin de salaire mensuel congés payés cotisations sociales net imposable",
        "Pay statement earnings deductions gross net salary employee",
        "Fiche de paie salarié brut net cotisations retraite",
    ],
    "resume": [
        "Curriculum vitae expérience professionnelle compétences formation diplômes langues",
        "Resume work experience skills education university degree languages",
        "Développeur expérience compétences informatique formation master université",
        "Curriculum vitae professional experience skills references hobbies",
        "Expérience professionnelle formation diplôme compétences centres d'intérêt",
    ],
}
INVOICE = [
    "Facture numero 2024",
    "Montant total TTC a payer",
    "TVA et reglement a echeance",
    "Facture de prestation de services pour le client",
]
PAYSLIP = [
    "Bulletin de paie",
    "Salaire brut et net a payer",
    "Cotisations de l'employeur et du salarie",
    "Net imposable",
]


class Server:
    """A model server's process, its address and its log."""

    def __init__(
        self, module: str, arguments: list[str], log: Path, environment: dict[str, str], prefix: Sequence[str]
    ) -> None:
        self._command = [*prefix, sys.executable, "-m", f"pigeonhole_serving.{module}", *arguments]
        self._log, self._environment = log, environment
        self.port = any_free_port()
        self.host = f"127.0.0.1:{self.port}"
        self.url = f"http://{self.host}"
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self._command, "--http_port", str(self.port)],
                stderr=log,
                stdout=log,
                env={**os.environ, **self._environment},
            )
        return self

    def get(self, path: str) -> httpx.Response:
        return httpx.get(self.url + path, timeout=30)

    def status(self, path: str) -> int | None:
        with suppress(httpx.TransportError):
            return self.get(path).status_code
        return None

    def wait(self, path: str = "/readyz", status: int | None = 200) -> "Server":
        def answers() -> bool:
            assert self.process is not None
            assert self.process.poll() is None, f"the server ended. {self.log()[-2000:]}"
            return self.status(path) == status

        wait_until(answers, f"{path} to answer {status}", lambda: self.log()[-2000:])
        return self

    def log(self) -> str:
        return self._log.read_text()

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)

    def stop(self) -> int:
        assert self.process is not None
        self.process.terminate()
        return self.process.wait(60)


def wait_until(condition: Callable[[], bool], what: str, seen: Callable[[], str] = str) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}. {seen()}"
        time.sleep(0.05)


def make_pdf(*pages: list[str], password: str | None = None) -> bytes:
    content = io.BytesIO()
    page = canvas.Canvas(content, encrypt=password)
    for lines in pages:
        for number, line in enumerate(lines):
            page.drawString(60, 760 - 24 * number, line)
        page.showPage()
    page.save()
    return content.getvalue()


def make_scan(lines: list[str], size: tuple[int, int] = (1100, 500)) -> bytes:
    image = Image.new("RGB", size, "white")
    draw, font = ImageDraw.Draw(image), ImageFont.truetype("DejaVuSans.ttf", 34)
    for number, line in enumerate(lines):
        draw.text((50, 50 + 60 * number), line, fill="black", font=font)
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def as_base64(document: bytes) -> str:
    return base64.b64encode(document).decode()


def v1_body(*documents: bytes, reasons: bool = False, **wishes: str) -> dict[str, object]:
    return {"instances": [{"document": as_base64(document), "reasons": reasons, **wishes} for document in documents]}


@pytest.fixture(scope="session")
def model_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Versions of a tiny classifier: the second keeps fewer n-grams, the others know when a first look is enough.

    That is always so for the version `looks`, and for `doubts`, of whose answers all go to a person, and never for
    `reads-on`.
    """
    rows = [(clean_text(text).text, name) for name, texts in TEXTS.items() for text in texts]
    texts, labels = zip(*rows, strict=True)
    groups = [str(number) for number in range(len(rows))]
    model, small = (
        train_classifier(texts, labels, groups, TrainingParams(max_features=features)) for features in (2000, 1500)
    )
    eager = replace(model, thresholds=(0.0,) * len(model.classes))
    versions = {
        "1": model,
        "2": small,
        "looks": replace(eager, stop_confidence=0.0),
        "doubts": replace(eager, thresholds=(1.0,) * len(model.classes), stop_confidence=0.0),
        "reads-on": replace(eager, stop_confidence=1.0),
    }
    folders = {}
    for version, trained in versions.items():
        folders[version] = tmp_path_factory.mktemp(f"model-{version}")
        digest = save_classifier(trained, folders[version])
        write_identity(folders[version], ModelIdentity("document-classifier", version, f"run{version}", digest))
    return folders


@pytest.fixture(scope="session")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts model servers, and ends at the end of the session what is left of them."""
    logs = tmp_path_factory.mktemp("logs")
    started: list[Server] = []

    def start(module: str, *arguments: str, prefix: Sequence[str] = (), **environment: str) -> Server:
        settings = {f"PIGEONHOLE_{name.upper()}": value for name, value in environment.items()}
        server = Server(module, list(arguments), logs / f"{len(started)}.log", settings, prefix)
        started.append(server)
        return server.start()

    yield start
    for server in started:
        server.kill()


@pytest.fixture(scope="session")
def predictor(start_server: Callable[..., Server], model_folders: dict[str, Path]) -> Server:
    return start_server("predictor_server", "--model_dir", str(model_folders["1"])).wait()


@pytest.fixture(scope="session")
def transformer(start_server: Callable[..., Server], predictor: Server) -> Server:
    """A transformer with low limits, beside version 1."""
    return start_server(
        "transformer_server",
        "--predictor_host",
        predictor.host,
        serving_slots="2",
        serving_max_body_bytes="1000000",
        serving_max_documents="4",
        limit_max_pixels="4000000",
        limit_max_bytes="400000",
    ).wait()
