"""docs/generator.md names every setting, class and format, and its example runs."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from pigeonhole.synthetic import CLASSES, GenerationSettings, read_documents
from pigeonhole.synthetic.dial import Dial
from pigeonhole.synthetic.settings import MEDIA

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "generator.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [field.name for field in fields(GenerationSettings)])
def test_every_setting_is_documented(name: str) -> None:
    assert f"\n| `{name}` |" in TEXT


@pytest.mark.parametrize("name", [*CLASSES, *MEDIA])
def test_every_class_and_format_is_named(name: str) -> None:
    assert f"`{name}`" in TEXT


@pytest.mark.parametrize(
    ("line", "measure"),
    [
        ("title can be read", lambda dial: dial.title_kept),
        ("a label gives way to one that any class uses", lambda dial: dial.generic_label),
        ("no sentence and no label of its class at all", lambda dial: dial.bare),
        ("form of another class (confuser)", lambda dial: dial.confuser),
        ("a second document on the same scan", lambda dial: dial.two_documents),
    ],
)
def test_the_dial_s_table_gives_its_values(line: str, measure: object) -> None:
    (row,) = [row for row in TEXT.splitlines() if row.startswith(f"| {line} |")]
    shown = [float(cell.strip(" %")) for cell in row.split("|")[2:-1]]
    exact = [100 * measure(Dial(difficulty)) for difficulty in (0, 0.25, 0.5, 0.75, 1)]
    assert shown == pytest.approx(exact, abs=0.51)


def test_the_example_runs_as_printed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: object) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    exec(example.replace("count=24", "count=1").replace("workers=2", "workers=1"), {})
    assert len(read_documents(tmp_path / "corpus")) == len(CLASSES)
