"""A small labelled corpus of PDFs and scans, and an installation that holds it."""

import io
import random
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen import canvas

from pigeonhole.datasets import DatasetStore, import_folder
from pigeonhole.documents import DocumentLimits
from pigeonhole.storage import LocalStorage

WORDS = {
    "bank_details": ["banque", "agence", "iban", "titulaire", "compte", "guichet", "domiciliation", "relevé"],
    "invoice": ["facture", "montant", "total", "tva", "livraison", "commande", "échéance", "remise"],
    "payslip": ["salaire", "brut", "net", "cotisation", "employeur", "congé", "retraite", "heures"],
}
SHARED = ["nom", "adresse", "date", "numéro", "ville", "référence", "document", "signature"]
DOCUMENTS, SCANS = 9, 1
LINES, WORDS_A_LINE = 6, 4


@dataclass(frozen=True)
class Installation:
    """A home with documents and a dataset version; `environment` makes it that of a process."""

    home: Path
    dataset: str

    @property
    def environment(self) -> dict[str, str]:
        return {
            "PIGEONHOLE_HOME": str(self.home),
            "PIGEONHOLE_STORAGE_URL": str(self.home / "storage"),
            "PIGEONHOLE_MLFLOW_TRACKING_URI": f"sqlite:///{self.home}/mlflow.db",
            "PIGEONHOLE_MODEL_NAME": "document-classifier",
        }


def draw_lines(words: list[str], chance: random.Random) -> list[str]:
    """Lines of which a third are words of all classes, so that a model is right most of the time and not always."""
    pick = [words, words, SHARED]
    return [" ".join(chance.choice(chance.choice(pick)) for _ in range(WORDS_A_LINE)) for _ in range(LINES)]


def as_pdf(lines: list[str]) -> bytes:
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, invariant=1)
    for row, line in enumerate(lines):
        sheet.drawString(60, 780 - 20 * row, line)
    sheet.save()
    return buffer.getvalue()


def as_scan(lines: list[str]) -> bytes:
    image = Image.new("L", (900, 700), "white")
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((40, 60 + 100 * row), line, fill="black", font=ImageFont.load_default(size=36))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="session")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for each class, of PDFs with text, scans, and a blank scan that nothing can be read from."""
    folder, chance = tmp_path_factory.mktemp("corpus"), random.Random(5)
    for name, words in WORDS.items():
        (folder / name).mkdir()
        for number in range(DOCUMENTS):
            lines = draw_lines(words, chance)
            scanned = number < SCANS
            path = folder / name / f"{number}.{'png' if scanned else 'pdf'}"
            path.write_bytes(as_scan(lines) if scanned else as_pdf(lines))
    (folder / "invoice" / "blank.png").write_bytes(as_scan([]))
    return folder


def install(corpus: Path, home: Path) -> Installation:
    """Import a corpus into a home of its own; the same corpus is the same dataset version in every home."""
    report = import_folder(
        corpus,
        DatasetStore(LocalStorage(home / "storage")),
        added_by="someone",
        limits=DocumentLimits(),
        added_at="2026-01-01T00:00:00Z",
    )
    return Installation(home, report.manifest.id)
