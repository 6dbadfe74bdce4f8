"""values.yaml, its schema, its description and the templates say the same."""

import json
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from .rendering import CHART, FILES, ROOT, Json, at, merged, template, values_of

pytestmark = pytest.mark.chart
VALUES: Json = yaml.safe_load((CHART / "values.yaml").read_text())
SCHEMA: Json = json.loads((CHART / "values.schema.json").read_text())
# Mappings whose keys are the user's own, or another API's.
FREE = {
    "canary", "rollback", "podDisruptionBudget", "dashboardLabels", "digests", "commonLabels", "commonAnnotations",
    "annotations", "roles", "params", "resources", "monitoringNamespaces",
}  # fmt: skip
# What makes a difference only beside objects that are there (tests/chart/test_chart_releases.py).
ON_A_CLUSTER = {"crds.adopt"}
# What the notes alone show (tests/chart/test_chart_notes.py).
IN_THE_NOTES = {"ingress.port"}
CHANGES: dict[str, Any] = {
    "profile": "", "size": "medium", "fullnameOverride": "other", "nameOverride": "other", "namespaceOverride": "other",
    "resources": {"limits": {"memory": "77Mi"}}, "extraEnv": [{"name": "OTHER", "value": "1"}],
    "extraVolumes": [{"name": "other", "emptyDir": {}}],
    "extraVolumeMounts": [{"name": "other", "mountPath": "/other"}],
    "extraObjects": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "other"}}],
    "imagePullSecrets": ["other"], "digests": {"api": "sha256:" + "5" * 64}, "pullPolicy": "Always",
    "mode": "deployments", "approval": "Manual", "driftPolicy": "Ignore", "gates": [],
    "canary": {"progressDeadline": "9h"},
    "rollback": {"enabled": True}, "tolerations": [{"key": "other"}], "topologySpreadConstraints": [{"maxSkew": 7}],
    "podDisruptionBudget": {"maxUnavailable": 2}, "runners": ["other/runner"], "roles": {"other": "user"},
    "parentRefs": [{"name": "other"}], "hostnames": ["other.test"], "external": [{"cidr": "10.9.0.0/16", "ports": [9]}],
    "apiServerPorts": [9443], "peers": [{"ipBlock": {"cidr": "10.9.0.10/32"}}], "ports": [5353],
    "clients": [], "port": 8080,
    "monitors": "never", "rules": "never", "dashboards": "never", "alertmanager": "never",
    "interval": "9s", "signIn": "id", "auth": "basic", "endpoint": "http://other.test",
    "publicEndpoint": "http://other.test",
    "url": "http://other.test:7777", "issuer": "http://other.test", "jwksUrl": "http://other.test/keys",
    "runbookUrl": "http://other.test/runbooks",
}  # fmt: skip
SIZES = {"bundled.postgresql.size", "bundled.s3.size", "mlflow.size"}
EVERYTHING = {
    "ingress": {"enabled": True},
    "gateway": {"enabled": True, "parentRefs": [{"name": "public"}], "hostnames": ["ours.test"]},
    "api": {"replicas": 2}, "worker": {"replicas": 2}, "userApp": {"replicas": 2}, "adminApp": {"replicas": 2},
    "serving": {"transformer": {"replicas": 2}, "predictor": {"replicas": 2}},
    "monitoring": {
        "monitors": "always", "rules": "always", "alertmanager": "always", "slack": {"existingSecret": "slack"},
    },
}  # fmt: skip
SCALED = {"api": {"autoscaling": {"enabled": True}}, "worker": {"keda": {"enabled": True}}}
OPTIONS = ("--api-versions", "monitoring.coreos.com/v1")


