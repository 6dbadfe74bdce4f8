"""The doctor's look at a release: what is well stays short, and each fault is named with its fix."""

from collections.abc import Sequence
from typing import Any

import pytest

from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.release_diagnosis.examination import examine

from . import release_objects as made
from .release_objects import Json

pytestmark = pytest.mark.unit


def faults(objects: dict[str, list[Json]], **how: Any) -> list[Finding]:
    return [finding for finding in examine(made.read(objects, **how)) if not finding.ok]


def fault(objects: dict[str, list[Json]], **how: Any) -> Finding:
    """Return the one fault that is found."""
    found = faults(objects, **how)
    assert len(found) == 1, found
    return found[0]


def with_worker(*statuses: Json, **pod: Any) -> dict[str, list[Json]]:
    """Return a release whose worker is not ready, and has one pod."""
    return replaced("worker", made.pod("worker", *statuses, **pod))


def replaced(component: str, *pods: Json, wanted: int = 1, ready: int = 0) -> dict[str, list[Json]]:
    objects = made.healthy()
    for kind in ("Deployment", "Pod"):
        objects[kind] = [item for item in objects[kind] if made.labels(component) != item["metadata"]["labels"]]
    objects["Deployment"].append(made.workload(component, wanted=wanted, ready=ready))
    objects["Pod"].extend(pods)
    return objects


def test_of_a_release_that_is_well_every_line_is_ok_and_short() -> None:
    findings = examine(made.read(made.healthy()))
    assert [finding for finding in findings if not finding.ok] == []
    assert {"release", "api", "worker", "operator", "postgresql", "Ingress ph-apps"} <= {each.what for each in findings}
    assert all(len(finding.found) < 60 for finding in findings)
    assert "version 3 serves" in next(each.found for each in findings if each.what == "ModelDeployment documents")


def test_without_a_release_it_is_said_how_one_is_installed() -> None:
    found = fault({"Deployment": [], "Pod": []})
    assert found.found == "there is none in namespace sorting"
    assert "helm install" in str(found.fix)


def test_an_image_that_cannot_be_pulled_is_named_with_the_values_of_its_registry() -> None:
    message = f'Back-off pulling image "{made.IMAGE}": ErrImagePull: pull access denied: unauthorized'
    found = fault(with_worker(made.waiting("worker", "ImagePullBackOff", message)))
    assert found.found == f"0 of 1 ready: the image {made.IMAGE} cannot be pulled (unauthorized)"
    assert "image.registry" in str(found.fix)
    assert "global.imagePullSecrets" in str(found.fix)


@pytest.mark.parametrize(
    ("variable", "secret", "message", "fix"),
    [
        (
            "PIGEONHOLE_API_DATABASE_URL",
            "database",
            'secret "database" not found',
            "Make the Secret database in this namespace, which external.postgresql.existingSecret names.",
        ),
        (
            "AWS_ACCESS_KEY_ID",
            "s3",
            "couldn't find key key in Secret sorting/s3",
            "Make the Secret s3 with the key key in this namespace, which external.s3.existingSecret names, "
            "or name its key by external.s3.accessKeyIdKey.",
        ),
        (
            "PIGEONHOLE_API_SIGNING_KEY",
            "ph-secrets",
            'secret "ph-secrets" not found',
            "The chart makes the Secret ph-secrets: run helm upgrade again with the same values.",
        ),
    ],
)
def test_a_missing_secret_is_named_with_the_value_that_names_it(
    variable: str, secret: str, message: str, fix: str
) -> None:
    reference = {"name": variable, "valueFrom": {"secretKeyRef": {"name": secret, "key": "key"}}}
    status = made.waiting("worker", "CreateContainerConfigError", message)
    found = fault(with_worker(status, containers=[made.container("worker", env=[reference])]))
    assert found.found == f"0 of 1 ready: CreateContainerConfigError: {message}"
    assert found.fix == fix


@pytest.mark.parametrize(
    ("message", "named"),
    [
        ('MountVolume.SetUp failed for volume "sign-in" : secret "people" not found', "the Secret people in"),
        (
            'MountVolume.SetUp failed for volume "sign-in" : references non-existent secret key: secrets.toml',
            "the Secret people with the key secrets.toml",
        ),
    ],
)
def test_a_missing_secret_of_a_volume_is_told_by_its_event(message: str, named: str) -> None:
    volumes = [{"name": "sign-in", "secret": {"secretName": "people"}}]
    objects = replaced("user-app", made.pod("user-app", made.waiting("app", "ContainerCreating"), volumes=volumes))
    objects["Event"] = [made.event("ph-user-app-1", "FailedMount", message)]
    found = fault(objects)
    assert named in str(found.fix)
    assert "auth.apps.existingSecret" in str(found.fix)


