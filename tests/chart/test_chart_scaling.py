"""Replicas, what owns them, and what an eviction must leave."""

import re

import pytest

from pigeonhole_api import metrics

from .rendering import FILES, ROOT, at, merged, render

pytestmark = pytest.mark.chart
BUDGETED = {
    "api": "api", "worker": "worker", "userApp": "user-app", "adminApp": "admin-app",
    "serving.transformer": "transformer", "serving.predictor": "predictor",
}  # fmt: skip
SCALED = {"api": at("api.autoscaling.enabled", True), "worker": at("worker.keda.enabled", True)}


@pytest.mark.parametrize("component", SCALED)
@pytest.mark.parametrize("file", FILES)
def test_what_scales_by_itself_owns_the_replicas(file: str, component: str) -> None:
    scaled = render(file, SCALED[component]).one("Deployment", f"pigeonhole-{component}")
    assert "replicas" not in scaled["spec"]
    values = at(f"{component}.replicas", 4)
    fixed = render("demo-kserve", values).one("Deployment", f"pigeonhole-{component}")
    assert fixed["spec"]["replicas"] == 4


def test_the_api_scales_on_the_cpus_that_it_asks_for() -> None:
    values = at(
        "api.autoscaling", {"enabled": True, "minReplicas": 3, "maxReplicas": 5, "targetCPUUtilizationPercentage": 60}
    )
    rendered = render("demo-kserve", values)
    (scaler,) = rendered.of("HorizontalPodAutoscaler").values()
    target = scaler["spec"]["scaleTargetRef"]
    assert rendered.one(target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
    assert (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) == (3, 5)
    (metric,) = scaler["spec"]["metrics"]
    assert metric["resource"] == {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 60}}
    assert all("cpu" in part["resources"]["requests"] for part in rendered.pods["api"].containers.values())


def test_workers_scale_on_the_age_of_the_oldest_document() -> None:
    values = at("worker.keda", {"enabled": True, "minReplicas": 2, "maxReplicas": 9, "queueSeconds": 30})
    rendered = render("demo-kserve", values)
    (scaler,) = rendered.of("ScaledObject").values()
    target = scaler["spec"]["scaleTargetRef"]
    assert rendered.one(target["kind"], target["name"])["apiVersion"] == target["apiVersion"]
    assert (scaler["spec"]["minReplicaCount"], scaler["spec"]["maxReplicaCount"]) == (2, 9)
    (trigger,) = scaler["spec"]["triggers"]
    assert trigger["metadata"]["threshold"] == "30"
    assert trigger["metadata"]["serverAddress"] == "http://prometheus-operated.monitoring.svc:9090"
    assert 'namespace="trial"' in trigger["metadata"]["query"]


def test_the_metric_that_workers_scale_on_is_one_of_the_apis() -> None:
    (scaler,) = render("demo-kserve", SCALED["worker"]).of("ScaledObject").values()
    query = scaler["spec"]["triggers"][0]["metadata"]["query"]
    (name,) = re.findall(r"pigeonhole_\w+", query)
    source = (ROOT / str(metrics.__file__)).read_text()
    assert f'"{name}"' in source


def test_nothing_scales_by_itself_unless_asked() -> None:
    assert not {"HorizontalPodAutoscaler", "ScaledObject"} & render("external").kinds


@pytest.mark.parametrize("file", ["demo-kserve", "demo-deployments"])
@pytest.mark.parametrize(("values", "component"), BUDGETED.items())
def test_a_budget_is_there_for_more_than_one_replica(values: str, component: str, file: str) -> None:
    name = f"pigeonhole-{component}"
    assert name not in render(file, at(f"{values}.replicas", 1)).of("PodDisruptionBudget")
    rendered = render(file, at(f"{values}.replicas", 2))
    budget = rendered.one("PodDisruptionBudget", name)
    assert budget["spec"]["maxUnavailable"] == 1
    assert budget["spec"]["selector"]["matchLabels"].items() <= rendered.pods[component].labels.items()


@pytest.mark.parametrize(("values", "component"), BUDGETED.items())
def test_a_budget_is_what_the_values_say(values: str, component: str) -> None:
    given = at(values, {"replicas": 3, "podDisruptionBudget": {"minAvailable": "50%"}})
    spec = render("demo-kserve", given).one("PodDisruptionBudget", f"pigeonhole-{component}")["spec"]
    assert spec["minAvailable"] == "50%"
    assert "maxUnavailable" not in spec


@pytest.mark.parametrize(("values", "component"), BUDGETED.items())
def test_there_is_no_budget_where_the_values_have_null(values: str, component: str) -> None:
    given = at(values, {"replicas": 3, "podDisruptionBudget": None})
    assert f"pigeonhole-{component}" not in render("demo-kserve", given).of("PodDisruptionBudget")


@pytest.mark.parametrize(("component", "minimum"), [("api", "autoscaling"), ("worker", "keda")])
@pytest.mark.parametrize("replicas", [1, 2])
def test_the_least_that_scaling_leaves_decides_on_a_budget(component: str, minimum: str, replicas: int) -> None:
    values = merged(
        SCALED[component], at(f"{component}.{minimum}.minReplicas", replicas), at(f"{component}.replicas", 5)
    )
    has_budget = f"pigeonhole-{component}" in render("demo-kserve", values).of("PodDisruptionBudget")
    assert has_budget is (replicas > 1)


@pytest.mark.parametrize("component", ["operator", "trainer"])
def test_what_must_not_run_twice_ends_before_it_starts_again(component: str) -> None:
    spec = render("external").one("Deployment", f"pigeonhole-{component}")["spec"]
    assert (spec["replicas"], spec["strategy"]) == (1, {"type": "Recreate"})


@pytest.mark.parametrize("component", ["api", "documents-predictor", "documents-transformer"])
def test_what_answers_is_replaced_without_a_gap(component: str) -> None:
    name = component if component.startswith("documents") else f"pigeonhole-{component}"
    strategy = render("demo-deployments").one("Deployment", name)["spec"]["strategy"]
    assert strategy["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}


@pytest.mark.parametrize("component", ["transformer", "predictor"])
@pytest.mark.parametrize("file", ["demo-kserve", "demo-deployments"])
def test_the_model_servers_have_the_replicas_of_the_values(file: str, component: str) -> None:
    rendered = render(file, at(f"serving.{component}.replicas", 3))
    if file == "demo-kserve":
        assert rendered.applied_by_operator["InferenceService"]["spec"][component]["minReplicas"] == 3
    else:
        assert rendered.one("Deployment", f"documents-{component}")["spec"]["replicas"] == 3
