"""The operator's runtime on a real API server: what it writes, who leads, and how it lives and ends."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml

from pigeonhole_operator.cluster.cache import Cache
from pigeonhole_operator.cluster.errors import AlreadyExists, Conflict, FieldConflict, Forbidden, NotFound, Unreachable
from pigeonhole_operator.cluster.kinds import ConfigMap, InferenceService, ModelDeployment, Raw
from pigeonhole_operator.cluster.kube import LightkubeCluster, connect
from pigeonhole_operator.cluster.objects import candidate_body, deployment_status_body, event_body, stable_body
from pigeonhole_operator.cluster.parsing import parse_deployment, parse_service
from pigeonhole_operator.decision.observed import Deployment, Service
from pigeonhole_operator.decision.plan import Emit
from pigeonhole_operator.resources.deployment_status import DeploymentStatus, Release
from pigeonhole_operator.writing import ClusterWriter

from .kserve.names import FINALIZER
from .kubectl import Kubectl, cluster_address, wait_until
from .operator_objects import install_crds
from .operator_processes import LEASE_SECONDS, ROOT, CuttableWay, OperatorProcess
from .stand_in import apply_kserve_crds

pytestmark = pytest.mark.e2e
RELEASE = Release(version="2", run_id="run2", storage_uri="s3://models/2")
SPEC = {"source": {"modelName": "classifier"}, "target": {"inferenceService": "documents"}}
SERVICE = yaml.safe_load((ROOT / "k8s" / "serving" / "kserve" / "inferenceservice.yaml").read_text())


@pytest.fixture(scope="module", autouse=True)
def kinds() -> None:
    """The kinds of the operator and of KServe."""
    cluster_address("KUBECONFIG")
    apply_kserve_crds(Kubectl("default"))
    install_crds(Kubectl("default"))


@pytest.fixture
def kubectl() -> Iterator[Kubectl]:
    """kubectl in a namespace of the test's own, with a ModelDeployment in it."""
    kubectl = Kubectl(f"rt-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        kubectl.apply([deployment("documents")])
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")


@pytest.fixture
def operators(kubectl: Kubectl, tmp_path: Path) -> Iterator[Callable[..., OperatorProcess]]:
    """Starts operators, which are ended with the test."""
    running: list[OperatorProcess] = []

    def start(mark: str, **settings: str) -> OperatorProcess:
        running.append(OperatorProcess(kubectl, tmp_path, mark, **settings))
        return running[-1]

    yield start
    for operator in running:
        operator.end()


def deployment(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "pigeonhole.dev/v1alpha1",
        "kind": "ModelDeployment",
        "metadata": {"name": name},
        "spec": SPEC,
    }


def on_cluster(test: Callable[[LightkubeCluster], Awaitable[None]]) -> None:
    """Run a test with the operator's own client."""

    async def inside() -> None:
        cluster = connect()
        try:
            await test(cluster)
        finally:
            await cluster.close()

    asyncio.run(inside())


def parsed(raw: Raw) -> Deployment:
    found = parse_deployment(raw)
    assert isinstance(found, Deployment)
    return found


async def stable_applied(cluster: LightkubeCluster, namespace: str, *, force: bool) -> Raw:
    """Apply the release to the stable service as it is now, again when KServe's controller was quicker."""
    while True:
        stored = await cluster.get(InferenceService, namespace, "documents")
        with suppress(Conflict):
            return await cluster.apply(InferenceService, stable_body(stored, RELEASE), force=force)


def looks(kubectl: Kubectl, name: str = "documents") -> int:
    """Return how often a ModelDeployment was looked at: each look writes the next number."""
    return int(kubectl.get("modeldeployment", name).get("status", {}).get("failedChecks", 0))


def looked_at_by(kubectl: Kubectl, mark: str, name: str = "documents") -> None:
    """Wait for a look by that operator from now on."""
    before = looks(kubectl, name)

    def seen() -> bool:
        status = kubectl.get("modeldeployment", name).get("status", {})
        return status.get("state") == mark and status["failedChecks"] > before

    wait_until(seen, f"a look by {mark}", lambda: str(kubectl.get("modeldeployment", name).get("status")))


def holder(kubectl: Kubectl) -> str:
    return str(kubectl.get("lease", "pigeonhole-operator")["spec"]["holderIdentity"])


def acquired(kubectl: Kubectl) -> datetime:
    """Return when the lease's holder got it."""
    return datetime.fromisoformat(kubectl.get("lease", "pigeonhole-operator")["spec"]["acquireTime"])


def account_config(kubectl: Kubectl, folder: Path, account: str, server: str = "") -> str:
    """Return the path of a configuration by which a service account signs in."""
    config = yaml.safe_load(Path(cluster_address("KUBECONFIG")).read_text())
    config["users"][0]["user"] = {"token": kubectl("create", "token", account).strip()}
    if server:
        config["clusters"][0]["cluster"]["server"] = server
    path = folder / f"{account}-{uuid4().hex[:8]}.yaml"
    path.write_text(yaml.safe_dump(config))
    return str(path)


# What it writes.


def test_fields_of_somebody_else_are_not_taken_without_force_and_their_manager_is_named(kubectl: Kubectl) -> None:
    kubectl("apply", "--server-side", "--field-manager=gitops", "-f", "-", stdin=yaml.safe_dump(SERVICE))

    async def test(cluster: LightkubeCluster) -> None:
        with pytest.raises(FieldConflict) as caught:
            await stable_applied(cluster, kubectl.namespace, force=False)
        assert caught.value.managers == ("gitops",)
        taken = await stable_applied(cluster, kubectl.namespace, force=True)
        assert taken["spec"]["predictor"]["model"]["storageUri"] == "s3://models/2"

    on_cluster(test)


def test_of_the_stable_service_all_that_is_others_stays(kubectl: Kubectl) -> None:
    service = yaml.safe_load(yaml.safe_dump(SERVICE))
    service["spec"]["predictor"]["model"]["env"].append({"name": "OTHER", "value": "kept"})
    kubectl.apply([service])

    async def test(cluster: LightkubeCluster) -> None:
        stored = await cluster.get(InferenceService, kubectl.namespace, "documents")
        changed = await stable_applied(cluster, kubectl.namespace, force=True)
        model = changed["spec"]["predictor"]["model"]
        assert model["modelFormat"] == {"name": "pigeonhole-textclf"}
        assert {"name": "OTHER", "value": "kept"} in model["env"]
        assert {"name": "PIGEONHOLE_SERVING_MODEL_VERSION", "value": "2"} in model["env"]
        assert changed["spec"]["transformer"] == stored["spec"]["transformer"]
        seen = parse_service(changed)
        assert isinstance(seen, Service)
        assert (seen.version, seen.generation) == ("2", 2)
        assert changed["metadata"].get("annotations") == stored["metadata"].get("annotations")
        again = await stable_applied(cluster, kubectl.namespace, force=False)
        assert again["metadata"]["generation"] == 2

    on_cluster(test)


def test_a_stable_service_that_changed_meanwhile_is_not_written(kubectl: Kubectl) -> None:
    kubectl.apply([SERVICE])

    async def test(cluster: LightkubeCluster) -> None:
        stored = await cluster.get(InferenceService, kubectl.namespace, "documents")
        kubectl("annotate", "inferenceservice", "documents", "changed=yes")
        with pytest.raises(Conflict):
            await cluster.apply(InferenceService, stable_body(stored, RELEASE), force=True)

    on_cluster(test)


def test_a_stable_service_that_is_gone_is_not_made_anew(kubectl: Kubectl) -> None:
    kubectl.apply([SERVICE])

    async def test(cluster: LightkubeCluster) -> None:
        stored = await cluster.get(InferenceService, kubectl.namespace, "documents")
        kubectl("delete", "inferenceservice", "documents")
        with pytest.raises(Conflict):
            await cluster.apply(InferenceService, stable_body(stored, RELEASE), force=True)
        with pytest.raises(NotFound):
            await cluster.get(InferenceService, kubectl.namespace, "documents")

    on_cluster(test)


def test_the_candidate_goes_with_its_deployment_and_the_stable_service_stays(kubectl: Kubectl) -> None:
    kubectl.apply([SERVICE])

    async def test(cluster: LightkubeCluster) -> None:
        stored = await cluster.get(InferenceService, kubectl.namespace, "documents")
        owner = parsed(await cluster.get(ModelDeployment, kubectl.namespace, "documents"))
        await stable_applied(cluster, kubectl.namespace, force=True)
        body = candidate_body(stored, owner, "documents-candidate", RELEASE)
        first = await cluster.apply(InferenceService, body, force=True)
        again = await cluster.apply(InferenceService, body, force=True)
        assert again["metadata"]["generation"] == first["metadata"]["generation"]

    on_cluster(test)
    kubectl("delete", "modeldeployment", "documents")
    names = [found["metadata"]["name"] for found in kubectl.list("inferenceservice")]
    wait_until(
        lambda: [found["metadata"]["name"] for found in kubectl.list("inferenceservice")] == ["documents"],
        "the candidate to be collected, and it alone",
        lambda: str(names),
    )


def test_a_status_is_not_written_over_a_newer_version(kubectl: Kubectl) -> None:
    async def test(cluster: LightkubeCluster) -> None:
        stored = parsed(await cluster.get(ModelDeployment, kubectl.namespace, "documents"))
        kubectl("annotate", "modeldeployment", "documents", "changed=yes")
        body = deployment_status_body(stored, stored.resource_version, DeploymentStatus(state="Canary"))
        with pytest.raises(Conflict):
            await cluster.apply_status(ModelDeployment, body)
        fresh = parsed(await cluster.get(ModelDeployment, kubectl.namespace, "documents"))
        body = deployment_status_body(fresh, fresh.resource_version, DeploymentStatus(state="Canary"))
        written = await cluster.apply_status(ModelDeployment, body)
        assert written["status"]["state"] == "Canary"
        assert written["metadata"]["generation"] == fresh.generation

    on_cluster(test)


def test_only_the_object_that_was_seen_is_deleted(kubectl: Kubectl) -> None:
    async def test(cluster: LightkubeCluster) -> None:
        uid = (await cluster.get(ModelDeployment, kubectl.namespace, "documents"))["metadata"]["uid"]
        with pytest.raises(Conflict):
            await cluster.delete(ModelDeployment, kubectl.namespace, "documents", str(uuid4()))
        await cluster.delete(ModelDeployment, kubectl.namespace, "documents", uid)
        with pytest.raises(NotFound):
            await cluster.delete(ModelDeployment, kubectl.namespace, "documents", uid)

    on_cluster(test)


def test_one_transition_is_one_event(kubectl: Kubectl) -> None:
    async def test(cluster: LightkubeCluster) -> None:
        about = await cluster.get(ModelDeployment, kubectl.namespace, "documents")
        writer = ClusterWriter(cluster, Cache(), lambda: datetime.now(UTC))
        for key in ("v2/promoted", "v2/promoted", "v3/promoted"):
            await writer.record(about, Emit(key, "Normal", "Promoted", f"{key}."))
        with pytest.raises(AlreadyExists):
            await cluster.create_event(
                event_body(about, Emit("v2/promoted", "Normal", "Again", "."), datetime.now(UTC))
            )

    on_cluster(test)
    shown = kubectl("events", "--for", "modeldeployment/documents", "--no-headers")
    assert len(shown.splitlines()) == 2, shown


def test_who_may_not_and_what_is_not_there_are_told_apart(
    kubectl: Kubectl, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def absent(cluster: LightkubeCluster) -> None:
        with pytest.raises(NotFound):
            await cluster.get(ConfigMap, kubectl.namespace, "documents-routing")

    async def forbidden(cluster: LightkubeCluster) -> None:
        with pytest.raises(Forbidden, match="cannot get"):
            await cluster.get(ConfigMap, kubectl.namespace, "documents-routing")

    async def unreachable(cluster: LightkubeCluster) -> None:
        with pytest.raises(Unreachable, match="ConnectError"):
            await cluster.get(ConfigMap, kubectl.namespace, "documents-routing")

    on_cluster(absent)
    kubectl("create", "serviceaccount", "nobody")
    nobody = account_config(kubectl, tmp_path, "nobody")
    away = account_config(kubectl, tmp_path, "nobody", server="https://127.0.0.1:1")
    monkeypatch.setenv("KUBECONFIG", nobody)
    on_cluster(forbidden)
    monkeypatch.setenv("KUBECONFIG", away)
    on_cluster(unreachable)


# Who leads.


def test_of_two_operators_one_works_and_the_other_is_ready(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    first = operators("first").ready()
    looked_at_by(kubectl, "first")
    second = operators("second").ready()
    for _ in range(3):
        looked_at_by(kubectl, "first")
    assert first.leads
    assert not second.leads
    assert second.answers("/livez")


def test_a_leader_that_is_killed_is_followed_by_the_other(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    first = operators("first").ready()
    looked_at_by(kubectl, "first")
    second = operators("second").ready()
    first.kill()
    killed = datetime.now(UTC)
    looked_at_by(kubectl, "second")
    assert second.leads
    assert (acquired(kubectl) - killed).total_seconds() < LEASE_SECONDS + 6
    assert kubectl.get("lease", "pigeonhole-operator")["spec"]["leaseTransitions"] == 1


def test_who_loses_the_lease_stops_writing_and_comes_back_when_it_is_free(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    operator = operators("first").ready()
    looked_at_by(kubectl, "first")
    theft = '{"spec": {"holderIdentity": "thief", "leaseDurationSeconds": 30}}'
    kubectl("patch", "lease", "pigeonhole-operator", "--type=merge", "--patch", theft)
    wait_until(lambda: not operator.leads, "the operator to see that it does not lead", operator.said)
    seen = looks(kubectl)
    time.sleep(4)
    assert looks(kubectl) == seen
    assert holder(kubectl) == "thief"
    assert operator.answers("/readyz")
    looked_at_by(kubectl, "first")
    assert holder(kubectl) != "thief"


def test_what_happened_while_it_did_not_lead_is_worked_on_at_once(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    first = operators("first").ready()
    looked_at_by(kubectl, "first")
    operators("second").ready()
    kubectl.apply([deployment("letters")])
    looked_at_by(kubectl, "first", "letters")
    assert first.terminate() == 0
    looked_at_by(kubectl, "second", "letters")


def test_sigterm_ends_it_within_seconds_and_frees_the_lease(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    first = operators("first", LEASE_SECONDS="60", LEASE_RENEW_SECONDS="40").ready()
    looked_at_by(kubectl, "first")
    second = operators("second", LEASE_SECONDS="60", LEASE_RENEW_SECONDS="40").ready()
    asked = datetime.now(UTC)
    assert first.terminate() == 0, first.said()
    assert (datetime.now(UTC) - asked).total_seconds() < 20
    looked_at_by(kubectl, "second")
    assert (acquired(kubectl) - asked).total_seconds() < 40, "the other waited until the lease was old"
    assert second.terminate() == 0
    assert holder(kubectl) == ""


# How it watches.


def test_changes_are_seen_without_any_list(kubectl: Kubectl, operators: Callable[..., OperatorProcess]) -> None:
    operators("first").ready()
    looked_at_by(kubectl, "first")
    kubectl.apply([deployment("letters")])
    looked_at_by(kubectl, "first", "letters")
    kubectl("patch", "modeldeployment", "letters", "--type=merge", "--patch", '{"spec": {"suspend": true}}')
    wait_until(
        lambda: kubectl.get("modeldeployment", "letters")["status"]["observedGeneration"] == 2, "the change to be seen"
    )


def test_a_watch_whose_connections_are_cut_goes_on(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess], tmp_path: Path
) -> None:
    with CuttableWay(tmp_path).open() as way:
        operator = operators("first", kubeconfig=str(way.kubeconfig)).ready()
        looked_at_by(kubectl, "first")
        way.cut()
        kubectl.apply([deployment("letters")])
        looked_at_by(kubectl, "first", "letters")
        assert operator.answers("/livez")


def test_a_watch_that_is_held_is_made_up_for_by_lists(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess], tmp_path: Path
) -> None:
    with CuttableWay(tmp_path).open() as way:
        operators("first", kubeconfig=str(way.kubeconfig), RESYNC_SECONDS="2").ready()
        looked_at_by(kubectl, "first")
        way.hold()
        held = time.monotonic()
        kubectl.apply([deployment("letters")])
        looked_at_by(kubectl, "first", "letters")
        assert time.monotonic() - held < 60


def test_nothing_of_kopf_is_written_into_the_objects(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess]
) -> None:
    kubectl.apply([SERVICE])
    operators("first").ready()
    looked_at_by(kubectl, "first")
    looked_at_by(kubectl, "first")
    for kind in ("modeldeployment", "inferenceservice"):
        raw = kubectl("get", kind, "documents", "--output", "yaml", "--show-managed-fields")
        assert "kopf" not in raw
        # KServe has one of its own.
        assert set(yaml.safe_load(raw)["metadata"].get("finalizers", [])) <= {FINALIZER}
    kubectl("delete", "modeldeployment", "documents", "--timeout=120s")


# How it begins.


def test_it_runs_with_its_own_rights_and_no_others(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess], tmp_path: Path
) -> None:
    rights = (ROOT / "k8s" / "operator" / "rbac.yaml").read_text()
    kubectl.apply(rights.replace("namespace: pigeonhole\n", f"namespace: {kubectl.namespace}\n"))
    config = account_config(kubectl, tmp_path, "pigeonhole-operator")
    operator = operators("first", kubeconfig=config).ready()
    looked_at_by(kubectl, "first")
    kubectl.apply([deployment("letters")])
    looked_at_by(kubectl, "first", "letters")
    assert "forbidden" not in operator.log.read_text().lower()
    assert operator.terminate() == 0


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"kubeconfig": "/nowhere"}, "The cluster is not known: Configuration file /nowhere not found"),
        ({"LEASE_SECONDS": "soon"}, "PIGEONHOLE_OPERATOR_LEASE_SECONDS: Input should be a valid integer"),
        ({"HOST": "192.0.2.1"}, "cannot be listened on"),
    ],
)
def test_what_keeps_it_from_starting_is_said_in_one_sentence(
    operators: Callable[..., OperatorProcess], settings: dict[str, str], says: str
) -> None:
    operator = operators("first", **settings)
    assert operator.process.wait(180) in (1, 2)
    assert says in operator.said()
    assert len(operator.said().splitlines()) == 1
    assert "Traceback" not in operator.said()


def test_an_account_without_rights_is_told_so(
    kubectl: Kubectl, operators: Callable[..., OperatorProcess], tmp_path: Path
) -> None:
    kubectl("create", "serviceaccount", "nobody")
    operator = operators("first", kubeconfig=account_config(kubectl, tmp_path, "nobody"))
    assert operator.process.wait(180) == 1
    assert "cannot list resource" in operator.said()
    assert len(operator.said().splitlines()) == 1
