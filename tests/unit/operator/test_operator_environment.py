"""The variables that the manifest sets are settings that there are."""

from pathlib import Path

import pytest
import yaml

from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.settings import SourceSettings

pytestmark = pytest.mark.unit
MANIFEST = Path(__file__).parents[3] / "k8s" / "operator" / "deployment.yaml"
SETTINGS = {
    f"PIGEONHOLE_OPERATOR_{name.upper()}" for kind in (OperatorSettings, SourceSettings) for name in kind.model_fields
}


def test_every_variable_of_the_manifest_is_a_setting() -> None:
    (container,) = yaml.safe_load(MANIFEST.read_text())["spec"]["template"]["spec"]["containers"]
    names = {variable["name"] for variable in container["env"]}
    assert {"PIGEONHOLE_OPERATOR_NAMESPACE", "PIGEONHOLE_OPERATOR_MLFLOW_URL"} <= names
    assert names - SETTINGS == set()
