"""CRDs, rights, admission policies, and what makes pods start anew."""

from typing import Any

import pytest
import yaml

from pigeonhole_operator.resources.crds import crds_yaml

from .rendering import CHART, FILES, KSERVE_FILES, ROOT, Json, Rendered, at, merged, render

pytestmark = pytest.mark.chart
CHECKSUM = "checksum/settings"


def rules(rendered: Rendered) -> list[tuple[str, Json]]:
    """Return each rule of each role, with the role's name."""
    roles = [item for kind in ("Role", "ClusterRole") for item in rendered.of(kind).values()]
    return [(role["metadata"]["name"], rule) for role in roles for rule in role["rules"]]


def checksum(rendered: Rendered, component: str) -> str:
    return rendered.pods[component].annotations[CHECKSUM]


def test_the_charts_crds_are_those_of_the_operator() -> None:
    text = crds_yaml()
    assert (CHART / "files" / "crds.yaml").read_text() == text
    assert (ROOT / "k8s" / "operator" / "crds.yaml").read_text() == text


def test_crds_are_rendered_whole() -> None:
    rendered = render("external").of("CustomResourceDefinition")
    original = {item["metadata"]["name"]: item for item in yaml.safe_load_all(crds_yaml())}
    assert set(rendered) == set(original)
    for name, item in original.items():
        assert rendered[name]["spec"] == item["spec"]
        assert rendered[name]["metadata"]["annotations"].items() >= item["metadata"].get("annotations", {}).items()


@pytest.mark.parametrize("keep", [True, False])
def test_crds_outlive_the_release_unless_told_otherwise(keep: bool) -> None:
    given = at("crds", {"keep": keep, "annotations": {"argocd.argoproj.io/sync-wave": "-1"}})
    for item in render("external", given).of("CustomResourceDefinition").values():
        annotations = item["metadata"]["annotations"]
        assert annotations.get("helm.sh/resource-policy") == ("keep" if keep else None)
        assert annotations["argocd.argoproj.io/sync-wave"] == "-1"


def test_crds_can_be_installed_by_somebody_else() -> None:
    assert "CustomResourceDefinition" not in render("external", at("crds.enabled", False)).kinds


@pytest.mark.parametrize("file", FILES)
def test_no_rule_has_a_wildcard_or_reads_secrets(file: str) -> None:
    for name, rule in rules(render(file)):
        assert "*" not in [*rule["apiGroups"], *rule["resources"], *rule["verbs"]], name
        forbidden = {"secrets", "pods", "pods/exec", "roles", "rolebindings", "serviceaccounts", "nodes"}
        assert not forbidden & set(rule["resources"]), name
        assert not {"escalate", "bind", "impersonate"} & set(rule["verbs"]), name


@pytest.mark.parametrize("file", FILES)
def test_no_account_of_the_release_has_a_right_in_the_whole_cluster(file: str) -> None:
    assert not {"ClusterRoleBinding"} & render(file).kinds


@pytest.mark.parametrize("file", FILES)
def test_every_binding_joins_a_role_and_an_account_that_there_are(file: str) -> None:
    rendered = render(file, at("pipelines.runners", ["team/runner"]))
    bound = rendered.of("RoleBinding")
    assert set(rendered.of("Role")) == {binding["roleRef"]["name"] for binding in bound.values()}
    for name, binding in bound.items():
        (subject,) = binding["subjects"]
        if name.endswith("-pipelines"):
            assert (subject["namespace"], subject["name"]) == ("team", "runner")
        else:
            assert (subject["namespace"], subject["name"] in rendered.of("ServiceAccount")) == ("trial", True)


def test_without_kserve_the_operator_may_touch_one_deployment() -> None:
    found = [rule for name, rule in rules(render("demo-deployments")) if name == "pigeonhole-operator"]
    assert found == [
        {
            "apiGroups": ["apps"], "resources": ["deployments"], "resourceNames": ["documents-predictor"],
            "verbs": ["get", "patch"],
        }
    ]  # fmt: skip


def operator_rights(documents: Any) -> set[tuple[str, str, str]]:
    """Return what rules allow: each verb on each resource, of one name or of all."""
    return {
        (resource, name, verb)
        for rule in documents for resource in rule["resources"] for verb in rule["verbs"]
        for name in rule.get("resourceNames", ["*"])
    }  # fmt: skip


