"""Every pod of the chart, those of KServe among them: what it may do, what it is given, how it is asked."""

import pytest

from .pod_security import violations
from .rendering import FILES, KSERVE_FILES, Json, Rendered, at, render

pytestmark = pytest.mark.chart
# Components by the name of their values: whose pods these can place and extend, and whose they can place alone.
PLACED = {
    "api": "api", "worker": "worker", "trainer": "trainer", "userApp": "user-app", "adminApp": "admin-app",
    "operator": "operator", "mlflow": "mlflow",
}  # fmt: skip
SERVERS = {"serving.transformer": "transformer", "serving.predictor": "predictor"}
RESOURCES = {
    **PLACED, **SERVERS, "seed": "seed", "bundled.postgresql": "postgresql", "bundled.s3": "s3",
}  # fmt: skip
DEMOS = ("demo-deployments", "demo-kserve")
PROBES = {
    "api": ("/livez", "/readyz"), "worker": ("/livez", "/readyz"), "trainer": ("/livez", "/readyz"),
    "operator": ("/livez", "/readyz"), "transformer": ("/livez", "/readyz"), "predictor": ("/livez", "/readyz"),
    "user-app": ("/_stcore/health", "/_stcore/health"), "admin-app": ("/admin/_stcore/health", "/admin/_stcore/health"),
    "mlflow": ("/health", "/health"),
}  # fmt: skip


@pytest.fixture(params=FILES)
def rendered(request: pytest.FixtureRequest) -> Rendered:
    """The chart with one of its values files, as an upgrade, which has one pod more."""
    return render(request.param, None, "--is-upgrade")


def test_every_pod_keeps_the_restricted_standard(rendered: Rendered) -> None:
    broken = {pod.owner: violations(pod.spec) for pod in rendered.pods.values()}
    assert {owner: found for owner, found in broken.items() if found} == {}
    assert len(broken) >= 7


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_the_runtime_alone_keeps_it_in_each_container(file: str) -> None:
    (runtime,) = render(file).of("ServingRuntime").values()
    pod = {"runAsNonRoot": True, "runAsUser": 10001, "seccompProfile": {"type": "RuntimeDefault"}}
    assert violations({"securityContext": pod, **runtime["spec"]}) == []


def test_no_pod_is_given_variables_of_services(rendered: Rendered) -> None:
    assert [pod.owner for pod in rendered.pods.values() if pod.spec.get("enableServiceLinks") is not False] == []


def test_nobody_has_a_token_of_the_cluster_who_does_not_ask_it(rendered: Rendered) -> None:
    mounted = {name for name, pod in rendered.pods.items() if pod.spec.get("automountServiceAccountToken") is not False}
    asks = {"operator", "api"} if rendered.applied_by_operator else {"operator"}
    assert mounted - {name for name in mounted if name.startswith("Pod/")} == asks
    accounts = rendered.of("ServiceAccount")
    assert [name for name, item in accounts.items() if item["automountServiceAccountToken"] is not False] == []
    own = {pod.spec["serviceAccountName"] for pod in rendered.pods.values()}
    assert own <= set(accounts)


def test_every_container_says_what_it_takes(rendered: Rendered) -> None:
    for pod in rendered.pods.values():
        for name, container in pod.containers.items():
            where = f"{pod.owner} {name}"
            assert {"cpu", "memory"} <= set(container["resources"]["requests"]), where
            assert "memory" in container["resources"]["limits"], where


def test_every_container_of_a_root_that_is_read_only_has_a_place_for_files(rendered: Rendered) -> None:
    for pod in rendered.pods.values():
        volumes = {volume["name"]: volume for volume in pod.spec.get("volumes", [])}
        for name, container in pod.containers.items():
            mounts = {mount["mountPath"]: mount["name"] for mount in container["volumeMounts"]}
            assert "/tmp" in mounts, f"{pod.owner} {name}"
            assert "sizeLimit" in volumes[mounts["/tmp"]]["emptyDir"], f"{pod.owner} {name}"


def test_every_mount_has_its_volume_and_every_volume_a_mount(rendered: Rendered) -> None:
    claims = {
        f"StatefulSet/{name}": {claim["metadata"]["name"] for claim in item["spec"].get("volumeClaimTemplates", [])}
        for name, item in rendered.of("StatefulSet").items()
    }
    for pod in rendered.pods.values():
        volumes = {volume["name"] for volume in pod.spec.get("volumes", [])} | claims.get(pod.owner, set())
        mounts = {mount["name"] for part in pod.containers.values() for mount in part["volumeMounts"]}
        assert mounts == volumes, pod.owner


