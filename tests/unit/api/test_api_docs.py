"""docs/api.md names what a reader has to know."""

import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

import pigeonhole_api
from pigeonhole.telemetry import http
from pigeonhole_api import metrics
from pigeonhole_api.settings import ApiSettings, OidcSettings, WorkerSettings

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
SOURCE = "\n".join(path.read_text(encoding="utf-8") for path in Path(pigeonhole_api.__file__).parent.rglob("*.py"))
SETTINGS = {
    f"{settings.model_config['env_prefix']}{name.upper()}": field
    for settings in (ApiSettings, WorkerSettings, OidcSettings)
    for name, field in settings.model_fields.items()
}
WRITTEN = {
    "PIGEONHOLE_API_CONCURRENCY": "CPU count",
    "PIGEONHOLE_API_DATABASE_URL": "empty",
    "PIGEONHOLE_OIDC_ROLES": "each role's name",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `{name}` |")]
    default = SETTINGS[name].default
    written = str(default).lower() if isinstance(default, bool) else str(default)
    expected = WRITTEN.get(name, f"`{written}`" if default not in (None, "") else "none")
    assert f"| {expected} | {SETTINGS[name].description} |" in line


def test_every_code_of_an_error_is_documented() -> None:
    codes = set(re.findall(r'(?:Refusal|_invalid|_wrong_class|_unavailable)\(\s*(?:\d{3},\s*)?"([a-z-]+)"', SOURCE))
    codes |= {f"{kind}-missing" for kind in re.findall(r'missing\("([a-z-]+)"', SOURCE)}
    codes |= set(re.findall(r'ApiError\(.*?code="([a-z-]+)"', SOURCE, re.DOTALL))
    assert len(codes) > 30
    assert sorted(code for code in codes if f"`{code}`" not in TEXT) == []


def test_every_action_of_the_audit_trail_is_documented() -> None:
    actions = set(re.findall(r'record\(\s*\w+,\s*\w+,\s*"([a-z.-]+)"', SOURCE))
    assert len(actions) >= 9
    assert sorted(action for action in actions if f"`{action}`" not in TEXT) == []


def test_every_metric_is_documented() -> None:
    for metric in (*vars(metrics).values(), *vars(http).values()):
        if isinstance(metric, MetricWrapperBase):
            (family,) = metric.describe()
            assert f"`{family.name}" in TEXT
