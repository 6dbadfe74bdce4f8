"""docs/api.md names what a reader has to know."""

import re
from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

import pigeonhole_api
from pigeonhole.telemetry import http
from pigeonhole_api import metrics
from pigeonhole_api.refusals import REASONS
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


def test_the_table_of_errors_is_that_of_the_reasons() -> None:
    rows = re.findall(r"^\| (\d{3}) \| ((?:`[a-z0-9-]+`(?:, )?)+) \|", TEXT, re.MULTILINE)
    documented = {code: int(status) for status, codes in rows for code in re.findall(r"`([a-z0-9-]+)`", codes)}
    assert documented == {code: reason.status for code, reason in REASONS.items()}


def test_every_code_of_the_client_is_documented() -> None:
    codes = set(re.findall(r'ApiError\(.*?code="([a-z-]+)"', SOURCE, re.DOTALL))
    assert len(codes) >= 6
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
