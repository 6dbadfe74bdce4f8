"""The step `ocr`: documents read by real processes, in both views; a page that is lost costs itself alone."""

import io
import json
import os
import shutil
import time
from pathlib import Path

import psutil
import pytest
from PIL import Image, ImageDraw, ImageFont
from reportlab.pdfgen import canvas

from pigeonhole.datasets import DatasetManifest, DatasetStore, Example
from pigeonhole.ocr.pool import PoolSettings
from pigeonhole.storage import LocalStorage
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_rows
from pigeonhole_components.ocr import OcrReport, run_ocr
from pigeonhole_components.sections import OcrParams

pytestmark = pytest.mark.integration

LINES = ["Facture de la commande", "Montant total de la livraison", "Paiement avant la fin du mois"]
COLOURS = ("bleu", "rouge", "vert", "jaune", "noir", "blanc", "gris", "violet", "orange", "marron", "rose", "beige")
MORE_LINES = [f"Article {word} de la facture" for word in COLOURS]


def pdf(number: int) -> bytes:
    """A page with a text layer, which needs no tesseract."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, invariant=1)
    for row, line in enumerate([*LINES, f"Document {number}"]):
        sheet.drawString(60, 780 - 20 * row, line)
    sheet.save()
    return buffer.getvalue()


def scan() -> bytes:
    lines = [*LINES, *MORE_LINES]
    image = Image.new("L", (900, 100 + 80 * len(lines)), "white")
    for row, line in enumerate(lines):
        ImageDraw.Draw(image).text((40, 60 + 80 * row), line, fill="black", font=ImageFont.load_default(size=40))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def scanned(tmp_path: Path) -> str:
    """A dataset of four PDFs and one scan; returns the scan's sha256."""
    store = DatasetStore(LocalStorage(tmp_path / "storage"))
    documents = [store.put_document(data) for data in (*map(pdf, range(4)), scan())]
    examples = [Example(sha256, "invoice", "upload", "someone", "2026-01-01T00:00:00Z") for sha256 in documents]
    (tmp_path / "manifest.json").write_bytes(DatasetManifest.create(examples).to_json())
    return documents[-1]


@pytest.fixture
def broken_engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A tesseract first in the PATH that does to a page what the file `deed` says, and else what it always does."""
    real = shutil.which("tesseract")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tesseract"
    # Questions begin with a dash, and the image of the warm-up is small.
    program.write_text(
        f'#!/bin/sh\ncase "$1" in --*) exec {real} "$@";; esac\n'
        f'[ $(wc -c < "$1") -lt 9999 ] && exec {real} "$@"\n. {folder}/deed\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "deed"


def read(folder: Path, workers: int = 1, output: str = "pages.jsonl", **params: object) -> tuple[OcrReport, bytes]:
    report = run_ocr(
        folder / "manifest.json",
        folder / output,
        storage_url=str(folder / "storage"),
        params=OcrParams(**params),
        settings=PoolSettings(workers=workers),
    )
    return report, (folder / output).read_bytes()


def refused(folder: Path) -> dict[str, str]:
    rows = list(read_rows(folder / "pages.jsonl"))
    assert [row["sha256"] for row in rows] == sorted(row["sha256"] for row in rows)
    assert all(("Montant total" in row["text"]) == (row["refused"] is None) for row in rows)
    return {row["sha256"]: row["refused"]["reason"] for row in rows if row["refused"]}


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the engine of a hung document still runs"
        time.sleep(0.05)


def test_the_rows_do_not_depend_on_how_many_read_them(scanned: str, tmp_path: Path) -> None:
    report, rows = read(tmp_path, workers=1)
    shutil.rmtree(tmp_path / "storage" / "page-texts")
    _, again = read(tmp_path, workers=2, output="again.jsonl")
    assert again == rows
    assert refused(tmp_path) == {}
    assert (report.documents, report.pages, report.refused) == (5, 5, {})
    assert report.engine.startswith("tesserocr ")


def test_a_scan_is_read_whole_and_looked_at_first_and_a_text_layer_is_both(scanned: str, tmp_path: Path) -> None:
    read(tmp_path)
    for row in read_rows(tmp_path / "pages.jsonl"):
        if row["sha256"] == scanned:
            assert all(line.split()[1] in row["text"] for line in MORE_LINES)
            assert "Facture" in row["lines_text"] or "Article" in row["lines_text"]
            assert len(row["lines_text"].split()) < len(row["text"].split())
            assert [page["view"] for page in row["pages"]] == ["full"]
        else:
            assert row["lines_text"] == row["text"]


def test_a_document_that_kills_its_process_is_refused_alone(scanned: str, tmp_path: Path, broken_engine: Path) -> None:
    broken_engine.write_text("kill -9 $PPID")
    report, _ = read(tmp_path, engine="pytesseract")
    assert refused(tmp_path) == {scanned: "unreadable"}
    assert report.refused == {"unreadable": 1}


def test_a_document_that_hangs_is_refused_alone_and_leaves_nothing_running(
    scanned: str, tmp_path: Path, broken_engine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_engine.write_text(f"echo $$ > {tmp_path}/pid\nexec sleep 300")
    monkeypatch.setenv("PIGEONHOLE_LIMIT_PAGE_DEADLINE_SECONDS", "1")
    read(tmp_path, workers=2, engine="pytesseract")
    assert refused(tmp_path) == {scanned: "timeout"}
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_language_that_is_not_installed_stops_the_step_with_a_sentence(scanned: str, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"^ocr: The OCR engine lacks the language data klingon\.$") as caught:
        read(tmp_path, languages="fra+klingon")
    assert caught.value.code == "ocr-missing"
    assert caught.value.hint is not None


def test_a_document_that_was_erased_is_passed_over_with_its_reason(scanned: str, tmp_path: Path) -> None:
    (tmp_path / "storage" / "documents" / scanned).unlink()
    report, _ = read(tmp_path)
    assert refused(tmp_path) == {scanned: "content-missing"}
    assert report.refused == {"content-missing": 1}


def test_what_was_read_once_is_not_read_again(scanned: str, tmp_path: Path, broken_engine: Path) -> None:
    broken_engine.write_text(f'echo x >> {tmp_path}/calls\nexec {shutil.which("tesseract", path="/usr/bin")} "$@"')
    _, first = read(tmp_path, engine="pytesseract")
    calls = (tmp_path / "calls").read_text()
    assert calls
    _, second = read(tmp_path, engine="pytesseract")
    assert first == second
    assert (tmp_path / "calls").read_text() == calls
    page = json.loads(first.splitlines()[0])["pages"][0]
    assert {"words", "text", "seconds"}.isdisjoint(page)
