"""What the serving mode, the profile and the larger switches bring along."""

import json

import pytest

from .rendering import FILES, KSERVE_FILES, at, render

pytestmark = pytest.mark.chart
DEPLOYMENTS_FILES = tuple(file for file in FILES if file not in KSERVE_FILES)


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_under_kserve_the_model_servers_are_an_inference_service_that_the_operator_applies(file: str) -> None:
    rendered = render(file)
    assert set(rendered.applied_by_operator) == {"ConfigMap", "InferenceService", "ModelDeployment"}
    assert not {"documents-predictor", "documents-transformer"} & set(rendered.of("Deployment"))
    assert {"InferenceService", "ModelDeployment"} & rendered.kinds == set()
    assert {"ServingRuntime", "CustomResourceDefinition", "ValidatingAdmissionPolicy"} <= rendered.kinds


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_kserve_takes_the_mode_that_the_transformer_was_tried_in(file: str) -> None:
    annotations = render(file).applied_by_operator["InferenceService"]["metadata"]["annotations"]
    assert annotations["serving.kserve.io/deploymentMode"] == "Standard"
    assert annotations["serving.kserve.io/autoscalerClass"] == "none"


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_the_inference_service_takes_the_runtime_of_the_release(file: str) -> None:
    rendered = render(file)
    model = rendered.applied_by_operator["InferenceService"]["spec"]["predictor"]["model"]
    runtime = rendered.one("ServingRuntime", model["runtime"])
    assert model["modelFormat"]["name"] in {found["name"] for found in runtime["spec"]["supportedModelFormats"]}
    assert model["protocolVersion"] in runtime["spec"]["protocolVersions"]
    assert "storageUri" not in model
    assert "--model_name={{.Name}}" in runtime["spec"]["containers"][0]["args"]


@pytest.mark.parametrize("file", DEPLOYMENTS_FILES)
def test_without_kserve_nothing_of_it_is_rendered(file: str) -> None:
    rendered = render(file)
    groups = {item["apiVersion"].rpartition("/")[0] for item in rendered}
    assert not groups & {"serving.kserve.io", "pigeonhole.dev", "apiextensions.k8s.io", "admissionregistration.k8s.io"}
    assert not {"ClusterRole", "ClusterRoleBinding"} & rendered.kinds


@pytest.mark.parametrize("file", DEPLOYMENTS_FILES)
def test_without_kserve_the_operators_image_follows_the_champion(file: str) -> None:
    rendered = render(file)
    name = "papers" if file == "mixed" else "documents"
    assert rendered.container("operator")["command"] == ["python", "-m", "pigeonhole_operator.following"]
    assert rendered.environment("operator")["PIGEONHOLE_OPERATOR_FOLLOW_DEPLOYMENT"] == f"{name}-predictor"
    assert f"{name}-predictor" in rendered.of("Deployment")
    assert "PIGEONHOLE_OPERATOR_PROMETHEUS_URL" not in rendered.environment("operator")


@pytest.mark.parametrize("file", ["demo-deployments", "demo-kserve"])
def test_both_modes_run_the_same_servers(file: str) -> None:
    rendered = render(file)
    assert [rendered.container(name)["image"].rpartition("/")[2] for name in ("transformer", "predictor")] == [
        "transformer:0.1.0",
        "predictor:0.1.0",
    ]
    assert rendered.container("transformer")["name"] == rendered.container("predictor")["name"] == "kserve-container"


@pytest.mark.parametrize("file", DEPLOYMENTS_FILES)
def test_without_kserve_a_model_is_fetched_before_the_predictor_starts(file: str) -> None:
    pod = render(file).pods["predictor"]
    fetch, server = pod.containers["model"], pod.containers["kserve-container"]
    (written,) = [mount for mount in fetch["volumeMounts"] if mount["mountPath"] == "/mnt/models"]
    (read,) = [mount for mount in server["volumeMounts"] if mount["mountPath"] == "/mnt/models"]
    assert (written["name"], read["name"], read["readOnly"]) == ("models", "models", True)
    assert "--model_dir=/mnt/models" in server["args"]


@pytest.mark.parametrize("file", FILES)
def test_the_workers_call_the_transformer_that_there_is(file: str) -> None:
    name = "papers" if file == "mixed" else "documents"
    environment = render(file).environment("worker")
    assert environment["PIGEONHOLE_API_TRANSFORMER_URL"] == f"http://{name}-transformer.trial.svc"
    assert environment["PIGEONHOLE_API_SERVED_MODEL"] == name


