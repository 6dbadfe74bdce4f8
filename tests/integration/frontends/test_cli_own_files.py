"""`pigeonhole train` and `classify` on a user's own files, good and bad, as real commands."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from reportlab.lib.pdfencrypt import StandardEncryption
from reportlab.pdfgen import canvas

from pigeonhole.synthetic import FormatMix, GenerationSettings, write_corpus

pytestmark = pytest.mark.integration
CORPUS = GenerationSettings(classes=("invoice", "cv", "payslip"), count=10, difficulty=0.2, seed=5, workers=2)
ONLY_PDFS = FormatMix(pdf=1, image_pdf=0, jpeg=0, png=0, tiff=0)
REFUSED = {
    "broken.png": "unreadable",
    "empty.pdf": "empty",
    "locked.pdf": "encrypted",
    "note.jpg": "unsupported-type",
}


def pigeonhole(*arguments: str, home: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", *arguments]
    environment = {**os.environ, "PIGEONHOLE_HOME": str(home), "COLUMNS": "200", **settings}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=400, check=False)


def write_bad_files(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"\x00" * 200)
    (folder / "empty.pdf").write_bytes(b"")
    (folder / "note.jpg").write_text("This is no picture.")
    locked = io.BytesIO()
    page = canvas.Canvas(locked, encrypt=StandardEncryption("secret"))
    page.drawString(60, 700, "Facture")
    page.save()
    (folder / "locked.pdf").write_bytes(locked.getvalue())


@dataclass(frozen=True)
class Trained:
    """A home with a model, and what the training printed."""

    home: Path
    command: subprocess.CompletedProcess[str]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Trained:
    root = tmp_path_factory.mktemp("own")
    write_corpus(root / "documents", CORPUS)
    # A user's folder says nothing of templates and people.
    for manifest in (root / "documents").glob(".*.jsonl"):
        manifest.unlink()
    write_bad_files(root / "documents" / "cv" / "from the street")
    return Trained(root / "home", pigeonhole("train", str(root / "documents"), "--json", home=root / "home"))


def test_a_mixed_folder_becomes_a_registered_model(trained: Trained) -> None:
    assert trained.command.returncode == 0, trained.command.stderr
    result = json.loads(trained.command.stdout)
    assert result["version"] == "1"
    assert result["promoted"] is True
    assert 0.7 <= result["metrics"]["macro_f1"] <= 1
    assert 0 <= result["metrics"]["expected_calibration_error"] <= 1
    assert {gate["name"] for gate in result["gates"]["gates"] if gate["passed"]} >= {
        "documents",
        "macro_f1",
        "expected_calibration_error",
    }
    assert result["labels"] == ["cv", "invoice", "payslip"]
    assert sum(map(sum, result["confusion"])) == result["metrics"]["documents"] > 0
    listed = json.loads(pigeonhole("models", "list", "--json", home=trained.home).stdout)
    assert [(version["version"], version["aliases"]) for version in listed] == [("1", ["champion"])]


def test_each_refused_file_is_named_with_its_reason(trained: Trained) -> None:
    refused = {Path(file["path"]).name: file["reason"] for file in json.loads(trained.command.stdout)["refused"]}
    assert refused == REFUSED
    for name, reason in REFUSED.items():
        (line,) = [line for line in trained.command.stderr.splitlines() if name in line]
        assert reason in line


def test_the_table_shows_scores_confusion_and_gates(trained: Trained) -> None:
    shown = pigeonhole("models", "show", "@champion", home=trained.home).stdout
    for words in ("macro-F1", "expected calibration error", "Confusion", "Gates", "passed"):
        assert words in shown


def test_unseen_files_are_sorted_and_bad_ones_get_their_reason(trained: Trained, tmp_path: Path) -> None:
    write_corpus(tmp_path / "unseen", replace(CORPUS, count=1, seed=77))
    write_bad_files(tmp_path / "unseen" / "bad")
    command = pigeonhole("classify", str(tmp_path / "unseen"), "--json", "--reasons", home=trained.home)
    assert command.returncode == 4
    rows = {Path(row["path"]): row for row in json.loads(command.stdout)}
    assert {path.name: row["refused"]["reason"] for path, row in rows.items() if row["refused"]} == REFUSED
    read = {path.parent.name: row["prediction"] for path, row in rows.items() if row["prediction"]}
    assert set(read) == set(CORPUS.classes)
    for prediction in read.values():
        assert sum(each["p"] for each in prediction["probabilities"]) == pytest.approx(1)
        assert prediction["model"]["version"] == "1"
    assert any(prediction["reasons"] for prediction in read.values())


def test_a_file_that_kills_its_reader_costs_itself_alone(trained: Trained, tmp_path: Path) -> None:
    one = replace(CORPUS, classes=("cv",), count=1, seed=79)
    write_corpus(tmp_path / "unseen" / "good", replace(one, formats=ONLY_PDFS))
    write_corpus(tmp_path / "unseen" / "bad", replace(one, formats=replace(ONLY_PDFS, pdf=0, png=1)))
    program = tmp_path / "bin" / "tesseract"
    program.parent.mkdir()
    # Questions begin with a dash, and the image of the warm-up is small.
    real = f'exec {shutil.which("tesseract")} "$@"'
    program.write_text(
        f'#!/bin/sh\ncase "$1" in --*) {real};; esac\n[ $(wc -c < "$1") -lt 9999 ] && {real}\nkill -9 $PPID\n'
    )
    program.chmod(0o755)
    settings = {"PIGEONHOLE_OCR_ENGINE": "pytesseract", "PATH": f"{program.parent}{os.pathsep}{os.environ['PATH']}"}
    command = pigeonhole("classify", str(tmp_path / "unseen"), "--json", home=trained.home, **settings)
    assert command.returncode == 4, command.stderr
    for row in json.loads(command.stdout):
        if "bad" in Path(row["path"]).parts:
            assert row["refused"]["reason"] == "unreadable"
        else:
            assert row["prediction"]["class"]


def test_csv_has_a_column_for_each_class(trained: Trained, tmp_path: Path) -> None:
    write_corpus(tmp_path / "unseen", replace(CORPUS, classes=("cv",), count=1, seed=78))
    command = pigeonhole("classify", str(tmp_path / "unseen"), "--csv", home=trained.home)
    (row,) = csv.DictReader(io.StringIO(command.stdout))
    assert command.returncode == 0
    assert sum(float(row[f"p_{name}"]) for name in ("cv", "invoice", "payslip")) == pytest.approx(1)
    assert Path(row["path"]).is_file()


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (("classify", "nowhere.pdf"), 4, "unreadable"),
        (("train", "nowhere"), 1, "'nowhere' is not a folder."),
        (("models", "show", "99"), 1, "99"),
        (("models", "promote", "99"), 1, "99"),
        (("models", "restore"), 1, "No version served before"),
        (("jobs", "list"), 5, "No platform is running"),
        (("generate", "out", "--classes", "poem"), 2, "poem"),
    ],
)
def test_a_wrong_wish_gets_one_sentence_and_its_code(
    trained: Trained, arguments: tuple[str, ...], code: int, sentence: str
) -> None:
    command = pigeonhole(*arguments, home=trained.home)
    assert (command.returncode, "Traceback" in command.stderr) == (code, False)
    assert sentence in command.stdout + command.stderr


def test_a_setting_that_is_wrong_is_named_without_a_trace(trained: Trained) -> None:
    for command in (("classify", "x.pdf"), ("train", "x"), ("doctor",)):
        told = pigeonhole(*command, home=trained.home, PIGEONHOLE_OCR_PAGES="0")
        assert told.returncode == (2 if command != ("train", "x") else 1)
        assert "Traceback" not in told.stderr
        if command != ("train", "x"):
            assert "PIGEONHOLE_OCR_PAGES" in told.stderr


@pytest.fixture
def short_path() -> Iterator[Path]:
    """A folder whose path leaves room for a name in a table's column."""
    with tempfile.TemporaryDirectory(prefix="n") as folder:
        yield Path(folder)