def test_a_pod_that_no_node_takes_repeats_the_scheduler_and_names_the_size() -> None:
    message = "0/1 nodes are available: 1 Insufficient cpu. preemption: 0/1 nodes are available: 1 No victims."
    found = fault(with_worker(scheduled=message))
    assert found.found == "0 of 1 ready: no node takes the pod: 0/1 nodes are available: 1 Insufficient cpu"
    assert "size: small" in str(found.fix)
    assert "nodeSelector" not in str(found.fix)


def test_a_pod_that_is_kept_off_by_a_taint_names_what_places_it() -> None:
    found = fault(with_worker(scheduled="0/1 nodes are available: 1 node(s) had untolerated taint(s)."))
    assert "worker.nodeSelector, worker.tolerations" in str(found.fix)


def test_a_crash_loop_is_told_with_the_last_line_of_its_log() -> None:
    status = made.waiting("worker", "CrashLoopBackOff", restartCount=4, lastState=made.ended("Error", 2))
    said = "PIGEONHOLE_API_CONCURRENCY: it must be a number."
    found = fault(with_worker(status), last_words={("ph-worker-1", "worker"): said})
    assert found.found == f"0 of 1 ready: worker ends with exit code 2, restarted 4 times: {said}"
    assert found.fix == "Read more: kubectl -n sorting logs ph-worker-1 -c worker --previous"


def test_between_two_crashes_a_crash_loop_is_still_one() -> None:
    status = made.running("worker", ready=False, restartCount=4, lastState=made.ended("Error", 2))
    assert "ends with exit code 2" in fault(with_worker(status)).found


def test_out_of_memory_names_the_limit_and_its_value() -> None:
    status = made.waiting("worker", "CrashLoopBackOff", restartCount=3, lastState=made.ended("OOMKilled", 137))
    found = fault(with_worker(status))
    assert "worker was out of memory at its limit 512Mi, restarted 3 times" in found.found
    assert "worker.resources.limits.memory" in str(found.fix)


@pytest.mark.parametrize(("at", "count"), [("2026-11-28T11:50:00Z", 1), ("2026-11-20T11:50:00Z", 0)])
def test_who_was_out_of_memory_within_a_day_is_named_though_it_runs_again(at: str, count: int) -> None:
    status = made.running("app", restartCount=1, lastState=made.ended("OOMKilled", 137, at))
    found = faults(replaced("user-app", made.pod("user-app", status), ready=1))
    assert len(found) == count
    assert all("userApp.resources" in str(each.fix) for each in found)


def test_a_database_that_does_not_answer_is_told_by_who_waits_for_it() -> None:
    init = [made.running("migrate", ready=False)]
    pod = made.pod("api", made.waiting("api", "PodInitializing"), init=init, initContainers=[made.MIGRATE])
    found = fault(replaced("api", pod))
    assert found.found == "0 of 1 ready: migrate waits for the database"
    assert "Secret database (external.postgresql.existingSecret)" in str(found.fix)
    assert "networkPolicy.external" in str(found.fix)


def test_a_predictor_without_a_champion_is_told_to_train() -> None:
    init = [made.running("model", ready=False)]
    objects = replaced(
        "predictor", made.pod("predictor", made.waiting("kserve-container", "PodInitializing"), init=init)
    )
    found = fault(objects)
    assert found.found == "0 of 1 ready: model waits for the first champion"
    assert "Train" in str(found.fix)


def test_new_pods_that_do_not_come_up_are_told_though_the_old_ones_serve() -> None:
    objects = replaced("api", made.pod("api", made.running("api")), ready=1)
    objects["Deployment"][-1]["status"] |= {"unavailableReplicas": 1, "replicas": 2}
    new = made.pod("api", made.waiting("api", "ErrImagePull", "not found"), name="new", made="2026-11-28T11:30:00Z")
    old = objects["Pod"][-1]
    for each, template in ((old, "a"), (new, "b")):
        each["metadata"]["labels"] = {**each["metadata"]["labels"], "pod-template-hash": template}
    objects["Pod"].append(new)
    assert "the new pods are not ready: the image" in fault(objects).found