@pytest.mark.parametrize("file", FILES)
def test_documents_go_to_the_stable_predictor_at_first(file: str) -> None:
    rendered = render(file)
    name = "papers" if file == "mixed" else "documents"
    ours = rendered.one("ConfigMap", f"{name}-routing")
    if file in KSERVE_FILES:
        # An upgrade in the middle of a canary must not undo it: Helm owns the object and not its content.
        assert "data" not in ours
        ours = rendered.applied_by_operator["ConfigMap"]
        assert ours["metadata"] == {"name": "documents-routing"}
    routing = json.loads(ours["data"]["routing.json"])
    assert routing == {"generation": 1, "stable": {"host": f"{name}-predictor"}, "candidate": None}


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_the_model_deployment_is_what_the_values_say(file: str) -> None:
    values = {
        "promotion": {"approval": "Manual", "canary": {"progressDeadline": "5h"}},
        "serving": {"modelName": "theirs"},
    }
    spec = render(file, values).applied_by_operator["ModelDeployment"]["spec"]
    # A trial is not to wait for the registry.
    polls = {"pollInterval": "5s"} if file == "demo-kserve" else {}
    assert spec["source"] == {"modelName": "theirs", **polls}
    assert spec["target"] == {"inferenceService": "documents"}
    assert spec["approval"] == "Manual"
    assert spec["canary"]["progressDeadline"] == "5h"
    assert [gate["name"] for gate in spec["gates"]]


@pytest.mark.parametrize("file", ["demo-deployments", "demo-kserve"])
def test_the_demo_brings_all_that_a_bare_cluster_lacks(file: str) -> None:
    rendered = render(file)
    assert {"pigeonhole-postgresql", "pigeonhole-s3"} <= set(rendered.of("StatefulSet"))
    assert "pigeonhole-mlflow" in rendered.of("Deployment")
    assert {"pigeonhole-secrets", "pigeonhole-bundled"} == set(rendered.of("Secret"))
    (seed,) = rendered.of("Job")
    assert seed.startswith("pigeonhole-seed-")
    assert set(rendered.pods) >= {"seed", "api", "worker", "trainer", "user-app", "admin-app", "operator"}


@pytest.mark.parametrize("switch", ["bundled.postgresql.enabled", "bundled.s3.enabled", "seed.enabled"])
def test_each_part_of_the_demo_can_be_left_out(switch: str) -> None:
    outside = {
        "external": {"postgresql": {"existingSecret": "db"}} if "postgresql" in switch else {"s3": {"bucket": "ours"}}
    } if "bundled" in switch else {}  # fmt: skip
    before, after = render("demo-kserve"), render("demo-kserve", {**at(switch, False), **outside})
    name = {"bundled.postgresql.enabled": "postgresql", "bundled.s3.enabled": "s3", "seed.enabled": "seed"}[switch]
    assert name in before.pods
    assert name not in after.pods


def test_without_the_profile_nothing_of_the_demo_is_there() -> None:
    rendered = render("external")
    assert not {"postgresql", "s3", "seed", "mlflow"} & set(rendered.pods)
    assert {"Secret", "Job", "StatefulSet"} & rendered.kinds == set()


def test_a_seed_job_of_other_content_has_another_name() -> None:
    names = {next(iter(render("demo-kserve", at("seed.count", count)).of("Job"))) for count in (16, 17)}
    assert len(names) == 2


def test_the_seed_reaches_the_api_with_the_installations_token() -> None:
    rendered = render("demo-kserve", {"seed": {"count": 9, "samples": 3}})
    assert rendered.container("seed")["args"] == ["--count", "9", "--samples", "3"]
    assert rendered.environment("seed")["PIGEONHOLE_APP_API_URL"] == "http://pigeonhole-api.trial.svc:8000"


@pytest.mark.parametrize(
    ("file", "kind", "claims"),
    [("demo-kserve", "Deployment", 0), ("mixed", "Deployment", 0), ("scaled", "Deployment", 0)],
)
def test_mlflow_with_a_database_keeps_nothing_itself(file: str, kind: str, claims: int) -> None:
    rendered = render(file)
    mlflow = rendered.one(kind, "pigeonhole-mlflow")
    assert len(mlflow["spec"].get("volumeClaimTemplates", [])) == claims
    assert set(rendered.environment("mlflow")["MLFLOW_BACKEND_STORE_URI"]) == {"secretKeyRef"}