def test_no_container_is_told_a_variable_twice(rendered: Rendered) -> None:
    for pod in rendered.pods.values():
        for name, container in pod.containers.items():
            names = [entry["name"] for entry in container.get("env", [])]
            assert sorted(names) == sorted(set(names)), f"{pod.owner} {name}"


def test_no_container_has_a_secret_in_plain_text(rendered: Rendered) -> None:
    for pod in rendered.pods.values():
        for container in pod.containers.values():
            for entry in container.get("env", []):
                if any(
                    word in entry["name"] for word in ("PASSWORD", "TOKEN", "SECRET", "SIGNING_KEY", "DATABASE_URL")
                ):
                    is_file = "value" in entry and entry["name"].endswith(("_FILE", "_FILES"))
                    assert is_file or set(entry["valueFrom"]) == {"secretKeyRef"}, entry["name"]


def test_a_restart_for_health_never_asks_what_others_answer(rendered: Rendered) -> None:
    for pod in rendered.pods.values():
        for container in pod.spec["containers"]:
            path = container.get("livenessProbe", {}).get("httpGet", {}).get("path", "")
            assert "ready" not in path, pod.owner


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize("component", PROBES)
def test_a_server_is_asked_for_its_start_its_readiness_and_its_life(file: str, component: str) -> None:
    container = render(file).container(component)
    live, ready = PROBES[component]
    assert container["livenessProbe"]["httpGet"]["path"] == live
    assert container["readinessProbe"]["httpGet"]["path"] == ready
    startup = container["startupProbe"]
    assert startup["periodSeconds"] * startup["failureThreshold"] >= 60
    ports = {port.get("name", port["containerPort"]) for port in container["ports"]}
    assert {
        container[probe]["httpGet"]["port"] for probe in ("startupProbe", "readinessProbe", "livenessProbe")
    } <= ports


@pytest.mark.parametrize("component", ["postgresql", "s3"])
def test_a_bundled_store_is_asked_for_its_readiness_and_its_life(component: str) -> None:
    container = render("demo-kserve").container(component)
    assert {"readinessProbe", "livenessProbe"} <= set(container)


@pytest.mark.parametrize(("values", "component"), RESOURCES.items())
@pytest.mark.parametrize("file", DEMOS)
def test_resources_of_the_values_replace_the_preset(file: str, values: str, component: str) -> None:
    wanted = {"requests": {"cpu": "77m", "memory": "77Mi"}, "limits": {"memory": "99Mi"}}
    assert render(file).container(component)["resources"] != wanted
    assert render(file, at(f"{values}.resources", wanted)).container(component)["resources"] == wanted


@pytest.mark.parametrize("component", RESOURCES.values())
def test_the_medium_preset_asks_for_more_than_the_small_one(component: str) -> None:
    asked = [
        cpus(render("demo-kserve", {"size": size}).container(component)["resources"]["requests"]["cpu"])
        for size in ("small", "medium")
    ]
    assert asked[0] < asked[1]


