"""A real API server takes everything that the chart renders, in a namespace that enforces the restricted standard."""

import json
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
import yaml
from tests.e2e.kubectl import Kubectl, cluster_address
from tests.e2e.stand_in import CRDS, KSERVE, apply_crds, apply_kserve_crds

from .rendering import FILES, ROOT, Json, Rendered, render

pytestmark = pytest.mark.e2e
LEVEL = "pod-security.kubernetes.io"
OURS = ROOT / "k8s" / "operator" / "crds.yaml"
EVERYTHING = {
    "monitoring": {
        "monitors": "always",
        "rules": "always",
        "dashboards": "always",
        "alertmanager": "always",
        "slack": {"existingSecret": "slack"},
    },
    "pipelines": {"runners": ["team/runner"]},
}


def foreign_crds() -> list[Json]:
    """Return CRDs of the kinds that other projects bring to a cluster, which take any content."""
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return [
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": {
                "name": f"{each['plural']}.{each['group']}",
                # Groups of the Kubernetes project are told apart from those that anybody makes.
                "annotations": {"api-approved.kubernetes.io": "unapproved, for a test"},
            },
            "spec": {
                "group": each["group"],
                "scope": "Namespaced",
                "names": {"kind": each["kind"], "plural": each["plural"]},
                "versions": [{"name": each["version"], "served": True, "storage": True, "schema": schema}],
            },
        }
        for each in yaml.safe_load(Path(__file__).with_name("foreign_crds.yaml").read_text())
    ]


@pytest.fixture(scope="module")
def kubectl(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kubectl]:
    """kubectl in a namespace that enforces the restricted standard, on a cluster that knows all kinds."""
    cluster_address("KUBECONFIG")
    kubectl = Kubectl(f"chart-{uuid4().hex[:8]}")
    there = set(kubectl("get", "crd", "-o", "name").split())
    missing = [
        item for item in foreign_crds() if f"customresourcedefinition.apiextensions.k8s.io/{name(item)}" not in there
    ]
    if missing:
        file = tmp_path_factory.mktemp("crds") / "foreign.yaml"
        file.write_text(yaml.safe_dump_all(missing))
        apply_crds(kubectl, file)
    # The other tests on a cluster leave these there as well, since they may run at the same time.
    apply_kserve_crds(kubectl)
    apply_crds(kubectl, OURS)
    kubectl("create", "namespace", kubectl.namespace)
    kubectl("label", "namespace", kubectl.namespace, f"{LEVEL}/enforce=restricted", f"{LEVEL}/warn=restricted")
    try:
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
        for item in missing:
            kubectl("delete", "crd", name(item), "--wait=false")


def name(item: Json) -> str:
    return str(item["metadata"]["name"])


def dry_run(kubectl: Kubectl, objects: list[Json]) -> None:
    """Let the API server judge objects without keeping them; nor may it warn of one."""
    # A warning is an answer as well, which kubectl prints and goes on.
    options = ("--server-side", "--force-conflicts", "--dry-run=server", "--warnings-as-errors")
    kubectl("apply", *options, "-f", "-", stdin=yaml.safe_dump_all(objects))


@pytest.fixture(params=FILES)
def rendered(request: pytest.FixtureRequest, kubectl: Kubectl) -> Rendered:
    """The chart with one of its values files, in that namespace, which has the accounts that pods must have."""
    rendered = render(request.param, EVERYTHING, "--is-upgrade", "--namespace", kubectl.namespace)
    kubectl.apply(list(rendered.of("ServiceAccount").values()))
    return rendered


def test_an_api_server_takes_every_object(kubectl: Kubectl, rendered: Rendered) -> None:
    namespaces = {item["metadata"].get("namespace", kubectl.namespace) for item in rendered}
    assert namespaces == {kubectl.namespace}
    dry_run(kubectl, list(rendered.objects))


def test_an_api_server_takes_what_the_operator_applies(kubectl: Kubectl, rendered: Rendered) -> None:
    if not rendered.applied_by_operator:
        assert "ServingRuntime" not in rendered.kinds
        return
    dry_run(kubectl, list(rendered.applied_by_operator.values()))


def test_the_restricted_standard_takes_every_pod(kubectl: Kubectl, rendered: Rendered) -> None:
    claims = [
        claim["metadata"]["name"]
        for item in rendered.of("StatefulSet").values() for claim in item["spec"].get("volumeClaimTemplates", [])
    ]  # fmt: skip
    pods = []
    for number, pod in enumerate(rendered.pods.values()):
        spec = {key: value for key, value in pod.spec.items() if key not in ("minReplicas", "deploymentStrategy")}
        if pod.owner.startswith("StatefulSet/"):
            spec["volumes"] = [*spec.get("volumes", []), *({"name": each, "emptyDir": {}} for each in set(claims))]
        metadata = {"name": f"pod-{number}", "labels": dict(pod.labels)}
        pods.append({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    dry_run(kubectl, pods)


def test_the_namespace_does_refuse_a_pod_that_breaks_the_standard(kubectl: Kubectl) -> None:
    container = {"name": "c", "image": "nothing", "securityContext": {"privileged": True}}
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bad"}, "spec": {"containers": [container]}}
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        dry_run(kubectl, [pod])


def test_the_kinds_of_an_installed_kserve_stay_as_they_are(kubectl: Kubectl) -> None:
    (kind, *_) = yaml.safe_load_all(CRDS.read_text())
    key, _, value = KSERVE.partition("=")
    pods = {"metadata": {"labels": {"app": "none"}}, "spec": {"containers": [{"name": "c", "image": "nothing"}]}}
    controller = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "kserve-controller-manager", "labels": {key: value}},
        "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "none"}}, "template": pods},
    }
    column = "/spec/versions/0/additionalPrinterColumns/0/name"
    change = [{"op": "replace", "path": column, "value": "KServe's"}]
    kubectl("patch", "crd", name(kind), "--type=json", "--patch", json.dumps(change))
    kubectl.apply([controller])
    apply_kserve_crds(kubectl)
    assert first_column(kubectl, name(kind)) == "KServe's"
    kubectl("delete", "deployment", "kserve-controller-manager")
    apply_kserve_crds(kubectl)
    assert first_column(kubectl, name(kind)) == "URL"


def first_column(kubectl: Kubectl, kind: str) -> str:
    return str(kubectl.get("crd", kind)["spec"]["versions"][0]["additionalPrinterColumns"][0]["name"])
