"""What the operator's account and people may do on a real API server, and what the admission policies refuse them."""

import json
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest
import yaml
from lightkube.models.authorization_v1 import ResourceAttributes, SubjectAccessReviewSpec
from lightkube.resources.authorization_v1 import SubjectAccessReview

from .kubectl import Kubectl, wait_until
from .operator_objects import (
    MANIFESTS,
    MINIMAL_DEPLOYMENT,
    MINIMAL_PROMOTION,
    Json,
    api_client,
    install_operator_access,
    operator_namespace,
)
from .operator_rights import ALLOWED, DENIED, GROUPS, MODELS, PEOPLE, RIGHTS_OF_PEOPLE, questions
from .stand_in import apply_kserve_crds

pytestmark = pytest.mark.e2e
PIN: Json = {"version": "11", "reason": "incident 42"}
SKIPPING: Json = {**PIN, "skipGates": True}
NEEDS_PIN = "to change spec.pin takes the verb 'pin' on modeldeployments, which the ClusterRole pigeonhole-pin gives"
NEEDS_SKIP = (
    "a pin that skips the gates takes the verb 'skipgates' on modeldeployments, which the ClusterRole "
    "pigeonhole-skip-gates gives"
)
NOT_STABLE = "the operator deletes no InferenceService but those whose name ends in -candidate"


