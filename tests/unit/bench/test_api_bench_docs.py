"""docs/bench.md names every setting of the API's bench with its default, and every figure with its goal."""

from pathlib import Path

import pytest

from api_bench.results import Fairness, Intake, Results, Shares, Wait
from api_bench.settings import ApiBenchSettings
from api_bench.summary import all_figures
from api_bench.uploading import Uploaded
from figures import Figure

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")
NOTHING = Results(
    Intake(Uploaded([1.0], 1.0), 1, [1.0], 1.0, [1.0]), {}, [], Fairness(1, [Wait(1.0, 1.0)], [Shares(1, 1, 1)])
)


@pytest.mark.parametrize("name", ApiBenchSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    field = ApiBenchSettings.model_fields[name]
    assert f"| `BENCH_{name.upper()}` | `{field.default}` | {field.description} |" in TEXT


@pytest.mark.parametrize("figure", all_figures(NOTHING), ids=lambda figure: figure.name)
def test_every_figure_is_documented_with_its_goal(figure: Figure) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{figure.name}` |")]
    sign = "≥" if figure.direction == "max" else "≤"
    assert f"| {sign} {figure.goal:g} " in line