def test_file_names_are_shown_letter_by_letter(trained: Trained, short_path: Path) -> None:
    names = [b":warning: [red].txt", b"x\\[b].txt", b"\xff.txt"]
    for name in names:
        Path(os.fsdecode(os.fsencode(short_path) + b"/" + name)).write_text("text")
    told = pigeonhole("classify", str(short_path), "--json", home=trained.home, PYTHONIOENCODING="utf-8:strict")
    assert (told.returncode, len(json.loads(told.stdout))) == (4, 3)
    table = pigeonhole("classify", str(short_path), home=trained.home).stdout
    assert ":warning: [red].txt" in table
    assert "x\\[b].txt" in table


def test_a_model_of_the_same_number_in_another_registry_is_not_the_same_model(trained: Trained, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(trained.home / "storage", home / "storage")
    shutil.copytree(trained.home / "models", home / "models")
    write_corpus(tmp_path / "documents", replace(CORPUS, classes=("diploma", "invoice"), seed=9, formats=ONLY_PDFS))
    assert pigeonhole("train", str(tmp_path / "documents"), home=home).returncode in (0, 3)
    write_corpus(tmp_path / "unseen", replace(CORPUS, classes=("diploma",), count=1, formats=ONLY_PDFS))
    told = pigeonhole("classify", str(tmp_path / "unseen"), "--json", "--model", "1", home=home)
    (row,) = json.loads(told.stdout)
    assert {each["class"] for each in row["prediction"]["probabilities"]} == {"diploma", "invoice"}


def test_without_a_model_the_hint_says_how_to_get_one(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("text")
    command = pigeonhole("classify", str(tmp_path / "a.txt"), home=tmp_path / "home")
    assert command.returncode == 5
    assert "pigeonhole train DIR" in command.stderr


def test_help_loads_no_heavy_library() -> None:
    program = (
        "import sys; from pigeonhole_frontends.cli import application\n"
        "heavy = {'mlflow', 'kfp', 'streamlit', 'kserve', 'sklearn', 'cv2', 'numpy', 'pydantic', 'httpx', 'rich'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    loaded = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"