def test_the_operator_has_no_right_that_its_manifests_do_not_give_but_for_what_it_applies() -> None:
    manifests = yaml.safe_load_all((ROOT / "k8s" / "operator" / "rbac.yaml").read_text())
    given = [rule for item in manifests if item["kind"] in ("Role", "ClusterRole") for rule in item["rules"]]
    plain = {(resource, verb) for resource, _, verb in operator_rights(given)}
    ours = operator_rights([rule for name, rule in rules(render("external")) if name == "pigeonhole-operator"])
    assert {(resource, verb) for resource, _, verb in ours} - plain == {
        ("modeldeployments", "create"),
        ("modeldeployments", "patch"),
    }
    config_maps = {(name, verb) for resource, name, verb in ours if resource == "configmaps"}
    assert config_maps == {("documents-routing", "get"), ("documents-routing", "patch"), ("pigeonhole-serving", "get")}


def test_the_api_may_ask_for_promotions_of_its_own_model_alone() -> None:
    (rule,) = [
        rule for name, rule in rules(render("external", at("serving.name", "papers"))) if name == "pigeonhole-api"
    ]
    assert rule["resourceNames"] == ["papers"]
    assert set(rule["verbs"]) == {"get", "patch", "pin"}
    assert "pigeonhole-api" not in render("demo-deployments").of("Role")


@pytest.mark.parametrize(
    ("switch", "kind"), [("clusterRoles", "ClusterRole"), ("admissionPolicies", "ValidatingAdmissionPolicy")]
)
def test_who_may_make_no_objects_of_the_cluster_leaves_them_out(switch: str, kind: str) -> None:
    assert kind in render("external").kinds
    left = render("external", at(f"rbac.{switch}", False)).kinds
    assert not {kind, f"{kind}Binding"} & left


@pytest.mark.parametrize("namespace", ["trial", "elsewhere"])
def test_admission_policies_speak_of_the_releases_operator_and_namespace(namespace: str) -> None:
    rendered = render("external", at("namespaceOverride", namespace))
    deletes, pins = (
        rendered.one("ValidatingAdmissionPolicy", f"{namespace}-pigeonhole-{name}") for name in ("deletes", "pins")
    )
    (condition,) = deletes["spec"]["matchConditions"]
    assert f"'system:serviceaccount:{namespace}:pigeonhole-operator'" in condition["expression"]
    assert deletes["spec"]["failurePolicy"] == pins["spec"]["failurePolicy"] == "Fail"
    for name, binding in rendered.of("ValidatingAdmissionPolicyBinding").items():
        assert binding["spec"]["policyName"] == name
    scope = rendered.one("ValidatingAdmissionPolicyBinding", f"{namespace}-pigeonhole-pins")["spec"]["matchResources"]
    assert scope["namespaceSelector"]["matchLabels"] == {"kubernetes.io/metadata.name": namespace}


def test_roles_for_people_join_those_of_the_cluster_but_for_pins() -> None:
    roles = render("external").of("ClusterRole")
    joins = {name.rpartition("pigeonhole-")[2]: role["metadata"]["labels"] for name, role in roles.items()}
    aggregate = "rbac.authorization.k8s.io/aggregate-to-"
    assert joins["view"][f"{aggregate}view"] == "true"
    assert f"{aggregate}view" not in joins["edit"]
    for name in ("pin", "skip-gates"):
        assert not [label for label in joins[name] if label.startswith(aggregate)]


@pytest.mark.parametrize(
    ("values", "component"),
    [
        (at("promotion.approval", "Manual"), "operator"),
        (at("serving.transformer.replicas", 3), "operator"),
        (at("external.prometheus.url", "http://elsewhere:9090"), "operator"),
        (at("trainer.params", {"gates": {"min_macro_f1": 0.9}}), "trainer"),
        (at("limits.pages", 7), "api"),
        (at("limits.pages", 7), "worker"),
        (at("worker.concurrency", 9), "worker"),
        (at("auth.existingSecret", "ours"), "user-app"),
        (at("external.s3.region", "eu-west-3"), "mlflow"),
    ],
    ids=str,
)
def test_a_setting_that_changes_makes_its_pods_start_anew(values: Json, component: str) -> None:
    assert checksum(render("demo-kserve"), component) != checksum(render("demo-kserve", values), component)