def test_pods_of_a_template_that_was_replaced_are_not_told_of() -> None:
    old = made.pod(
        "worker", made.waiting("worker", "ErrImagePull", "not found"), name="old", made="2026-11-28T10:00:00Z"
    )
    new = made.pod("worker", made.waiting("worker", "InvalidImageName"), name="new")
    for each, template in ((old, "a"), (new, "b")):
        each["metadata"]["labels"] = {**each["metadata"]["labels"], "pod-template-hash": template}
    assert "(InvalidImageName)" in fault(replaced("worker", old, new)).found


def test_pods_that_are_not_let_in_are_told_by_the_deployment() -> None:
    objects = replaced("worker")
    message = 'pods "ph-worker-x" is forbidden: exceeded quota: small'
    objects["Deployment"][-1]["status"]["conditions"] = [
        made.condition("ReplicaFailure", True, "FailedCreate", message)
    ]
    found = fault(objects)
    assert "exceeded quota" in found.found
    assert "quota" in str(found.fix)


@pytest.mark.parametrize(
    ("claim", "classes", "found", "fix"),
    [
        (made.claim("Pending", "gone"), ["fast"], "there is no StorageClass gone", "global.storageClass"),
        (made.claim("Pending", None), ["fast"], "the cluster has no default StorageClass", "global.storageClass"),
        (made.claim("Pending", "fast"), ["fast"], "no space", "provisioner"),
    ],
)
def test_a_volume_that_is_not_bound_names_its_class(claim: Json, classes: list[str], found: str, fix: str) -> None:
    objects = made.healthy()
    objects["PersistentVolumeClaim"] = [claim]
    objects["StorageClass"] = [made.class_of("StorageClass", each) for each in classes]
    objects["Event"] = [made.event("data-ph-postgresql-0", "ProvisioningFailed", "no space")]
    told = fault(objects)
    assert told.what == "volume data-ph-postgresql-0"
    assert found in told.found
    assert fix in str(told.fix)


def test_a_job_that_failed_is_told_with_its_reason_and_its_last_words() -> None:
    failed = made.condition("Failed", True, "BackoffLimitExceeded", "Job has reached the specified backoff limit")
    objects = made.healthy()
    selector = {"matchLabels": made.selected("seed")}
    objects["Job"] = [made.own("Job", "seed", spec={"selector": selector}, status={"conditions": [failed]})]
    status = {**made.waiting("seed", ""), "state": made.ended("Error", 1)}
    objects["Pod"].append(made.pod("seed", status))
    found = fault(objects, last_words={("ph-seed-1", "seed"): "Error: the platform cannot be reached."})
    assert found.what == "Job ph-seed"
    assert found.found.startswith("failed: Job has reached the specified backoff limit; seed ends with exit code 1")
    assert "the platform cannot be reached" in found.found


@pytest.mark.parametrize(
    ("kind", "what", "fix"),
    [
        ("InferenceService", "KServe", "serving.mode=deployments"),
        ("ModelDeployment", "operator's CRDs", "crds.enabled=true"),
    ],
)
def test_kinds_that_the_cluster_does_not_know_are_named(kind: str, what: str, fix: str) -> None:
    found = fault(made.healthy(), absent=[kind])
    assert found.what == what
    assert fix in str(found.fix)


def test_without_kserve_nobody_misses_it() -> None:
    objects = made.healthy()
    objects["Deployment"] = [each for each in objects["Deployment"] if "command" not in str(each)][:-1]
    objects["Deployment"].append(made.operator(follows=True))
    assert faults(objects, absent=["InferenceService", "ModelDeployment", "Lease"]) == []


def test_an_inference_service_that_is_not_ready_is_told_in_kserve_s_words() -> None:
    objects = made.healthy()
    unready = [
        made.condition("PredictorReady", False, "MinimumReplicasUnavailable", "Deployment is not available."),
        made.condition("Ready", False),
    ]
    objects["InferenceService"] = [made.service(*unready)]
    found = fault(objects)
    assert found.found == "not ready: PredictorReady: Deployment is not available"
    assert "describe inferenceservice documents" in str(found.fix)


def test_a_failure_of_the_model_s_files_is_told_before_anything_else() -> None:
    objects = made.healthy()
    failure = {"lastFailureInfo": {"message": "Failed to pull model artifact"}}
    objects["InferenceService"] = [made.service(made.condition("Ready", False, "", "Later"), modelStatus=failure)]
    assert fault(objects).found == "not ready: Failed to pull model artifact"


