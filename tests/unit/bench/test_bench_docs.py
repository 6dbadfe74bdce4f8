"""docs/bench.md names every setting with its default, and every figure with its goal."""

from pathlib import Path

import pytest

from figures import Figure
from ocr.figures import all_figures
from ocr.settings import BenchSettings

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", BenchSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    field = BenchSettings.model_fields[name]
    default = "none" if field.default is None else f"`{field.default}`"
    assert f"| `BENCH_{name.upper()}` | {default} | {field.description} |" in TEXT


@pytest.mark.parametrize("figure", all_figures([], {}, [], []), ids=lambda figure: figure.name)
def test_every_figure_is_documented_with_its_goal(figure: Figure) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{figure.name}` |")]
    sign = "≥" if figure.direction == "max" else "≤"
    assert f"| {sign} {figure.goal:g}" in line
