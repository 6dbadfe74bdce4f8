"""Who reaches whom: every pair of components, and what is outside."""

from typing import Any

import pytest

from .policies import CALLERS, PORTS, is_open, may_connect
from .rendering import FILES, Json, Pod, at, merged, render

pytestmark = pytest.mark.chart
NOBODY = Pod("", "", {"app.kubernetes.io/instance": "another"}, {}, {})
DEMOS = ("demo-kserve", "demo-deployments")


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("target", PORTS)
def test_a_component_is_called_by_these_and_no_other(file: str, target: str) -> None:
    rendered = render(file, at("networkPolicy.monitoringNamespaces", {"name": "monitoring"}), "--is-upgrade")
    pods = rendered.pods
    callers = {
        name for name, pod in pods.items() if name != target and may_connect(rendered, pod, pods[target], PORTS[target])
    }
    assert {name for name in callers if not name.startswith("Pod/")} == CALLERS[target]


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("target", PORTS)
def test_a_component_is_called_at_its_port_alone(file: str, target: str) -> None:
    rendered = render(file, None, "--is-upgrade")
    pods = rendered.pods
    assert not [name for name, pod in pods.items() if may_connect(rendered, pod, pods[target], 22)]
    ports = {port["containerPort"] for port in rendered.container(target)["ports"]}
    assert ports == {PORTS[target]}


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("target", PORTS)
def test_from_other_namespaces_only_the_api_and_the_apps_are_reached(file: str, target: str) -> None:
    rendered = render(file, at("networkPolicy.monitoringNamespaces", {"name": "monitoring"}))
    policies = list(rendered.of("NetworkPolicy").values())
    pod = rendered.pods[target]
    reached = is_open(policies, "Ingress", pod, NOBODY.labels, PORTS[target], namespace={"name": "theirs"})
    assert reached is (target in ("api", "user-app", "admin-app"))


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("target", PORTS)
def test_runs_of_the_training_pipeline_reach_mlflow_and_s3_from_their_namespaces(file: str, target: str) -> None:
    runners = at("pipelines.runners", ["team-a/pipeline-runner", "team-a/another"])
    others = {"clients": [{"podSelector": {}}], "monitoringNamespaces": {"name": "monitoring"}}
    rendered = render(file, merged(runners, at("networkPolicy", others)))
    policies = list(rendered.of("NetworkPolicy").values())

    def reached(namespace: str) -> bool:
        labels = {"kubernetes.io/metadata.name": namespace}
        return is_open(policies, "Ingress", rendered.pods[target], NOBODY.labels, PORTS[target], namespace=labels)

    assert reached("team-a") is (target in ("mlflow", "s3"))
    assert not reached("team-b")
    # Once for two accounts of a namespace, and not at all where no run is told of the installation.
    assert rendered.text.count("kubernetes.io/metadata.name: team-a") == 2
    assert "team-a" not in render(file, merged(runners, at("pipelines.enabled", False))).text


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("target", ["api", "worker", "trainer", "operator", "transformer", "predictor"])
def test_metrics_are_read_from_the_namespaces_of_the_values(file: str, target: str) -> None:
    rendered = render(file, at("networkPolicy.monitoringNamespaces", {"name": "monitoring"}))
    policies = list(rendered.of("NetworkPolicy").values())
    assert is_open(policies, "Ingress", rendered.pods[target], {}, PORTS[target], namespace={"name": "monitoring"})


@pytest.mark.parametrize("file", [file for file in FILES if file != "mixed"])
def test_every_pod_is_under_the_default_and_asks_for_names(file: str) -> None:
    rendered = render(file, None, "--is-upgrade")
    default = rendered.one("NetworkPolicy", "pigeonhole-default")
    (egress,) = default["spec"]["egress"]
    assert {(port["port"], port["protocol"]) for port in egress["ports"]} == {(53, "UDP"), (53, "TCP")}
    # No selector finds a resolver in the node's own network: NodeLocal DNSCache, Cloud DNS of GKE.
    blocks = {peer["ipBlock"]["cidr"] for peer in egress["to"] if "ipBlock" in peer}
    assert blocks == {"169.254.20.10/32", "169.254.169.254/32"}
    policies = [default]
    for pod in rendered.pods.values():
        assert not is_open(policies, "Ingress", pod, NOBODY.labels, 8000), pod.owner
        assert not is_open(policies, "Egress", pod, NOBODY.labels, 443), pod.owner


