"""What the bench takes from a folder, what it passes over, and what it says when that is too little."""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image

from ocr.corpus import BenchDataError, BenchDocument, drop_small_classes, read_corpus, take_evenly
from ocr.settings import BenchSettings

pytestmark = pytest.mark.unit
MakeDocument = Callable[..., BenchDocument]


def write_class(folder: Path, name: str, count: int) -> None:
    (folder / name).mkdir(parents=True)
    for number in range(count):
        shade = len(list(folder.glob("*/*.png")))
        Image.new("L", (40, 40), shade).save(folder / name / f"{number}.png")


def test_a_folder_is_read_by_class_and_what_cannot_be_read_is_counted(tmp_path: Path) -> None:
    write_class(tmp_path, "invoice", 6)
    write_class(tmp_path, "letter", 5)
    write_class(tmp_path, "rare", 2)
    (tmp_path / "invoice" / "broken.png").write_bytes(b"")
    (tmp_path / "letter" / "notes.txt").write_text("not a document")
    (tmp_path / "letter" / ".hidden").write_text("not looked at")
    corpus = read_corpus(tmp_path, BenchSettings(), source="test")
    assert Counter(document.class_name for document in corpus.documents) == {"invoice": 6, "letter": 5}
    assert corpus.classes == ("invoice", "letter")
    assert corpus.refused == {"empty": 1, "unsupported-type": 1}
    assert corpus.too_small == {"rare": 2}
    assert {document.kind for document in corpus.documents} == {"image"}
    assert corpus.summary == (
        "11 documents of 2 classes, 1 files refused as empty, 1 files refused as unsupported-type,"
        " class 'rare' left out with 2"
    )


def test_a_file_that_is_there_twice_is_measured_once(tmp_path: Path) -> None:
    write_class(tmp_path, "invoice", 5)
    write_class(tmp_path, "letter", 5)
    (tmp_path / "letter" / "copy.png").write_bytes((tmp_path / "letter" / "0.png").read_bytes())
    assert len(read_corpus(tmp_path, BenchSettings(), source="test").documents) == 10


def test_more_documents_than_wanted_are_taken_evenly(tmp_path: Path) -> None:
    write_class(tmp_path, "invoice", 20)
    write_class(tmp_path, "letter", 6)
    corpus = read_corpus(tmp_path, BenchSettings(documents=12), source="test")
    assert Counter(document.class_name for document in corpus.documents) == {"invoice": 6, "letter": 6}


def test_too_few_documents_are_refused_in_one_sentence(tmp_path: Path) -> None:
    write_class(tmp_path, "invoice", 9)
    write_class(tmp_path, "letter", 4)
    with pytest.raises(BenchDataError) as refusal:
        read_corpus(tmp_path, BenchSettings(), source="test")
    assert refusal.value.message == (
        "Not enough documents: at least 2 classes with 5 different readable documents each are needed,"
        " and the folder has invoice: 9, letter: 4."
    )


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(BenchDataError, match="no folder"):
        read_corpus(tmp_path / "nowhere", BenchSettings(), source="test")


def test_documents_of_one_group_count_as_one(make_document: MakeDocument) -> None:
    one_template = [make_document(f"a{number}", "invoice", group="template") for number in range(9)]
    others = [make_document(f"b{number}", name) for name in ("letter", "cv") for number in range(5)]
    others = [
        make_document(f"{document.class_name}{number}", document.class_name) for number, document in enumerate(others)
    ]
    kept, too_small = drop_small_classes([*one_template, *others])
    assert {document.class_name for document in kept} == {"letter", "cv"}
    assert too_small == {"invoice": 9}


def test_taking_evenly_keeps_the_first_of_each_label() -> None:
    assert take_evenly(["a1", "a2", "a3", "b1", "b2"], 4, ["a", "a", "a", "b", "b"]) == ["a1", "b1", "a2", "b2"]
    assert take_evenly(["a1"], 4, ["a"]) == ["a1"]


def test_an_empty_variable_of_the_makefile_means_no_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BENCH_DATA", "")
    assert BenchSettings().data is None