def test_mlflow_without_a_database_has_a_volume() -> None:
    rendered = render("scaled", at("mlflow", {"existingSecret": "", "size": "7Gi"}))
    (claim,) = rendered.one("StatefulSet", "pigeonhole-mlflow")["spec"]["volumeClaimTemplates"]
    assert claim["spec"]["resources"]["requests"]["storage"] == "7Gi"
    assert "MLFLOW_BACKEND_STORE_URI" not in rendered.environment("mlflow")


@pytest.mark.parametrize("component", ["api", "worker", "trainer", "operator"])
def test_mlflow_of_ones_own_is_called_by_all(component: str) -> None:
    variable = "PIGEONHOLE_MLFLOW_TRACKING_URI"
    assert render("external").environment(component)[variable] == "https://mlflow.example.com"
    assert render("demo-kserve").environment(component)[variable] == "http://pigeonhole-mlflow.trial.svc:5000"


@pytest.mark.parametrize(("auth", "files"), [("token", {"TOKEN"}), ("basic", {"USERNAME", "PASSWORD"})])
def test_the_operator_reads_mlflows_credentials_from_files(auth: str, files: set[str]) -> None:
    rendered = render("external", at("external.mlflow.auth", auth))
    named = {name for name in rendered.environment("operator") if name.startswith("PIGEONHOLE_OPERATOR_MLFLOW_")}
    assert named == {"PIGEONHOLE_OPERATOR_MLFLOW_URL", *(f"PIGEONHOLE_OPERATOR_MLFLOW_{name}_FILE" for name in files)}
    (mount,) = [mount for mount in rendered.container("operator")["volumeMounts"] if mount["name"] == "mlflow"]
    assert mount["readOnly"]


@pytest.mark.parametrize(("file", "wanted"), [("demo-kserve", "false"), ("demo-deployments", "true")])
def test_a_training_promotes_where_no_operator_decides(file: str, wanted: str) -> None:
    variable = "PIGEONHOLE_API_TRAINING_PROMOTES"
    assert render(file).environment("trainer")[variable] == wanted
    turned = {"true": False, "false": True}[wanted]
    assert render(file, at("trainer.promotes", turned)).environment("trainer")[variable] != wanted


@pytest.mark.parametrize(
    ("switch", "component"), [("userApp", "user-app"), ("adminApp", "admin-app"), ("trainer", "trainer")]
)
def test_what_is_switched_off_leaves_nothing(switch: str, component: str) -> None:
    rendered = render("external", {switch: {"enabled": False, **({} if switch == "trainer" else {"replicas": 3})}})
    left = [f"{item['kind']}/{item['metadata']['name']}" for item in rendered if component in item["metadata"]["name"]]
    assert left == []


@pytest.mark.parametrize("component", ["worker", "trainer"])
def test_parts_of_the_work_have_their_own_processes(component: str) -> None:
    duties = render("demo-kserve").environment(component)["PIGEONHOLE_API_DUTIES"]
    assert duties == {"worker": "documents,webhooks,upkeep", "trainer": "trainings"}[component]


def test_the_limits_are_told_to_all_who_read_documents() -> None:
    rendered = render("demo-kserve", at("limits", {"fileBytes": 5_000_000, "pages": 7}))
    for component in ("api", "worker", "trainer", "transformer"):
        environment = rendered.environment(component)
        assert environment["PIGEONHOLE_LIMIT_MAX_BYTES"] == "5000000", component
        assert environment["PIGEONHOLE_LIMIT_MAX_PAGES"] == "7", component


def test_people_sign_in_by_the_service_that_the_values_name() -> None:
    environment = render("external").environment("api")
    assert environment["PIGEONHOLE_OIDC_ISSUER"] == "https://sign-in.example.com/realms/staff"
    assert json.loads(environment["PIGEONHOLE_OIDC_ROLES"])["hr"] == "user"
    assert "PIGEONHOLE_API_TOKEN" not in environment
    assert render("external").environment("user-app")["PIGEONHOLE_APP_SIGN_IN"] == "access"
    assert not [name for name in render("demo-kserve").environment("api") if name.startswith("PIGEONHOLE_OIDC_")]