@pytest.mark.parametrize("component", ["api", "worker", "trainer", "operator", "user-app", "mlflow"])
def test_what_concerns_others_leaves_pods_alone(component: str) -> None:
    values = merged(at("monitoring.interval", "1m"), at("networkPolicy.enabled", False))
    before, after = (render("demo-kserve", given).pods[component] for given in (None, values))
    assert before == after


@pytest.mark.parametrize("file", KSERVE_FILES)
def test_the_operator_is_told_which_objects_to_apply_and_who_owns_them(file: str) -> None:
    rendered = render(file)
    environment = rendered.environment("operator")
    volumes = {volume["name"]: volume for volume in rendered.pods["operator"].spec["volumes"]}
    (mount,) = [mount for mount in rendered.container("operator")["volumeMounts"] if mount["name"] == "serving"]
    assert environment["PIGEONHOLE_OPERATOR_OBJECTS_DIRECTORY"] == mount["mountPath"]
    assert environment["PIGEONHOLE_OPERATOR_OBJECTS_OWNER"] == volumes["serving"]["configMap"]["name"]
    assert "serving.yaml" in rendered.one("ConfigMap", volumes["serving"]["configMap"]["name"])["data"]


@pytest.mark.parametrize("file", FILES)
def test_tables_are_brought_up_before_the_pods_of_an_upgrade(file: str) -> None:
    assert "pigeonhole-migrations" not in render(file).of("Job")
    job = render(file, None, "--is-upgrade").one("Job", "pigeonhole-migrations")
    annotations = job["metadata"]["annotations"]
    assert annotations["helm.sh/hook"] == "pre-upgrade"
    assert "before-hook-creation" in annotations["helm.sh/hook-delete-policy"]
    pods = render(file).pods
    for component in ("api", "worker"):
        assert pods[component].containers["migrate"]["args"][:2] == ["-m", "pigeonhole_api.migrate"]


def test_a_run_of_the_training_pipeline_is_told_the_places_and_parameters() -> None:
    data = render("mixed").one("ConfigMap", "pigeonhole-pipelines")["data"]
    assert data["PIGEONHOLE_STORAGE_URL"] == "s3://documents"
    assert data["AWS_ENDPOINT_URL"] == "http://s3.storage.svc:9000"
    assert data["PIGEONHOLE_PIPELINES_KEYS_FROM"] == ""
    keys = render("mixed", at("pipelines.secret", "keys")).one("ConfigMap", "pigeonhole-pipelines")["data"]
    assert keys["PIGEONHOLE_PIPELINES_KEYS_FROM"] == "keys"
    assert yaml.safe_load(data["params.yaml"]) == {"train": {"max_features": 20000}, "gates": {"min_macro_f1": 0.8}}
    assert "pigeonhole-pipelines" not in render("mixed", at("pipelines.enabled", False)).of("ConfigMap")


@pytest.mark.parametrize(
    ("bucket", "prefix", "url"),
    [("b-1", "platform", "s3://b-1/platform"), ("b-1", "", "s3://b-1"), ("b-1", "/a/b/", "s3://b-1/a/b")],
)
def test_the_storage_is_a_folder_of_the_bucket(bucket: str, prefix: str, url: str) -> None:
    rendered = render("external", at("external.s3", {"bucket": bucket, "prefix": prefix}))
    for component in ("api", "worker", "trainer"):
        assert rendered.environment(component)["PIGEONHOLE_STORAGE_URL"] == url


def test_claims_take_the_storage_class_and_size_of_the_values() -> None:
    given = {"global": {"storageClass": "fast"}, "bundled": {"postgresql": {"size": "3Gi"}, "s3": {"size": "9Gi"}}}
    rendered = render("demo-kserve", given)
    for name, size in (("postgresql", "3Gi"), ("s3", "9Gi")):
        (claim,) = rendered.one("StatefulSet", f"pigeonhole-{name}")["spec"]["volumeClaimTemplates"]
        assert claim["spec"]["storageClassName"] == "fast"
        assert claim["spec"]["resources"]["requests"]["storage"] == size
