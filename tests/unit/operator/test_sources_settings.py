"""Settings of the operator's sources."""

import pytest
from pydantic import ValidationError

from pigeonhole_operator.sources.settings import SourceSettings

pytestmark = pytest.mark.unit


def test_a_setting_is_a_variable_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PIGEONHOLE_OPERATOR_MLFLOW_URL", "http://mlflow:5000")
    monkeypatch.setenv("PIGEONHOLE_OPERATOR_TIMEOUT_SECONDS", "2.5")
    settings = SourceSettings()
    assert (settings.mlflow_url, settings.timeout_seconds) == ("http://mlflow:5000", 2.5)


@pytest.mark.parametrize("name", ["predictor_url", "transformer_url"])
@pytest.mark.parametrize("template", ["http://{hots}", "http://{0}", "http://{}", "http://{host", "http://{host.port}"])
def test_an_address_with_another_place_to_fill_in_is_refused_at_the_start(name: str, template: str) -> None:
    with pytest.raises(ValidationError):
        SourceSettings(**{name: template})  # type: ignore[arg-type]
