"""The operator's look at its own rights, as the chart gives them, on a real API server."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pigeonhole_operator.account_rights import Right, needed_to_follow, needed_to_operate
from pigeonhole_operator.settings import OperatorSettings

from .kubectl import Kubectl
from .operator_objects import Json, operator_namespace

pytestmark = pytest.mark.e2e
CHART = Path(__file__).parents[2] / "helm" / "pigeonhole"
MODES = ("kserve", "deployments")
INSTALLED = OperatorSettings(
    namespace="sorting",
    lease_namespace="sorting",
    lease_name="ph-pigeonhole-operator",
    objects_owner="ph-pigeonhole-serving",
)
NEEDED = {
    "kserve": needed_to_operate(INSTALLED, "documents"),
    "deployments": needed_to_follow("documents-predictor", "sorting"),
}


class Account:
    """The operator's account of a namespace, under the chart's Role for a mode."""

    def __init__(self, kubectl: Kubectl, mode: str, folder: Path) -> None:
        self._kubectl = kubectl
        self._mode = mode
        kubectl("create", "-f", "-", stdin=access(kubectl.namespace, mode))
        self._configuration = folder / f"{kubectl.namespace}.json"
        self._configuration.write_text(json.dumps(self._sign_in()))

    def _sign_in(self) -> Json:
        configuration: Json = json.loads(
            self._kubectl("config", "view", "--raw", "--minify", "--flatten", "-o", "json")
        )
        token = self._kubectl("create", "token", "ph-pigeonhole-operator").strip()
        for user in configuration["users"]:
            user["user"] = {"token": token}
        return configuration

    def check(self) -> subprocess.CompletedProcess[str]:
        """Run the check as its pod does."""
        place = self._kubectl.namespace
        kserve = self._mode == "kserve"
        environment = {
            **os.environ,
            "KUBECONFIG": str(self._configuration),
            "PIGEONHOLE_OPERATOR_NAMESPACE": place,
            "PIGEONHOLE_OPERATOR_LEASE_NAMESPACE": place,
            "PIGEONHOLE_OPERATOR_LEASE_NAME": "ph-pigeonhole-operator",
            "PIGEONHOLE_OPERATOR_FOLLOW_DEPLOYMENT": "documents-predictor",
            **({"PIGEONHOLE_OPERATOR_OBJECTS_OWNER": "ph-pigeonhole-serving"} if kserve else {}),
        }
        command = [sys.executable, "-m", "pigeonhole_operator.rights", *([] if kserve else ["--follower"])]
        return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False, env=environment)

    def change_role(self, rules: str) -> None:
        self._kubectl("patch", "role", "ph-pigeonhole-operator", "--type=json", "-p", rules)


def access(namespace: str, mode: str) -> str:
    command = [
        "helm",
        "template",
        "ph",
        str(CHART),
        "--namespace",
        namespace,
        "--set",
        f"profile=demo,serving.mode={mode}",
    ]
    done = subprocess.run(
        [*command, "--show-only", "templates/operator/access.yaml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert {item["kind"] for item in yaml.safe_load_all(done.stdout)} == {"ServiceAccount", "Role", "RoleBinding"}
    return done.stdout


@pytest.mark.parametrize("mode", MODES)
def test_what_is_needed_is_what_the_chart_s_role_gives(mode: str) -> None:
    role = next(item for item in yaml.safe_load_all(access("sorting", mode)) if item["kind"] == "Role")
    given = {
        Right(verb, *kind, name=name, namespace="sorting")
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for verb in rule["verbs"]
        for name in rule.get("resourceNames", [""])
        for kind in ((resource.partition("/")[0], group, resource.partition("/")[2]) for resource in rule["resources"])
    }
    assert set(NEEDED[mode]) == given


@pytest.fixture(params=MODES)
def account(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Account]:
    with operator_namespace() as kubectl:
        yield Account(kubectl, request.param, tmp_path)


def test_the_chart_s_role_has_what_is_needed_and_nothing_beyond(account: Account) -> None:
    done = account.check()
    assert done.returncode == 0, done.stdout + done.stderr
    assert {line.split()[0] for line in done.stdout.splitlines()[:-1]} == {"ok"}
    assert done.stdout.splitlines()[-1].endswith("rights are as they should be.")


def test_a_right_that_is_missing_and_one_that_is_too_much_are_named(account: Account) -> None:
    too_much = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get", "list"]}
    account.change_role(json.dumps([{"op": "replace", "path": "/rules/0", "value": too_much}]))
    done = account.check()
    assert done.returncode == 1
    add, take = done.stdout.splitlines()[-2:]
    assert add.startswith("Add to the Role of this account: get ")
    assert take.startswith("Take from the Role of this account: get secrets pigeonhole-rights-another in ")
    assert "list secrets in " in take


def test_a_wildcard_is_named(account: Account) -> None:
    everything = {"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}
    account.change_role(json.dumps([{"op": "add", "path": "/rules/-", "value": everything}]))
    done = account.check()
    assert done.returncode == 1
    assert "* *.* in " in done.stdout.splitlines()[-1]
    assert "Add to" not in done.stdout


def test_an_api_server_that_is_not_there_is_told_in_a_sentence(tmp_path: Path) -> None:
    configuration = {
        "clusters": [{"name": "c", "cluster": {"server": "https://127.0.0.1:1"}}],
        "users": [{"name": "u", "user": {"token": "t"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "current-context": "c",
    }
    file = tmp_path / "config"
    file.write_text(json.dumps(configuration))
    environment = {**os.environ, "KUBECONFIG": str(file)}
    command = [sys.executable, "-m", "pigeonhole_operator.rights"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, env=environment)
    assert (done.returncode, done.stderr) == (1, "The API server cannot be reached: ConnectError.\n")
