"""The manifests of k8s/serving: what they ask of a cluster fits what the servers do."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole.ocr.pool import PoolSettings
from pigeonhole_serving.model_server import health_routes
from pigeonhole_serving.predictor_server import predictor_parser
from pigeonhole_serving.routing import parse_routing
from pigeonhole_serving.settings import ServingSettings
from pigeonhole_serving.transformer_server import transformer_parser

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parents[3] / "k8s" / "serving"
Json = dict[str, Any]


def load(name: str, kind: str) -> Json:
    (found,) = [item for item in yaml.safe_load_all((FOLDER / name).read_text()) if item["kind"] == kind]
    return dict(found)


RUNTIME = load("kserve/servingruntime.yaml", "ServingRuntime")["spec"]
SERVICE = load("kserve/inferenceservice.yaml", "InferenceService")["spec"]
CANDIDATE = load("kserve/candidate.yaml", "InferenceService")["spec"]
PREDICTOR = load("deployments/predictor.yaml", "Deployment")["spec"]["template"]["spec"]
PLAIN_CANDIDATE = load("deployments/candidate.yaml", "Deployment")["spec"]["template"]["spec"]
TRANSFORMER = load("deployments/transformer.yaml", "Deployment")["spec"]["template"]["spec"]
CONTAINERS = {
    "kserve predictor": RUNTIME["containers"][0],
    "kserve transformer": SERVICE["transformer"]["containers"][0],
    "kserve candidate": RUNTIME["containers"][0],
    "predictor": PREDICTOR["containers"][0],
    "candidate": PLAIN_CANDIDATE["containers"][0],
    "transformer": TRANSFORMER["containers"][0],
}
# Each container with the pod that says how long its end may take.
PODS = {
    "kserve predictor": SERVICE["predictor"],
    "kserve transformer": SERVICE["transformer"],
    "kserve candidate": CANDIDATE["predictor"],
    "predictor": PREDICTOR,
    "candidate": PLAIN_CANDIDATE,
    "transformer": TRANSFORMER,
}
each_container = pytest.mark.parametrize("name", CONTAINERS)


def environment(container: Json) -> dict[str, str]:
    return {item["name"]: item.get("value", "") for item in container["env"]}


@each_container
def test_every_variable_is_a_setting_with_a_value_that_it_takes(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    variables = environment(CONTAINERS[name])
    prefix = "PIGEONHOLE_SERVING_"
    assert {variable.removeprefix(prefix).lower() for variable in variables} <= set(ServingSettings.model_fields)
    for variable, value in variables.items():
        if value:
            monkeypatch.setenv(variable, value)
    ServingSettings()


@each_container
def test_a_pod_has_time_to_finish_what_it_has_in_hand(name: str) -> None:
    container, variables = CONTAINERS[name], environment(CONTAINERS[name])
    deadline = float(variables["PIGEONHOLE_SERVING_DEADLINE_SECONDS"])
    grace = float(variables["PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS"])
    (_, pause) = container["lifecycle"]["preStop"]["exec"]["command"]
    assert deadline < grace
    assert grace + float(pause) < PODS[name]["terminationGracePeriodSeconds"]


@each_container
def test_probes_ask_the_addresses_that_mean_what_they_are_for(name: str) -> None:
    container = CONTAINERS[name]
    probes = {kind: container[f"{kind}Probe"]["httpGet"] for kind in ("startup", "readiness", "liveness")}
    routes = {getattr(route, "path", "") for route in health_routes(lambda: (), lambda: ()).routes}
    assert {probe["path"] for probe in probes.values()} <= routes
    assert {kind: probe["path"] for kind, probe in probes.items()} == {
        "startup": "/startupz",
        "readiness": "/readyz",
        "liveness": "/livez",
    }
    assert {probe["port"] for probe in probes.values()} == {port["containerPort"] for port in container["ports"]}


@each_container
def test_containers_meet_the_restricted_pod_security_standard(name: str) -> None:
    context = CONTAINERS[name]["securityContext"]
    assert context["allowPrivilegeEscalation"] is False
    assert context["readOnlyRootFilesystem"] is True
    assert context["runAsNonRoot"] is True
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"}
    assert PODS[name]["securityContext"]["runAsUser"] > 10_000


@pytest.mark.parametrize("name", ["predictor", "candidate", "transformer"])
def test_both_variants_run_the_same_container(name: str) -> None:
    # What KServe adds on its own, and where the model lies without it.
    added = {"args", "env", "volumeMounts"}
    plain, kserve = CONTAINERS[name], CONTAINERS[f"kserve {name}"]
    assert {key: plain[key] for key in plain.keys() - added} == {key: kserve[key] for key in kserve.keys() - added}
    arguments = [argument.replace("{{.Name}}", "documents") for argument in kserve["args"]]
    assert plain["args"][: len(arguments)] == arguments
    assert environment(kserve).items() <= environment(plain).items()
    assert [mount for mount in kserve["volumeMounts"] if mount not in plain["volumeMounts"]] == []


def test_the_arguments_are_those_that_the_servers_know() -> None:
    for name in ("predictor", "candidate", "kserve predictor"):
        assert str(predictor_parser().parse_args(CONTAINERS[name]["args"]).model_dir) == "/mnt/models"
    transformer_parser().parse_args(CONTAINERS["transformer"]["args"])
    injected = ["--model_name", "documents", "--predictor_host", "documents-predictor.shop", "--http_port", "8080"]
    options = transformer_parser().parse_args([*CONTAINERS["kserve transformer"]["args"], *injected])
    assert options.predictor_host == "documents-predictor.shop"


def test_a_change_of_the_routing_reaches_the_transformer() -> None:
    routing = load("routing/documents-routing.yaml", "ConfigMap")
    assert parse_routing(routing["data"]["routing.json"].encode()).candidate is None
    for name in ("transformer", "kserve transformer"):
        (mount,) = [mount for mount in CONTAINERS[name]["volumeMounts"] if mount["name"] == "routing"]
        assert "subPath" not in mount, "a file mounted by a subPath never changes"
        assert f"{mount['mountPath']}/routing.json" in CONTAINERS[name]["args"]
        (volume,) = [volume for volume in PODS[name]["volumes"] if volume["name"] == "routing"]
        assert volume["configMap"]["name"] == routing["metadata"]["name"]


def test_the_transformer_s_memory_covers_its_reading_processes() -> None:
    megabytes = PoolSettings().max_resident_bytes / 2**20
    for name in ("transformer", "kserve transformer"):
        resources = CONTAINERS[name]["resources"]
        processes = int(resources["requests"]["cpu"])
        assert int(resources["limits"]["memory"].removesuffix("Mi")) > processes * megabytes + 300


def test_kserve_is_not_asked_for_what_breaks_the_transformer_or_hides_a_rollout() -> None:
    assert "containerConcurrency" not in SERVICE["transformer"]
    for component in (SERVICE["predictor"], SERVICE["transformer"], CANDIDATE["predictor"]):
        assert component["deploymentStrategy"]["rollingUpdate"] == {"maxSurge": 1, "maxUnavailable": 0}
    for spec in (SERVICE, CANDIDATE):
        assert spec["predictor"]["model"]["runtime"] == "pigeonhole-textclf"
        version = {item["name"]: item["value"] for item in spec["predictor"]["model"]["env"]}
        assert spec["predictor"]["model"]["storageUri"].endswith("/" + version["PIGEONHOLE_SERVING_MODEL_VERSION"])


def test_a_candidate_is_reached_inside_the_cluster_alone() -> None:
    labels = load("kserve/candidate.yaml", "InferenceService")["metadata"]["labels"]
    assert labels == {"networking.kserve.io/visibility": "cluster-local"}