def leaves(values: Json, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield each value that can be set alone."""
    for key, value in values.items():
        if isinstance(value, dict) and value and key not in FREE:
            yield from leaves(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value


def schema_keys(schema: Json, prefix: str = "") -> Iterator[str]:
    for key, part in schema.get("properties", {}).items():
        if "properties" in part and key not in FREE:
            yield from schema_keys(part, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}"


def changed(path: str, value: Any) -> Any:
    """Return another value than that, which the schema takes."""
    name = path.rpartition(".")[2]
    if path in SIZES:
        return "77Gi"
    if name in CHANGES:
        return CHANGES[name]
    if value is None or isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + 1
    return {"other": "1"} if isinstance(value, dict) else "other"


def outcome(values: Json) -> str:
    """Return what the chart renders, or the refusal; a value that the schema refuses shows nothing."""
    done = template(json.dumps(values, sort_keys=True), "pigeonhole", OPTIONS)
    assert "specifications of the schema" not in done.stderr, done.stderr
    # What is made at random differs by itself.
    random = ("token:", "signing-key:", "postgresql-password:", "database-url:", "mlflow-url:", "AWS_")
    kept = [line for line in done.stdout.splitlines() if not line.strip().startswith(random)]
    return "\n".join(kept) + done.stderr


def is_used(path: str) -> bool:
    """Whether another value changes what some values file renders."""
    bases = [merged(values_of(file), EVERYTHING) for file in ("demo-kserve", "external", "scaled", "mixed")]
    for base in [*bases, merged(bases[0], SCALED), merged(bases[2], at("mlflow.existingSecret", ""))]:
        current: Any = merged(VALUES, base)
        for key in path.split("."):
            current = current[key]
        other = at(path, changed(path, current))
        if outcome(base) != outcome(merged(base, other)):
            return True
    return False


@pytest.mark.parametrize("path", [path for path, _ in leaves(VALUES)])
def test_every_value_changes_something(path: str) -> None:
    assert is_used(path) or path in ON_A_CLUSTER | IN_THE_NOTES


def test_the_schema_has_every_value_and_no_other() -> None:
    values = {path for path, _ in leaves(VALUES)}
    schema = set(schema_keys(SCHEMA))
    assert values - schema == set()
    # What the operator has a default for.
    assert schema - values == {"promotion.historyLimit"}


def test_the_schema_takes_no_unknown_name_but_under_global() -> None:
    open_parts = {prefix for prefix, part in objects_of(SCHEMA) if part.get("additionalProperties", True) is True}
    assert open_parts == {"global"}


def objects_of(schema: Json, prefix: str = "") -> Iterator[tuple[str, Json]]:
    """Yield each object of the schema that has named properties."""
    if "properties" in schema:
        yield prefix, schema
        for key, part in schema["properties"].items():
            yield from objects_of(part, f"{prefix}.{key}".lstrip("."))


def test_the_schema_takes_what_a_number_of_values_files_say() -> None:
    assert all(template(json.dumps(values_of(file)), "pigeonhole", ()).returncode == 0 for file in FILES)


def test_values_files_name_no_value_that_is_not_there() -> None:
    known = {path for path, _ in leaves(VALUES)}
    for file in FILES:
        named = {path for path, _ in leaves(values_of(file))}
        assert {path for path in named if not any(path.startswith(each) for each in known)} == set(), file


def test_the_readme_is_what_the_comments_say(tmp_path: Any) -> None:
    script = ROOT / "scripts" / "chart-readme"
    code = f"import runpy; print(runpy.run_path({str(script)!r})['readme'](), end='')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert (CHART / "README.md").read_text() == done.stdout, "run make chart-readme"


def test_the_readme_has_every_value() -> None:
    text = (CHART / "README.md").read_text()
    for path, _ in leaves(VALUES):
        section, _, name = path.rpartition(".")
        alike = [line for line in text.splitlines() if line.startswith(f"| `{name}` |") and f"`{section}`" in line]
        assert f"| `{path}` |" in text or alike, path


def test_every_secret_of_ones_own_is_in_the_readme_with_its_keys() -> None:
    text = (CHART / "README.md").read_text().partition("## Upgrading")[0]
    named = [path for path, _ in leaves(VALUES) if path.endswith(("existingSecret", "tlsSecret"))]
    assert [path for path in named if f"| `{path}` |" not in text] == []