@pytest.mark.parametrize(
    "component", ["api", "worker", "trainer", "operator", "transformer", "predictor", "user-app", "admin-app"]
)
def test_what_is_outside_is_reached_where_the_values_say(component: str) -> None:
    external = [{"cidr": "10.1.0.0/16", "ports": [9000, 443]}]
    policy = render("external", at("networkPolicy.external", external)).one(
        "NetworkPolicy", f"pigeonhole-{component}-to-outside"
    )
    first = policy["spec"]["egress"][0]
    assert first["to"] == [{"ipBlock": {"cidr": "10.1.0.0/16"}}]
    assert [port["port"] for port in first["ports"]] == [9000, 443]


@pytest.mark.parametrize(
    ("file", "component", "reaches"),
    [
        ("demo-kserve", "operator", True), ("demo-kserve", "api", True), ("demo-kserve", "worker", False),
        ("demo-deployments", "operator", True), ("demo-deployments", "api", False),
        ("demo-deployments", "trainer", False),
    ],
)  # fmt: skip
def test_the_clusters_api_is_reached_by_those_who_have_a_token(file: str, component: str, reaches: bool) -> None:
    rendered = render(file, at("networkPolicy", {"external": [], "apiServerPorts": [6443]}))
    policies = list(rendered.of("NetworkPolicy").values())
    assert is_open(policies, "Egress", rendered.pods[component], {}, 6443) is reaches


@pytest.mark.parametrize(
    ("url", "port"),
    [("http://prometheus.test:8080", 8080), ("https://prometheus.test", 443), ("http://prometheus.test/p", 80)],
)
def test_the_operator_reaches_prometheus_wherever_it_is(url: str, port: int) -> None:
    rendered = render("demo-kserve", {"external": {"prometheus": {"url": url}}, "networkPolicy": {"external": []}})
    policies = list(rendered.of("NetworkPolicy").values())
    pod = rendered.pods["operator"]
    assert is_open(policies, "Egress", pod, {"app": "prometheus"}, port, namespace={"name": "monitoring"})


def test_a_candidate_is_reached_as_the_stable_model_is() -> None:
    rendered = render("demo-kserve")
    labels = {"component": "predictor", "serving.kserve.io/inferenceservice": "documents-candidate"}
    candidate = Pod("", "predictor", labels, {}, {})
    assert may_connect(rendered, rendered.pods["transformer"], candidate, 8080)
    assert may_connect(rendered, rendered.pods["operator"], candidate, 8080)
    assert not may_connect(rendered, rendered.pods["api"], candidate, 8080)


def test_policies_can_be_left_out() -> None:
    assert "NetworkPolicy" not in render("mixed").kinds


@pytest.mark.parametrize("file", [file for file in FILES if file != "mixed"])
@pytest.mark.parametrize("off", ["tests.enabled", "userApp.enabled", "trainer.enabled"])
def test_no_rule_lets_everybody_in_by_a_list_that_came_out_empty(file: str, off: str) -> None:
    values = merged(at(off, False), at("seed.enabled", False))
    for name, policy in render(file, values, "--is-upgrade").of("NetworkPolicy").items():
        for rule in policy["spec"].get("ingress", []):
            assert rule.get("from"), name
        for rule in policy["spec"].get("egress", []):
            assert "to" not in rule or rule["to"], name


@pytest.mark.parametrize("target", ["api", "user-app", "admin-app"])
def test_the_clients_of_the_api_and_the_apps_are_those_of_the_values(target: str) -> None:
    def rules(clients: list[Json]) -> Any:
        rendered = render("demo-kserve", at("networkPolicy.clients", clients))
        return rendered.one("NetworkPolicy", f"pigeonhole-to-{target}")["spec"]["ingress"][0]

    block = {"ipBlock": {"cidr": "10.3.0.0/16"}}
    assert block in rules([block])["from"]
    assert {"namespaceSelector": {}} not in rules([block])["from"]
    # A load balancer of a cloud is no pod, and has an address of its own.
    assert "from" not in rules([])