def test_before_the_first_model_both_say_to_train() -> None:
    objects = made.healthy()
    objects["ModelDeployment"] = [
        made.model_deployment(made.condition("Ready", False, "NoStableVersion", "No version has been promoted yet."))
    ]
    objects["InferenceService"] = [made.service(made.condition("Ready", False))]
    found = faults(objects)
    assert len(found) == 2
    assert all("Train one" in str(each.fix) for each in found)


@pytest.mark.parametrize(
    ("kind", "value", "reason"),
    [
        ("Ready", False, "TargetConflict"),
        ("Stalled", True, "StableNotRestored"),
        ("Drifted", True, "TargetChanged"),
        ("RegistryReachable", False, "RegistryUnreachable"),
        ("Ready", True, "StableVersionDeleted"),
    ],
)
def test_a_condition_is_told_with_its_reason_and_where_it_is_explained(kind: str, value: bool, reason: str) -> None:
    objects = made.healthy()
    objects["ModelDeployment"] = [made.model_deployment(made.condition(kind, value, reason, "What it is."))]
    found = fault(objects)
    assert found.found == f"{kind} is {value}, {reason}: What it is"
    assert found.fix == f'See {reason} in docs/operator.md, "Conditions, and what to do".'


@pytest.mark.parametrize(
    "leases",
    [[], [made.lease(holder="")], [made.lease(renewed="2026-11-28T11:50:00.000000Z")]],
    ids=["none", "nobody's", "old"],
)
def test_an_operator_that_does_not_lead_is_named(leases: Sequence[Json]) -> None:
    objects = made.healthy()
    objects["Lease"] = list(leases)
    found = fault(objects)
    assert found.what == "operator's lead"
    assert "ph-operator" in found.found
    assert "pigeonhole_operator.rights" in str(found.fix)


@pytest.mark.parametrize(
    ("ingress", "found", "fix"),
    [
        (made.ingress(class_name="traefik"), "there is no ingress class traefik", "nginx"),
        (made.ingress(class_name=None), "no default", "ingress.className: nginx"),
        (made.ingress(address=""), "it has no address", "ingress controller"),
    ],
)
def test_an_ingress_that_nobody_serves_is_named(ingress: Json, found: str, fix: str) -> None:
    objects = made.healthy()
    objects["Ingress"] = [ingress]
    told = fault(objects)
    assert found in told.found
    assert fix in str(told.fix)


def test_a_route_that_its_gateway_refuses_is_told_with_the_reason() -> None:
    objects = made.healthy()
    refused = made.condition("Accepted", False, "NotAllowedByListeners", "No listener takes it.")
    objects["HTTPRoute"] = [made.own("HTTPRoute", "ingress", status={"parents": [{"conditions": [refused]}]})]
    assert fault(objects).found == "NotAllowedByListeners: No listener takes it"


def test_a_cluster_without_a_prometheus_operator_is_a_note_and_no_fault() -> None:
    findings = examine(made.read(made.healthy(), absent=["PodMonitor"]))
    assert all(finding.ok for finding in findings)
    assert "no Prometheus operator" in next(each.found for each in findings if each.what == "metrics")


def test_what_may_not_be_read_is_named_and_the_rest_is_looked_at() -> None:
    findings = examine(made.read(made.healthy(), unread=["StorageClass", "IngressClass", "Lease"]))
    assert all(finding.ok for finding in findings)
    assert findings[0].found == "not looked at, since reading is forbidden: IngressClass, Lease, StorageClass"
    assert {"api", "Ingress ph-apps"} <= {each.what for each in findings}


def test_without_the_right_to_read_deployments_no_release_is_denied() -> None:
    found = fault({}, unread=["Deployment", "Pod"])
    assert found.what == "rights"
    assert "ClusterRole view in namespace sorting" in str(found.fix)


def test_two_releases_in_a_namespace_are_told_apart() -> None:
    objects = made.healthy()
    other = made.workload("api", ready=0)
    other["metadata"]["labels"] = {**other["metadata"]["labels"], "app.kubernetes.io/instance": "second"}
    objects["Deployment"].append(other)
    assert {"second: api"} <= {each.what for each in faults(objects)}
    assert not [each for each in faults(objects) if each.what.startswith("ph: ")]
