"""What helm lint, the schemas of Kubernetes and checkov say about every values file that comes with the chart."""

import json
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from .rendering import CHART, FILES, ROOT, Json, Rendered, helm, render

pytestmark = pytest.mark.chart
CHECKOV = ROOT / ".tools" / "checkov" / "bin" / "checkov"
KEPT: dict[str, Json] = yaml.safe_load(Path(__file__).with_name("checkov.yaml").read_text())
# Kinds that other projects bring to a cluster.
FOREIGN = {
    "PodMonitor", "ServiceMonitor", "PrometheusRule", "AlertmanagerConfig", "ScaledObject", "HTTPRoute",
    "ServingRuntime",
}  # fmt: skip
EVERYTHING: Json = {
    "monitoring": {
        "monitors": "always",
        "rules": "always",
        "dashboards": "always",
        "alertmanager": "always",
        "slack": {"existingSecret": "slack"},
    }
}
Finding = tuple[str, str, str]


@pytest.mark.parametrize("file", FILES)
def test_lint_finds_nothing(file: str) -> None:
    done = helm("lint", "--strict", str(CHART), "--namespace", "trial", "--values", str(FILES[file]))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "[WARNING]" not in done.stdout


@pytest.mark.parametrize("file", FILES)
def test_every_object_is_what_kubernetes_says_it_is(file: str) -> None:
    unknown = set()
    for item in render(file, EVERYTHING, "--is-upgrade"):
        try:
            kubernetes_validate.validate(item, "1.37", strict=True)
        except kubernetes_validate.SchemaNotFoundError:
            unknown.add(item["kind"])
        except kubernetes_validate.ValidationError as error:
            pytest.fail(f"{item['kind']} {item['metadata']['name']}: {error.message} at {list(error.path)}")
    assert unknown <= FOREIGN


def of_kserve(rendered: Rendered) -> list[Json]:
    """Return the pods that KServe makes, which checkov would not see in an InferenceService."""
    return [
        {
            "apiVersion": "v1", "kind": "Pod", "spec": pod.spec,
            "metadata": {"name": pod.owner.replace("/", "-").lower(), "namespace": "trial", "labels": dict(pod.labels)},
        }
        for pod in rendered.pods.values() if pod.owner.startswith("InferenceService/")
    ]  # fmt: skip


@pytest.fixture(scope="module")
def findings(tmp_path_factory: pytest.TempPathFactory) -> set[Finding]:
    """What checkov finds in all values files: the file, the check and the resource."""
    assert CHECKOV.exists(), "checkov is not installed: scripts/bootstrap chart"
    folder = tmp_path_factory.mktemp("rendered")
    for file in FILES:
        rendered = render(file, None, "--is-upgrade")
        (folder / f"{file}.yaml").write_text(yaml.safe_dump_all([*rendered.objects, *of_kserve(rendered)]))
    command = [
        str(CHECKOV),
        "--framework",
        "kubernetes",
        "--directory",
        str(folder),
        "--skip-download",
        "--output",
        "json",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=500, check=False, cwd=folder)
    (report,) = as_list(json.loads(done.stdout))
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 1000
    return {
        (Path(found["file_path"]).stem, found["check_id"], found["resource"])
        for found in report["results"]["failed_checks"]
    }


def as_list(report: Any) -> list[Json]:
    return report if isinstance(report, list) else [report]


def is_kept(finding: Finding) -> bool:
    """Whether a finding is one that the chart keeps, at an object that may have it."""
    _, check, resource = finding
    only = KEPT.get(check, {}).get("only")
    return check in KEPT and (only is None or resource.rpartition(".")[2] in only)


@pytest.mark.parametrize("file", FILES)
def test_checkov_finds_nothing_without_a_reason(file: str, findings: set[Finding]) -> None:
    assert {finding for finding in findings if finding[0] == file and not is_kept(finding)} == set()


@pytest.mark.parametrize("check", KEPT)
def test_what_is_kept_has_a_reason_and_is_still_found(check: str, findings: set[Finding]) -> None:
    assert len(KEPT[check]["reason"].split()) >= 8
    assert set(KEPT[check]) <= {"reason", "only"}
    assert check in {found for _, found, _ in findings}
