"""What lies between the steps: JSON files, the order of rows, and the events that a step tells."""

import json
from pathlib import Path
from typing import Any

import pytest

from pigeonhole.documents import DocumentRefused, RefusalReason
from pigeonhole.text import clean_text
from pigeonhole_components.clean import CleanReport, run_clean
from pigeonhole_components.dataset import read_manifest
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_json, read_rows, write_json, write_rows
from pigeonhole_components.ocr import refused_row
from pigeonhole_components.steps import announced, component_step

pytestmark = pytest.mark.unit


def test_the_same_values_are_the_same_bytes(tmp_path: Path) -> None:
    write_rows(tmp_path / "a", [{"b": 1, "a": "é"}])
    write_rows(tmp_path / "b", [{"a": "é", "b": 1}])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes() == '{"a":"é","b":1}\n'.encode()


def test_a_missing_or_damaged_file_names_itself(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text('{"a":1}\n{"a":\n')
    (tmp_path / "list.json").write_text("[]")
    with pytest.raises(StepError, match=r"rows.jsonl, line 2: not JSON"):
        list(read_rows(tmp_path / "rows.jsonl"))
    with pytest.raises(StepError, match=r"list.json: not a JSON object"):
        read_json(tmp_path / "list.json")
    for read in (read_json, read_manifest, lambda path: list(read_rows(path))):
        with pytest.raises(StepError, match=r"gone.json: the step before did not write it") as caught:
            read(tmp_path / "gone.json")
        assert caught.value.code == "input-missing"


READ = {"sha256": "a", "text": "Les factures sont payées", "pages": [], "failures": [], "refused": None}


def test_both_views_of_a_document_become_plain(tmp_path: Path) -> None:
    views = {"text": "Les factures sont payées par le client", "lines_text": "Les factures"}
    write_rows(tmp_path / "pages", [{**READ, **views}, {**READ, "lines_text": READ["text"]}])
    run_clean(tmp_path / "pages", tmp_path / "texts")
    first, second = read_rows(tmp_path / "texts")
    assert (first["text"], first["lines_text"]) == (clean_text(views["text"]).text, "facture")
    assert second["text"] == second["lines_text"]


def test_pages_without_a_first_look_are_named(tmp_path: Path) -> None:
    write_rows(tmp_path / "pages.jsonl", [READ])
    with pytest.raises(StepError, match=r"pages\.jsonl: a document has no lines_text"):
        run_clean(tmp_path / "pages.jsonl", tmp_path / "texts")


def test_refused_documents_have_no_text_to_clean(tmp_path: Path) -> None:
    read = {**READ, "lines_text": READ["text"]}
    rows = [read, refused_row("b", DocumentRefused(RefusalReason.ENCRYPTED, "The PDF needs a password."))]
    write_rows(tmp_path / "pages", rows)
    assert run_clean(tmp_path / "pages", tmp_path / "texts") == CleanReport(documents=1, refused=1)
    (row,) = read_rows(tmp_path / "texts")
    assert (row["sha256"], row["language"], "facture" in row["text"].split()) == ("a", "fr", True)


def test_a_step_tells_its_beginning_its_progress_and_its_report() -> None:
    events: list[Any] = []
    with announced("clean", events.append) as step:
        for done in range(1, 100):
            step.progress(done, 99)
        step.report = CleanReport(99, 0)
    assert events[0] == {"stage": "clean", "state": "started"}
    assert [event["done"] for event in events[1:-1]] == [1, 99]
    assert events[-1]["state"] == "finished"
    assert events[-1]["seconds"] >= 0
    assert events[-1]["report"] == {"documents": 99, "refused": 0}


def test_a_failure_is_told_by_its_sentence_and_raised_on() -> None:
    events: list[Any] = []
    with pytest.raises(StepError), announced("train", events.append):
        raise StepError("Too few.", code="training-data", hint="Add some.")
    failed = {"stage": "train", "state": "failed", "code": "training-data", "message": "Too few.", "hint": "Add some."}
    assert events[1:] == [failed]


def test_a_component_that_fails_prints_its_sentence_and_ends_with_1(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended, component_step("train"):
        raise StepError("Too few.", code="training-data")
    assert ended.value.code == 1
    out = capsys.readouterr().out.splitlines()
    assert [json.loads(line)["state"] for line in out] == ["started", "failed"]


def test_write_json_is_for_people_too(tmp_path: Path) -> None:
    write_json(tmp_path / "deep" / "file.json", {"b": 1, "a": [2]})
    assert (tmp_path / "deep" / "file.json").read_text() == '{\n  "a": [\n    2\n  ],\n  "b": 1\n}\n'
