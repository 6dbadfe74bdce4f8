"""The manifests of k8s/operator: what they ask of a cluster is little, and fits the operator."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from pigeonhole_operator.resources.crds import GROUP, VERSION
from pigeonhole_operator.resources.deployment_spec import parse_deployment_spec

pytestmark = pytest.mark.unit
FOLDER = Path(__file__).parents[3] / "k8s" / "operator"
Json = dict[str, Any]


def load(name: str, kind: str) -> Json:
    (found,) = [item for item in yaml.safe_load_all((FOLDER / name).read_text()) if item["kind"] == kind]
    return dict(found)


DEPLOYMENT = load("deployment.yaml", "Deployment")["spec"]
POD = DEPLOYMENT["template"]["spec"]
(CONTAINER,) = POD["containers"]
ACCOUNT = load("rbac.yaml", "ServiceAccount")["metadata"]["name"]
ROLE = load("rbac.yaml", "Role")
EXAMPLE = load("modeldeployment.yaml", "ModelDeployment")


def within(given: Any, read: Any) -> bool:
    if isinstance(given, dict):
        return all(key in read and within(value, read[key]) for key, value in given.items())
    if isinstance(given, list):
        return len(given) == len(read) and all(map(within, given, read))
    return bool(given == read)


def test_the_example_is_a_deployment_as_the_operator_reads_it() -> None:
    assert EXAMPLE["apiVersion"] == f"{GROUP}/{VERSION}"
    spec = parse_deployment_spec(EXAMPLE["spec"])
    assert EXAMPLE["metadata"]["name"] == spec.target.inference_service == "documents"
    # Nothing in it is misspelt, which the models would pass over.
    assert within(EXAMPLE["spec"], spec.to_json())
    assert spec.canary.steps == type(spec.canary)().steps


def test_the_role_names_the_routing_of_the_example() -> None:
    (config_maps,) = [rule for rule in ROLE["rules"] if "configmaps" in rule["resources"]]
    assert config_maps["resourceNames"] == [f"{EXAMPLE['spec']['target']['inferenceService']}-routing"]


def test_the_role_has_no_wildcard_and_nothing_that_leads_to_more() -> None:
    for rule in ROLE["rules"]:
        said = [*rule["apiGroups"], *rule["resources"], *rule["verbs"]]
        assert not {"*", "secrets", "pods", "pods/exec", "roles", "escalate", "bind", "impersonate"} & set(said)


def test_the_pod_runs_by_the_account_that_the_role_and_the_policy_name() -> None:
    (subject,) = load("rbac.yaml", "RoleBinding")["subjects"]
    policies = list(yaml.safe_load_all((FOLDER / "policies.yaml").read_text()))
    (condition,) = policies[0]["spec"]["matchConditions"]
    assert POD["serviceAccountName"] == subject["name"] == ACCOUNT
    assert f":{ACCOUNT}$" in condition["expression"]


def test_one_operator_runs_and_the_next_one_waits_for_its_end() -> None:
    assert (DEPLOYMENT["replicas"], DEPLOYMENT["strategy"]) == (1, {"type": "Recreate"})


def test_the_pod_meets_the_restricted_standard_and_writes_to_tmp_alone() -> None:
    assert CONTAINER["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert POD["securityContext"]["runAsUser"] > 10_000
    assert [mount["mountPath"] for mount in CONTAINER["volumeMounts"]] == ["/tmp"]
    assert CONTAINER["resources"] == {"requests": {"cpu": "50m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}}


def test_probes_ask_the_port_that_the_operator_is_told_to_listen_on() -> None:
    variables = {item["name"]: item.get("value") for item in CONTAINER["env"]}
    port = int(variables["PIGEONHOLE_OPERATOR_PORT"])
    probes = {kind: CONTAINER[f"{kind}Probe"]["httpGet"] for kind in ("readiness", "liveness")}
    assert probes == {"readiness": {"path": "/readyz", "port": port}, "liveness": {"path": "/livez", "port": port}}
    assert [item["containerPort"] for item in CONTAINER["ports"]] == [port]


def test_the_kustomization_holds_all_but_the_example() -> None:
    resources = load("kustomization.yaml", "Kustomization")["resources"]
    assert {*resources, "kustomization.yaml", "modeldeployment.yaml"} == {file.name for file in FOLDER.iterdir()}
