"""Documents read by real processes and real tesseract; one that dies or hangs costs its document alone."""

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
from pigeonhole.storage import LocalStorage
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_rows
from pigeonhole_components.ocr import OcrReport, run_ocr
from pigeonhole_components.reading_pool import ReadingSettings
from pigeonhole_components.sections import OcrParams

pytestmark = pytest.mark.integration

LINES = ["Facture de la commande", "Montant total de la livraison", "Paiement avant la fin du mois"]


def pdf(number: int) -> bytes:
    """A page with a text layer, which needs no tesseract."""
    buffer = io.BytesIO()
    sheet = canvas.Canvas(buffer, invariant=1)
    for row, line in enumerate([*LINES, f"Document {number}"]):
        sheet.drawString(60, 780 - 20 * row, line)
    sheet.save()
    return buffer.getvalue()


def scan() -> bytes:
    image = Image.new("L", (900, 500), "white")
    for row, line in enumerate(LINES):
        ImageDraw.Draw(image).text((40, 60 + 100 * row), line, fill="black", font=ImageFont.load_default(size=40))
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
    """A tesseract first in the PATH that answers questions truly and does to an image what the file `deed` says."""
    real = shutil.which("tesseract")
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "tesseract"
    program.write_text(f'#!/bin/sh\nREAL={real}\ncase "$1" in --*) exec $REAL "$@";; esac\n. {folder}/deed\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    return folder / "deed"


def read(folder: Path, settings: ReadingSettings | None = None, **params: object) -> tuple[OcrReport, bytes]:
    report = run_ocr(
        folder / "manifest.json",
        folder / "pages.jsonl",
        storage_url=str(folder / "storage"),
        params=OcrParams(**params),
        settings=settings,
    )
    return report, (folder / "pages.jsonl").read_bytes()


def refused(folder: Path) -> dict[str, str]:
    rows = list(read_rows(folder / "pages.jsonl"))
    assert [row["sha256"] for row in rows] == sorted(row["sha256"] for row in rows)
    assert all(("Montant total" in row["text"]) == (row["refused"] is None) for row in rows)
    return {row["sha256"]: row["refused"]["reason"] for row in rows if row["refused"]}


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + 10
    while is_running(pid):
        assert time.monotonic() < deadline, "the engine of a hung document still runs"
        time.sleep(0.05)


def test_the_rows_do_not_depend_on_how_many_read_them(scanned: str, tmp_path: Path) -> None:
    done: list[tuple[int, int]] = []
    report, rows = read(tmp_path, ReadingSettings(workers=1))
    shutil.rmtree(tmp_path / "storage" / "page-texts")
    run_ocr(
        tmp_path / "manifest.json",
        tmp_path / "again.jsonl",
        storage_url=str(tmp_path / "storage"),
        params=OcrParams(),
        settings=ReadingSettings(workers=2),
        on_progress=lambda *count: done.append(count),
    )
    assert (tmp_path / "again.jsonl").read_bytes() == rows
    assert refused(tmp_path) == {}
    assert (report.documents, report.pages, report.refused) == (5, 5, {})
    assert report.engine.startswith("tesseract ")
    assert done == [(count, 5) for count in range(1, 6)]


def test_a_document_that_kills_its_process_is_refused_alone(scanned: str, tmp_path: Path, broken_engine: Path) -> None:
    broken_engine.write_text("kill -9 $PPID")
    report, _ = read(tmp_path, ReadingSettings(workers=1))
    assert refused(tmp_path) == {scanned: "unreadable"}
    assert report.refused == {"unreadable": 1}


def test_a_document_that_hangs_is_refused_alone_and_leaves_nothing_running(
    scanned: str, tmp_path: Path, broken_engine: Path
) -> None:
    broken_engine.write_text(f"echo $$ > {tmp_path}/pid\nexec sleep 300")
    read(tmp_path, ReadingSettings(workers=2, document_deadline_seconds=3))
    assert refused(tmp_path) == {scanned: "timeout"}
    wait_until_gone(int((tmp_path / "pid").read_text()))


def test_a_document_on_which_the_engine_fails_is_refused_alone(
    scanned: str, tmp_path: Path, broken_engine: Path
) -> None:
    broken_engine.write_text("exit 1")
    read(tmp_path)
    assert refused(tmp_path) == {scanned: "unreadable"}


def test_a_language_that_is_not_installed_stops_the_step_with_a_sentence(scanned: str, tmp_path: Path) -> None:
    with pytest.raises(StepError, match=r"^ocr\.languages: tesseract has no data for klingon\.$") as caught:
        read(tmp_path, languages="fra+klingon")
    assert caught.value.hint is not None


def test_a_document_that_the_storage_lacks_stops_the_step_with_a_sentence(scanned: str, tmp_path: Path) -> None:
    (tmp_path / "storage" / "documents" / scanned).unlink()
    with pytest.raises(StepError, match=rf"holds no object 'documents/{scanned}'"):
        read(tmp_path)


def test_what_was_read_once_is_not_read_again(scanned: str, tmp_path: Path, broken_engine: Path) -> None:
    broken_engine.write_text(f'echo x >> {tmp_path}/calls\nexec {shutil.which("tesseract", path="/usr/bin")} "$@"')
    _, first = read(tmp_path)
    _, second = read(tmp_path)
    assert first == second
    assert (tmp_path / "calls").read_text().count("x") == 1
    page = json.loads(first.splitlines()[0])["pages"][0]
    assert {"words", "text", "seconds"}.isdisjoint(page)
