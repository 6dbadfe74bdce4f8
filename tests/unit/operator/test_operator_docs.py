"""docs/operator.md names every setting with its default, and every reason that the conditions can have."""

import ast
import re
from pathlib import Path

import pytest
from pydantic_settings import BaseSettings

from pigeonhole_operator.following.settings import FollowerSettings
from pigeonhole_operator.resources.promotion import Phase
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.settings import SourceSettings

pytestmark = pytest.mark.unit
ROOT = Path(__file__).parents[3]
TEXT = (ROOT / "docs" / "operator.md").read_text(encoding="utf-8")
DECISION = ROOT / "operator" / "src" / "pigeonhole_operator" / "decision"
FIELDS = [(kind, name) for kind in (OperatorSettings, SourceSettings, FollowerSettings) for name in kind.model_fields]
# Reasons of conditions that are as they should be explain themselves.
_PLAIN = {"Unknown", "Active", "RegistryAnswers", "MetricsAnswer", "TargetReady", "AsWritten", "NotStalled"}


@pytest.mark.parametrize(("kind", "name"), FIELDS, ids=[name for _, name in FIELDS])
def test_every_setting_is_documented_with_its_default(kind: type[BaseSettings], name: str) -> None:
    field = kind.model_fields[name]
    default = {None: "unset", "": "empty"}.get(field.default, f"`{field.default}`")
    prefix = kind.model_config["env_prefix"]
    assert f"| `{prefix}{name.upper()}` | {default} | {field.description} |" in TEXT


def reasons() -> set[str]:
    """Return the CamelCase words that the conditions' own module gives as reasons."""
    tree = ast.parse((DECISION / "conditions.py").read_text(encoding="utf-8"))
    calls = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding"
    ]
    words = {
        item.value
        for call in calls
        for argument in call.args[2:3]
        for item in ast.walk(argument)
        if isinstance(item, ast.Constant) and isinstance(item.value, str)
    }
    return {word for word in words if re.fullmatch(r"[A-Z][A-Za-z]+", word)}


def test_every_reason_of_a_condition_has_its_line() -> None:
    assert len(reasons()) > 10
    assert {reason for reason in reasons() - _PLAIN if reason not in TEXT} == set()


@pytest.mark.parametrize("phase", list(Phase))
def test_every_phase_is_in_the_picture(phase: Phase) -> None:
    assert phase.value in TEXT


SOURCES = "".join(
    (DECISION.parent / name).read_text(encoding="utf-8") for name in ("metrics.py", "promotion_metrics.py")
)


@pytest.mark.parametrize("name", re.findall(r'"(pigeonhole_[a-z_]+)"', SOURCES))
def test_every_metric_is_documented(name: str) -> None:
    assert re.search(rf"^\| `{name}(_total)?` \|", TEXT, re.MULTILINE)