class Cluster:
    """The cluster as somebody sees it in the test's namespace."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.kubectl = kubectl
        self._api = api_client(kubectl.namespace)
        self.operator = f"system:serviceaccount:{kubectl.namespace}:pigeonhole-operator"

    def can(self, user: str, verb: str, kind: str, name: str = "") -> bool:
        """Ask the API server what `kubectl auth can-i` asks it."""
        resource, _, subresource = kind.partition("/")
        resource, _, group = resource.partition(".")
        asked = ResourceAttributes(
            namespace=self.kubectl.namespace,
            group=group,
            resource=resource,
            subresource=subresource,
            name=name,
            verb=verb,
        )
        review = SubjectAccessReview(spec=SubjectAccessReviewSpec(user=user, groups=GROUPS, resourceAttributes=asked))
        status = self._api.create(review).status
        return status is not None and status.allowed

    def answer(self, user: str, *arguments: str, item: Json | None = None) -> str:
        """Return what kubectl says as a user, an error as well; nothing is stored."""
        stdin = json.dumps(item) if item else None
        done = self._run(*arguments, f"--as={user}", "--dry-run=server", stdin=stdin)
        return done.stdout + " ".join(done.stderr.split())

    def _run(self, *arguments: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        command = self.kubectl.command(*arguments)
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=60, check=False)


def model(name: str, **spec: Any) -> Json:
    head = {"apiVersion": "pigeonhole.dev/v1alpha1", "kind": "ModelDeployment", "metadata": {"name": name}}
    return {**head, "spec": {**MINIMAL_DEPLOYMENT, **spec}}


def stopped_service(name: str) -> Json:
    """Return an InferenceService that nobody runs."""
    metadata = {"name": name, "annotations": {"serving.kserve.io/stop": "true"}}
    predictor = {"model": {"modelFormat": {"name": "pigeonhole-textclf"}, "storageUri": "pvc://models/1"}}
    head = {"apiVersion": "serving.kserve.io/v1beta1", "kind": "InferenceService", "metadata": metadata}
    return {**head, "spec": {"predictor": predictor}}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    with operator_namespace() as kubectl:
        install_operator_access(kubectl)
        apply_kserve_crds(kubectl)
        for user, roles in PEOPLE.items():
            for role in roles:
                kubectl("create", "rolebinding", f"{user}-{role}", f"--clusterrole={role}", f"--user={user}")
        kubectl.apply([model("free"), model("pinned", pin=PIN), model("skipping", pin=SKIPPING)])
        kubectl.apply([stopped_service("documents"), stopped_service("documents-candidate")])
        cluster = Cluster(kubectl)
        # Roles are put together, and policies come to hold, some moments after they were written.
        wait_until(lambda: cluster.can("ed", "create", MODELS), "the roles of people")
        wait_until(lambda: NEEDS_PIN in pinned_by(cluster, "ed", PIN), "the policy on pins")
        wait_until(lambda: NOT_STABLE in deleted_by(cluster, cluster.operator, "documents"), "the policy on deletes")
        yield cluster


def pinned_by(cluster: Cluster, user: str, pin: Json | None, name: str = "free") -> str:
    change = json.dumps({"spec": {"pin": pin}})
    return cluster.answer(user, "patch", "mdep", name, "--type=merge", "-p", change)


def deleted_by(cluster: Cluster, user: str, name: str) -> str:
    return cluster.answer(user, "delete", "inferenceservice", name, "--wait=false")


@pytest.mark.parametrize(("verb", "kind", "name"), questions(ALLOWED))
def test_the_operator_may(cluster: Cluster, verb: str, kind: str, name: str) -> None:
    assert cluster.can(cluster.operator, verb, kind, name)


@pytest.mark.parametrize(("verb", "kind", "name"), questions(DENIED))
def test_the_operator_may_not(cluster: Cluster, verb: str, kind: str, name: str) -> None:
    assert not cluster.can(cluster.operator, verb, kind, name)


def test_the_operator_may_nothing_beside_what_its_role_says(cluster: Cluster) -> None:
    def listed(account: str) -> set[tuple[str, ...]]:
        user = f"--as=system:serviceaccount:{cluster.kubectl.namespace}:{account}"
        return {tuple(line.split()) for line in cluster.kubectl("auth", "can-i", "--list", user).splitlines()}

    role = cluster.kubectl.get("role", "pigeonhole-operator")["rules"]
    granted = [verb for rule in role for _ in rule["resources"] for verb in rule["verbs"]]
    added = listed("pigeonhole-operator") - listed("default")
    assert (
        len(granted) == sum(len(" ".join(row).rpartition("[")[2].split()) for row in added) == len(questions(ALLOWED))
    )


def test_the_operator_may_nothing_in_another_namespace(cluster: Cluster) -> None:
    elsewhere = Cluster(Kubectl("default"))
    assert not any(elsewhere.can(cluster.operator, *question) for question in questions(ALLOWED))


def test_the_operator_writes_a_promotion_s_status_without_reading_it(cluster: Cluster) -> None:
    head: Json = {"apiVersion": "pigeonhole.dev/v1alpha1", "kind": "ModelPromotion", "metadata": {"name": "free-v2-1"}}
    as_operator = (f"--as={cluster.operator}", "--field-manager=pigeonhole-operator", "-f", "-")
    cluster.kubectl("create", *as_operator, stdin=json.dumps({**head, "spec": MINIMAL_PROMOTION}))
    status = {"startedAt": "2026-11-28T10:00:00Z", "phaseStartedAt": "2026-11-28T10:00:00Z", "phase": "Mirroring"}
    written = json.dumps({**head, "status": status})
    cluster.kubectl("apply", "--server-side", "--subresource=status", *as_operator, stdin=written)
    assert cluster.kubectl.get("mpromo", "free-v2-1")["status"]["phase"] == "Mirroring"


@pytest.mark.parametrize(("user", "verb", "kind", "allowed"), RIGHTS_OF_PEOPLE)
def test_people_may_what_their_role_says(cluster: Cluster, user: str, verb: str, kind: str, allowed: bool) -> None:
    assert cluster.can(user, verb, kind) is allowed


@pytest.mark.parametrize("policy", ["pigeonhole-operator-deletes", "pigeonhole-pins"])
def test_a_policy_is_written_without_a_fault_of_types(cluster: Cluster, policy: str) -> None:
    def status() -> Json:
        found: Json = cluster.kubectl.get("validatingadmissionpolicy", policy).get("status", {})
        return found

    wait_until(lambda: "typeChecking" in status(), "the check of its types")
    assert status()["typeChecking"].get("expressionWarnings", []) == []


def test_the_operator_deletes_a_candidate_and_never_what_serves(cluster: Cluster) -> None:
    assert 'inferenceservice.serving.kserve.io "documents-candidate" deleted' in deleted_by(
        cluster, cluster.operator, "documents-candidate"
    )
    refusal = deleted_by(cluster, cluster.operator, "documents")
    assert "is forbidden: ValidatingAdmissionPolicy 'pigeonhole-operator-deletes'" in refusal
    assert NOT_STABLE in refusal


def test_the_rule_on_deletes_is_the_operator_s_alone(cluster: Cluster) -> None:
    assert 'inferenceservice.serving.kserve.io "documents" deleted' in deleted_by(cluster, "ann", "documents")


@pytest.mark.parametrize(
    ("user", "name", "pin", "refusal"),
    [
        ("ed", "free", PIN, NEEDS_PIN),
        ("ed", "pinned", None, NEEDS_PIN),
        ("ed", "pinned", {"version": "12"}, NEEDS_PIN),
        ("ed", "pinned", {"reason": "incident 43"}, NEEDS_PIN),
        ("ed", "free", SKIPPING, NEEDS_PIN),
        ("pia", "free", SKIPPING, NEEDS_SKIP),
        ("pia", "pinned", {"skipGates": True}, NEEDS_SKIP),
        ("pia", "skipping", {"version": "12"}, NEEDS_SKIP),
        ("pia", "free", PIN, ""),
        ("pia", "pinned", {"version": "12"}, ""),
        ("pia", "pinned", None, ""),
        ("pia", "skipping", {"skipGates": False}, ""),
        ("pia", "skipping", None, ""),
        ("gil", "free", SKIPPING, ""),
        ("gil", "skipping", {"version": "12"}, ""),
        ("gil", "free", PIN, ""),
        # Nothing changes.
        ("ed", "pinned", PIN, ""),
        ("ed", "free", None, ""),
    ],
)
def test_a_pin_takes_a_role_of_its_own(cluster: Cluster, user: str, name: str, pin: Json | None, refusal: str) -> None:
    answer = pinned_by(cluster, user, pin, name)
    if refusal:
        assert "is forbidden: ValidatingAdmissionPolicy 'pigeonhole-pins'" in answer
        assert refusal in answer
    else:
        assert answer.startswith(f"modeldeployment.pigeonhole.dev/{name} patched")


@pytest.mark.parametrize(
    ("user", "spec", "refusal"),
    [
        ("ed", {}, ""),
        ("ed", {"pin": PIN}, NEEDS_PIN),
        ("pia", {"pin": PIN}, ""),
        ("pia", {"pin": SKIPPING}, NEEDS_SKIP),
        ("gil", {"pin": SKIPPING}, ""),
    ],
)
def test_a_new_deployment_is_pinned_by_the_same_roles(cluster: Cluster, user: str, spec: Json, refusal: str) -> None:
    answer = cluster.answer(user, "create", "-f", "-", item=model("new", **spec))
    assert (refusal or "modeldeployment.pigeonhole.dev/new created") in answer


@pytest.mark.parametrize("name", ["pinned", "skipping"])
def test_everything_else_of_a_pinned_deployment_is_changed_without_that_role(cluster: Cluster, name: str) -> None:
    change = json.dumps({"spec": {"suspend": True, "historyLimit": 5}})
    answer = cluster.answer("ed", "patch", "mdep", name, "--type=merge", "-p", change)
    assert answer.startswith(f"modeldeployment.pigeonhole.dev/{name} patched")


def test_the_operator_s_pod_is_taken_where_the_restricted_standard_is_enforced(cluster: Cluster) -> None:
    deployment = yaml.safe_load((MANIFESTS / "deployment.yaml").read_text())
    pod = {"apiVersion": "v1", "kind": "Pod", **deployment["spec"]["template"]}
    pod["metadata"] = {"name": "restricted"}
    cluster.kubectl("label", "namespace", cluster.kubectl.namespace, "pod-security.kubernetes.io/enforce=restricted")
    created = cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
    assert created.startswith("pod/restricted created")
    del pod["spec"]["containers"][0]["securityContext"]["seccompProfile"]
    with pytest.raises(AssertionError, match="violates PodSecurity"):
        cluster.kubectl("create", "--dry-run=server", "-f", "-", stdin=json.dumps(pod))
