"""docs/serving.md names what a reader has to know."""

from pathlib import Path

import pytest
from prometheus_client.metrics import MetricWrapperBase

from pigeonhole.telemetry import http
from pigeonhole_serving import metrics
from pigeonhole_serving.errors import Reason
from pigeonhole_serving.settings import ServingSettings

pytestmark = pytest.mark.unit
TEXT = (Path(__file__).parents[3] / "docs" / "serving.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ServingSettings.model_fields)
def test_every_setting_is_documented_with_its_default(name: str) -> None:
    (line,) = [line for line in TEXT.splitlines() if line.startswith(f"| `PIGEONHOLE_SERVING_{name.upper()}` |")]
    field = ServingSettings.model_fields[name]
    default = "CPU count" if name == "slots" else f"`{field.default}`" if field.default != "" else "empty"
    assert f"| {default} |" in line


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_of_an_error_is_documented(reason: Reason) -> None:
    assert f"`{reason.value}`" in TEXT


METRICS = [
    metric for module in (metrics, http) for metric in vars(module).values() if isinstance(metric, MetricWrapperBase)
]


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_every_metric_is_documented(metric: MetricWrapperBase) -> None:
    (family,) = metric.describe()
    assert f"| `{family.name}" in TEXT
