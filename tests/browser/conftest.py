"""The whole platform on this machine with a model that serves, and Chromium to use it with."""

import io
import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from mlflow import MlflowClient
from playwright.sync_api import Browser, BrowserContext, Request, expect, sync_playwright
from reportlab.pdfgen import canvas

from pigeonhole.classifier import TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole.settings import PlatformSettings
from pigeonhole.text import clean_text
from pigeonhole_api.client import PlatformClient
from pigeonhole_frontends.laptop.platform import Addresses, LaptopPlatform

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
]
HERE = ("http://127.0.0.1:", "ws://127.0.0.1:", "data:", "blob:")
REFUSAL = "f1-floor: macro_f1 is 0.807: at least 0.85 is needed."
TEXTS = {
    "invoice": "facture numéro montant total TTC TVA échéance règlement client prestation hors taxes à payer",
    "payslip": "bulletin de paie salaire brut net imposable cotisations employeur congés payés retraite",
    "resume": "curriculum vitae expérience professionnelle compétences formation diplômes langues loisirs",
}


def pdf(text: str) -> bytes:
    """Return a page with a text layer, so that nothing has to be recognised."""
    drawn = io.BytesIO()
    page = canvas.Canvas(drawn, pagesize=(420, 594), invariant=1)
    words = text.split()
    for line, start in enumerate(range(0, len(words), 5)):
        page.drawString(40, 540 - 24 * line, " ".join(words[start : start + 5]))
    page.save()
    return drawn.getvalue()


@dataclass(frozen=True)
class Running:
    """The running platform's addresses and a client of its API."""

    addresses: Addresses
    client: PlatformClient


@pytest.fixture(scope="module")
def platform(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = PlatformSettings(home=tmp_path_factory.mktemp("platform"))
    register_models(settings)
    laptop = LaptopPlatform(settings)
    ended = threading.Event()
    with laptop.running():
        laptop.wait_until_ready(with_model=True)
        keeper = threading.Thread(target=laptop.run_until, args=(ended.is_set,))
        keeper.start()
        try:
            with PlatformClient(laptop.addresses.api, laptop.token) as client:
                add_examples(client)
                yield Running(laptop.addresses, client)
        finally:
            ended.set()
            keeper.join()


def register_models(settings: PlatformSettings) -> None:
    """Train a model on a few texts and let it serve; a newer version of it is one that an operator has refused."""
    rows = [
        (name, words[start:] + words[:start])
        for name, text in TEXTS.items()
        for words in [text.split()]
        for start in range(6)
    ]
    texts = [clean_text(" ".join(words)).text for _, words in rows]
    labels = [name for name, _ in rows]
    model = train_classifier(texts, labels, [str(row) for row in range(len(rows))], TrainingParams())
    record = TrainingRecord(
        model=model,
        dataset_version="d" * 64,
        params={},
        evaluation={**evaluate_classifier(model, texts, labels).to_json(), "gates": {"passed": True, "gates": []}},
        params_digest="p" * 64,
        git_commit="c" * 40,
        ocr_engine="tesseract 5",
        input_example=texts[0],
    )
    registry = ModelRegistry(settings.tracking_uri, settings.model_name)
    registry.promote(registry.register(record).version)
    refused = registry.register(record).version
    for name, value in {"result": "Rejected", "reason": "GatesFailed", "message": REFUSAL}.items():
        MlflowClient(settings.tracking_uri).set_model_version_tag(
            settings.model_name, refused, f"promotion_{name}", value
        )


def add_examples(client: PlatformClient) -> None:
    for name, text in TEXTS.items():
        client.add_examples(name, [(f"{name}-{number}.pdf", pdf(f"{text} {number}")) for number in range(3)])


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def browser_context(chromium: Browser) -> Iterator[BrowserContext]:
    """Return a window of an English reader; a request to anywhere else than this machine fails the test."""
    context = chromium.new_context(locale="en-GB", viewport={"width": 1280, "height": 900})
    context.set_default_timeout(30_000)
    expect.set_options(timeout=30_000)
    elsewhere: list[str] = []

    def watch(request: Request) -> None:
        if not request.url.startswith(HERE):
            elsewhere.append(request.url)

    context.on("request", watch)
    yield context
    context.close()
    assert elsewhere == []


@pytest.fixture
def files() -> list[dict[str, str | bytes]]:
    """Return a clear document, two doubtful ones and a damaged one, as the browser is given them."""
    contents = {
        "clear.pdf": pdf(f"{TEXTS['invoice']} Lyon"),
        "mixed.pdf": pdf("montant salaire formation total net langues"),
        "letter.pdf": pdf("Cher ami, voici la mer et le vent"),
        "damaged.png": b"\x89PNG\r\n\x1a\ndamaged",
    }
    return [{"name": name, "mimeType": "application/octet-stream", "buffer": data} for name, data in contents.items()]
