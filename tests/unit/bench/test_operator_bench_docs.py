"""docs/bench.md names every setting of the operator's bench with its default, and every figure with its goal."""

from collections import Counter
from pathlib import Path

import pytest

from figures import Figure
from operator_bench.counting import name_of
from operator_bench.settings import OperatorBenchSettings
from operator_bench.summary import Results, all_figures, slowest_but_five_per_cent

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "bench.md").read_text(encoding="utf-8")
NOTHING = Results(1, 1.0, 1.0, 1.0, 60.0, 1.0, Counter({"get configmaps": 30}), [1.0])


@pytest.mark.parametrize("name", OperatorBenchSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    field = OperatorBenchSettings.model_fields[name]
    assert f"| `BENCH_{name.upper()}` | `{field.default}` | {field.description} |" in TEXT


@pytest.mark.parametrize("figure", all_figures(NOTHING), ids=lambda figure: figure.name)
def test_every_figure_is_documented_with_its_goal(figure: Figure) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{figure.name}` |")]
    assert f"| ≤ {figure.goal:g} " in line


def test_figures_are_what_was_measured() -> None:
    assert [figure.value for figure in all_figures(NOTHING)] == [1.0, 30.0, 1.0]
    assert slowest_but_five_per_cent([float(number) for number in range(1, 41)]) == 38.0


@pytest.mark.parametrize(
    ("method", "path", "watches", "name"),
    [
        ("GET", "/api/v1/namespaces/shop/configmaps/documents-routing", False, "get configmaps"),
        ("GET", "/apis/pigeonhole.dev/v1alpha1/namespaces/shop/modeldeployments", True, "watch modeldeployments"),
        (
            "PATCH",
            "/apis/pigeonhole.dev/v1alpha1/namespaces/a/modelpromotions/b/status",
            False,
            "patch modelpromotions/status",
        ),
        ("GET", "/apis/serving.kserve.io/v1beta1", False, "get discovery"),
    ],
)
def test_requests_are_counted_by_verb_and_resource(method: str, path: str, watches: bool, name: str) -> None:
    assert name_of(method, path, watches) == name