def cpus(quantity: str) -> float:
    return float(quantity.removesuffix("m")) / (1000 if quantity.endswith("m") else 1)


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize(("values", "component"), {**PLACED, **SERVERS}.items())
def test_a_component_goes_where_its_values_send_it(values: str, component: str, file: str) -> None:
    affinity = {"nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []}}
    placed = {
        "nodeSelector": {"disk": "fast"}, "tolerations": [{"key": "ours", "operator": "Exists"}],
        "affinity": affinity, "priorityClassName": "high", "podLabels": {"cost": "documents"},
        "podAnnotations": {"example.com/note": "here"},
        "topologySpreadConstraints": [{"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule"}],
    }  # fmt: skip
    pod = render(file, at(values, placed)).pods[component]
    assert pod.spec["nodeSelector"] == {"disk": "fast"}
    assert pod.spec["tolerations"] == placed["tolerations"]
    assert pod.spec["affinity"] == affinity
    assert pod.spec["priorityClassName"] == "high"
    (spread,) = pod.spec["topologySpreadConstraints"]
    selected = spread["labelSelector"]["matchLabels"]
    assert component in selected.values()
    assert selected.items() <= pod.labels.items()
    assert pod.labels["cost"] == "documents"
    assert pod.annotations["example.com/note"] == "here"


def test_a_spread_with_a_selector_of_its_own_keeps_it() -> None:
    own = {"matchLabels": {"a": "b"}}
    spread = {"maxSkew": 1, "topologyKey": "zone", "whenUnsatisfiable": "DoNotSchedule", "labelSelector": own}
    pod = render("demo-kserve", at("api.topologySpreadConstraints", [spread])).pods["api"]
    assert pod.spec["topologySpreadConstraints"] == [spread]


@pytest.mark.parametrize("file", DEMOS)
@pytest.mark.parametrize(("values", "component"), [*PLACED.items(), *SERVERS.items(), ("api", "migrations")])
def test_every_container_of_a_component_gets_more_variables_and_mounts(values: str, component: str, file: str) -> None:
    """A private certificate authority, or a proxy, is needed by what runs before a pod's own container too."""
    more = {
        "extraEnv": [{"name": "OURS", "value": "1"}],
        "extraVolumes": [{"name": "ours", "emptyDir": {}}],
        "extraVolumeMounts": [{"name": "ours", "mountPath": "/ours"}],
        "resources": {"limits": {"cpu": "3"}},
    }
    pod = render(file, at(values, more), "--is-upgrade").pods[component]
    assert {"name": "ours", "emptyDir": {}} in pod.spec["volumes"]
    for name, container in pod.containers.items():
        assert {"name": "OURS", "value": "1"} in container["env"], name
        assert {"name": "ours", "mountPath": "/ours"} in container["volumeMounts"], name
        assert container["resources"] == more["resources"], name


@pytest.mark.parametrize(
    ("values", "component", "name"),
    [
        ("api", "api", "PIGEONHOLE_API_RETENTION_DAYS"),
        ("worker", "worker", "PIGEONHOLE_API_CONCURRENCY"),
        ("trainer", "trainer", "PIGEONHOLE_API_TRAINING_PROMOTES"),
        ("userApp", "user-app", "PIGEONHOLE_APP_PUBLIC_API_URL"),
        ("operator", "operator", "PIGEONHOLE_OPERATOR_PROMETHEUS_URL"),
        ("mlflow", "mlflow", "MLFLOW_SERVER_ALLOWED_HOSTS"),
        ("serving.transformer", "transformer", "PIGEONHOLE_SERVING_DEADLINE_SECONDS"),
        ("serving.predictor", "predictor", "PIGEONHOLE_SERVING_DEADLINE_SECONDS"),
    ],
)
def test_a_variable_of_the_values_wins_over_the_charts_own(values: str, component: str, name: str) -> None:
    rendered = render("demo-kserve", at(f"{values}.extraEnv", [{"name": name, "value": "ours"}]))
    entries = [entry for entry in rendered.container(component)["env"] if entry["name"] == name]
    assert entries == [{"name": name, "value": "ours"}]


def test_a_variable_stands_before_those_that_mention_it() -> None:
    names = [entry["name"] for entry in render("demo-kserve").container("api")["env"]]
    assert names.index("POD_IP") < names.index("PIGEONHOLE_API_ALLOWED_HOSTS")


def test_the_transformer_reads_with_as_many_processes_as_it_asks_for_cpus() -> None:
    source = render("demo-kserve").environment("transformer")["PIGEONHOLE_SERVING_SLOTS"]["resourceFieldRef"]
    assert source == {"containerName": "kserve-container", "resource": "requests.cpu"}


@pytest.mark.parametrize(
    ("resources", "is_said"),
    [({"limits": {"memory": "2Gi"}}, False), ({"limits": {"cpu": 2}}, True), ({"requests": {"cpu": "2"}}, True)],
)
def test_a_transformer_that_asks_for_no_cpus_is_not_told_to_read_with_none(resources: Json, is_said: bool) -> None:
    environment = render("demo-kserve", at("serving.transformer.resources", resources)).environment("transformer")
    assert ("PIGEONHOLE_SERVING_SLOTS" in environment) is is_said


@pytest.mark.parametrize(
    ("component", "variable"),
    [
        ("transformer", "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS"),
        ("predictor", "PIGEONHOLE_SERVING_GRACE_PERIOD_SECONDS"),
    ],
)
@pytest.mark.parametrize("file", DEMOS)
def test_a_model_server_is_given_the_time_that_it_takes_to_end(file: str, component: str, variable: str) -> None:
    rendered = render(file)
    pause = int(rendered.container(component)["lifecycle"]["preStop"]["exec"]["command"][1])
    needed = pause + int(rendered.environment(component)[variable])
    assert rendered.pods[component].spec["terminationGracePeriodSeconds"] >= needed
