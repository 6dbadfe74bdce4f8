"""What surrounds the chart in k8s/: it fits the chart as it is, and pages name files that are there."""

import re
from pathlib import Path

import pytest
import yaml

from .rendering import CHART, ROOT, Json, render

pytestmark = pytest.mark.chart
K8S = ROOT / "k8s"
PAGES = [ROOT / "README.md", CHART / "README.md", *sorted((ROOT / "docs").glob("*.md")), *sorted(K8S.rglob("*.md"))]


def read(path: str) -> Json:
    found: Json = yaml.safe_load((K8S / path).read_text())
    return found


def test_argo_cd_leaves_alone_what_others_write_and_the_chart_renders() -> None:
    """A name that no object has would let Argo CD take back what the operator or the follower wrote."""
    application = read("argocd/application.yaml")["spec"]
    chart = application["sources"][0]
    assert (ROOT / chart["path"] / "Chart.yaml").is_file()
    ignored = {(rule["kind"], rule["name"]): rule for rule in application["ignoreDifferences"]}
    assert set(ignored) == {("ConfigMap", "documents-routing"), ("Deployment", "documents-predictor")}
    assert "documents-routing" in render("demo-kserve").of("ConfigMap")
    predictor = render("demo-deployments").one("Deployment", "documents-predictor")
    (path,) = ignored["Deployment", "documents-predictor"]["jqPathExpressions"]
    (container,) = re.findall(r'select\(\.name == "(\w+)"\)', path)
    assert container in {each["name"] for each in predictor["spec"]["template"]["spec"]["initContainers"]}


def test_the_overlay_is_the_chart_with_its_start_for_production() -> None:
    overlay = read("overlays/production/kustomization.yaml")
    (chart,) = overlay["helmCharts"]
    folder = K8S / "overlays" / "production"
    assert (folder / overlay["helmGlobals"]["chartHome"] / chart["name"]).resolve() == CHART
    assert (folder / chart["valuesFile"]).resolve() == CHART / "values-production.yaml"
    options = [part for version in chart["apiVersions"] for part in ("--api-versions", version)]
    kinds = render("production", None, *options).kinds
    assert {"PodMonitor", "PrometheusRule", "AlertmanagerConfig"} <= kinds
    for resource in overlay["resources"]:
        assert (folder / resource).is_file()
    labels = read("overlays/production/namespace.yaml")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"


def test_the_ingress_on_kind_is_where_the_pages_say() -> None:
    (node,) = read("kind/cluster.yaml")["nodes"]
    (mapping,) = node["extraPortMappings"]
    assert (mapping["containerPort"], mapping["listenAddress"]) == (80, "127.0.0.1")
    controller = read("kind/ingress-nginx-values.yaml")["controller"]
    assert controller["hostPort"]["enabled"]
    assert controller["nodeSelector"].items() <= node["labels"].items()
    script = (ROOT / "scripts" / "kind-cluster").read_text()
    assert f"INGRESS=127.0.0.1:{mapping['hostPort']}" in script
    assert f"ingress.port={mapping['hostPort']}" in (ROOT / "docs" / "kubernetes.md").read_text()


def test_production_s_prometheus_is_the_one_that_the_monitoring_page_installs() -> None:
    url = yaml.safe_load((CHART / "values-production.yaml").read_text())["external"]["prometheus"]["url"]
    release, namespace = re.findall(r"//([\w-]+)-prometheus\.([\w-]+)\.svc:9090", url)[0]
    page = (K8S / "monitoring" / "README.md").read_text()
    # The stack's Services are named after its release where that holds the chart's name.
    assert f"helm upgrade --install {release} kube-prometheus-stack -n {namespace}" in page


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_commands_of_a_page_name_files_that_are_there(page: Path) -> None:
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(), re.S)
    named = {path for block in blocks for path in re.findall(r"(?<![\w/.:-])(?:k8s|helm|scripts)/[\w./-]+", block)}
    assert {path for path in named if not (ROOT / path).exists()} == set()
