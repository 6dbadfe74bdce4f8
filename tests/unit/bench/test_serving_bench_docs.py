"""docs/bench.md names every setting of the serving bench with its default, and every figure with its goal."""

from pathlib import Path

import pytest

from figures import Figure
from serving_bench.memory import MemoryCourse
from serving_bench.results import Comparison, Overload, Results
from serving_bench.settings import ServingBenchSettings
from serving_bench.summary import all_figures

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")
NOTHING = Results(Comparison([]), [], [], Overload(1.0, 0, [], [], 0, [], MemoryCourse(1.0, 1.0, 1.0), 1.0))


@pytest.mark.parametrize("name", ServingBenchSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    field = ServingBenchSettings.model_fields[name]
    assert f"| `BENCH_{name.upper()}` | `{field.default}` | {field.description} |" in TEXT


@pytest.mark.parametrize("figure", all_figures(NOTHING), ids=lambda figure: figure.name)
def test_every_figure_is_documented_with_its_goal(figure: Figure) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{figure.name}` |")]
    sign = "≥" if figure.direction == "max" else "≤"
    assert f"| {sign} {figure.goal:g} " in line
