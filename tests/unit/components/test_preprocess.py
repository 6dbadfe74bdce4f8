"""Which documents make the table, and what a dataset must hold."""

from pathlib import Path

import pytest

from pigeonhole.datasets import DatasetManifest, Example
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import read_rows, write_rows
from pigeonhole_components.preprocess import PreprocessReport, run_preprocess
from pigeonhole_components.sections import PreprocessParams
from pigeonhole_components.table import read_side

pytestmark = pytest.mark.unit

PARAMS = PreprocessParams(holdout_share=0.2, min_tokens=3)


def example(number: int, class_name: str, *, group: str | None = None, added_at: str = "2026-01-01") -> Example:
    return Example(f"{number:064x}", class_name, "upload", "someone", added_at, group)


def preprocess(folder: Path, examples: list[Example], texts: dict[int, str]) -> PreprocessReport:
    (folder / "manifest.json").write_bytes(DatasetManifest.create(examples).to_json())
    rows = [
        {"sha256": f"{number:064x}", "language": "fr", "text": text, "lines_text": f"first of {text}"}
        for number, text in texts.items()
    ]
    write_rows(folder / "texts.jsonl", rows)
    return run_preprocess(folder / "manifest.json", folder / "texts.jsonl", folder / "table.jsonl", PARAMS)


def test_documents_that_teach_nothing_are_dropped_and_counted(tmp_path: Path) -> None:
    examples = [example(number, "invoice" if number < 10 else "cv") for number in range(20)]
    examples[1] = example(1, "invoice", added_at="2025-01-01")
    texts = {number: f"some text number {number}" for number in range(20)}
    texts[2] = texts[1]  # a copy of an older one in the same class
    texts[3] = texts[12]  # the same text in two classes
    texts[4] = "two words"
    del texts[5]  # refused by ocr
    report = preprocess(tmp_path, examples, texts)
    assert report.dropped == {"ambiguous-text": 2, "no-text": 1, "refused": 1, "same-text": 1}
    kept = [int(row["sha256"], 16) for row in read_rows(tmp_path / "table.jsonl")]
    assert kept == sorted(set(range(20)) - {2, 3, 4, 5, 12})
    assert report.train + report.holdout == len(kept)
    seen = read_side(tmp_path / "table.jsonl", "train")
    assert seen.lines_texts == tuple(f"first of {text}" for text in seen.texts)


def test_a_group_stands_on_one_side(tmp_path: Path) -> None:
    examples = [
        example(number, ("invoice", "cv")[number % 2], group=f"template {number % 2}-{number % 14}")
        for number in range(140)
    ]
    preprocess(tmp_path, examples, {number: f"some text number {number}" for number in range(140)})
    sides = [set(read_side(tmp_path / "table.jsonl", side).groups) for side in ("train", "holdout")]
    assert sides[0].isdisjoint(sides[1])
    assert all({group.split()[1][0] for group in side} == {"0", "1"} for side in sides)


@pytest.mark.parametrize(("count", "found"), [(1, "1 independent document"), (2, "2 independent documents")])
def test_a_class_with_too_few_documents_is_named(tmp_path: Path, count: int, found: str) -> None:
    examples = [example(number, "invoice") for number in range(10)]
    examples += [example(100 + number, "rare") for number in range(count)]
    texts = {number: f"some text number {number}" for number in (*range(10), *range(100, 100 + count))}
    with pytest.raises(StepError, match=rf"class 'rare': {found} with readable text") as caught:
        preprocess(tmp_path, examples, texts)
    assert caught.value.code == "training-data"


def test_a_class_whose_groups_are_all_shared_is_named(tmp_path: Path) -> None:
    examples = [example(number, "invoice", group=f"{number % 3}") for number in range(6)]
    examples += [example(10 + number, "cv", group=f"{number % 3}") for number in range(6)]
    examples += [example(20 + number, "other", group=f"{number % 2}") for number in range(4)]
    texts = {number: f"some text number {number}" for number in (*range(6), *range(10, 16), *range(20, 24))}
    with pytest.raises(StepError, match="class 'other': "):
        preprocess(tmp_path, examples, texts)
