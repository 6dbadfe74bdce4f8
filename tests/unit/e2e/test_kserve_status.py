"""What KServe reports of an InferenceService in Standard mode, rule by rule, as the stand-in reports it."""

import copy
from typing import Any

import pytest
from tests.e2e.kserve.conditions import deployment_verdict
from tests.e2e.kserve.model_status import model_status
from tests.e2e.kserve.names import Object
from tests.e2e.kserve.reconciliation import Outcome

from .kserve_services import (
    DONE,
    DOWN,
    LATER,
    NOW,
    RUNNING,
    UP,
    UP_PREDICTOR,
    UP_TRANSFORMER,
    UPDATING,
    conditions,
    deployment,
    made,
    run,
    service,
    settled,
    transformer,
    with_model,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ([], ("False", "")),
        ([UP], ("True", "MinimumReplicasAvailable")),
        ([UP, DONE], ("True", "NewReplicaSetAvailable")),
        ([UP, UPDATING], ("True", "MinimumReplicasAvailable")),
        ([UPDATING], ("Unknown", "ReplicaSetUpdated")),
        ([DOWN, UPDATING], ("False", "MinimumReplicasUnavailable")),
        ([DOWN, DONE], ("False", "MinimumReplicasUnavailable")),
        (
            [UP, {"type": "Progressing", "status": "False", "reason": "ProgressDeadlineExceeded", "message": "late"}],
            ("False", "ProgressDeadlineExceeded"),
        ),
        ([UP, {"type": "Progressing", "status": "False", "reason": "Paused"}], ("True", "MinimumReplicasAvailable")),
        ([UP, DONE, {"type": "ReplicaFailure", "status": "True", "reason": "FailedCreate"}], ("False", "FailedCreate")),
    ],
)
def test_a_component_is_ready_as_its_deployments_conditions_say(found: Any, verdict: Any) -> None:
    assert deployment_verdict(deployment("d-predictor", *found))[:2] == verdict


def test_ready_is_the_predictor_and_the_ingress() -> None:
    item = service(transformer=transformer())
    waits = settled(item, UP_PREDICTOR, deployment("d-transformer", DOWN))
    assert conditions(waits)["IngressReady"] == ("False", "Transformer ingress not created")
    assert conditions(waits)["Ready"] == ("False", "Transformer ingress not created")
    up = settled(waits, UP_PREDICTOR, UP_TRANSFORMER)
    assert conditions(up)["Ready"] == ("True", "")
    assert {one["type"]: one.get("severity") for one in up["status"]["conditions"]} == {
        "IngressReady": None,
        "PredictorReady": None,
        "Ready": None,
        "Stopped": "Info",
        "TransformerReady": "Info",
    }


def test_a_cluster_local_service_stays_ready_without_its_transformer() -> None:
    item = service(transformer=transformer(), labels={"networking.kserve.io/visibility": "cluster-local"})
    down = settled(item, UP_PREDICTOR, deployment("d-transformer", DOWN))
    assert conditions(down)["TransformerReady"] == ("False", "MinimumReplicasUnavailable")
    assert conditions(down)["Ready"] == ("True", "")


def test_times_change_only_with_what_they_are_of() -> None:
    up = settled(service(), UP_PREDICTOR)
    again = run(up, UP_PREDICTOR, pods=[RUNNING], now=LATER)
    assert again.status == up["status"]
    down = run(up, deployment("d-predictor", DOWN), pods=[RUNNING], now=LATER)
    assert down.status is not None
    times = {one["type"]: one["lastTransitionTime"] for one in down.status["conditions"]}
    assert times == {"IngressReady": LATER, "PredictorReady": LATER, "Ready": LATER, "Stopped": NOW}


def test_addresses_appear_when_their_component_is_up_and_then_stay() -> None:
    item = service(transformer=transformer())
    first = run(item, UP_PREDICTOR, deployment("d-transformer", DOWN)).status
    assert first is not None
    assert first["components"] == {"predictor": {"url": "http://d-predictor-n.example.com"}, "transformer": {}}
    assert not {"url", "address"} & set(first)
    up = settled(item, UP_PREDICTOR, UP_TRANSFORMER)
    down = run(up, deployment("d-predictor", DOWN), UP_TRANSFORMER).status
    assert down is not None
    for status in (up["status"], down):
        assert status["url"] == "http://d-n.example.com"
        assert status["address"] == {"url": "http://d-transformer.n.svc.cluster.local"}
        assert status["components"]["transformer"] == {"url": "http://d-transformer-n.example.com"}


def pod_with(initializer: Object | None = None, container: Object | None = None, **status: Any) -> Object:
    first = [{"name": "storage-initializer", "state": {}, **initializer}] if initializer is not None else []
    then = [{"name": "kserve-container", "state": {}, **container}] if container is not None else []
    return {"metadata": {"name": "p"}, "status": {"initContainerStatuses": first, "containerStatuses": then, **status}}


ENDED = {"terminated": {"reason": "Error", "exitCode": 3, "message": "gone"}}
LOOPING = {"waiting": {"reason": "CrashLoopBackOff"}}
FAILED = {"reason": "ModelLoadFailed", "exitCode": 3, "message": "gone"}


@pytest.mark.parametrize(
    ("pods", "ready", "transition", "target", "failure"),
    [
        ([], False, "InProgress", "Pending", None),
        ([pod_with({"state": {"running": {}}})], True, "InProgress", "Loading", None),
        ([pod_with({"state": ENDED})], True, "BlockedByFailedLoad", "FailedToLoad", FAILED),
        ([pod_with({"state": LOOPING, "lastState": ENDED})], True, "BlockedByFailedLoad", "FailedToLoad", FAILED),
        ([pod_with({"state": {"waiting": {"reason": "ImagePullBackOff"}}})], True, "UpToDate", "Loaded", None),
        ([pod_with()], True, "UpToDate", "Loaded", None),
        ([pod_with(container={"state": {"running": {}}})], False, "InProgress", "Pending", None),
        ([pod_with(container={"state": ENDED})], False, "BlockedByFailedLoad", "FailedToLoad", FAILED),
        (
            [pod_with(container={"state": LOOPING, "lastState": ENDED})],
            False,
            "BlockedByFailedLoad",
            "FailedToLoad",
            FAILED,
        ),
        ([pod_with(), pod_with({"state": ENDED})], True, "UpToDate", "Loaded", None),
    ],
)
def test_the_models_status_is_that_of_the_first_pod(
    pods: Any, ready: bool, transition: str, target: str, failure: Object | None
) -> None:
    status = model_status({}, pods, ready=ready)
    assert status is not None
    assert (status["transitionStatus"], status["states"]["targetModelState"]) == (transition, target)
    assert status.get("lastFailureInfo") == failure
    assert status["states"]["activeModelState"] == ("Loaded" if target == "Loaded" else "")


def test_nothing_is_written_while_a_failed_download_runs_again() -> None:
    again = pod_with({"state": {"running": {}}, "lastState": ENDED})
    assert model_status({}, [again], ready=True) is None
    outcome = run(service(), UP_PREDICTOR, pods=[again])
    assert outcome.status is None
    assert "Deployment/d-predictor" in made(outcome)


def test_the_copies_are_the_pods_that_are_ready() -> None:
    status = model_status({}, [RUNNING, pod_with(), RUNNING], ready=True)
    assert status is not None
    assert status["copies"] == {"failedCopies": 0, "totalCopies": 2}


def test_events_tell_when_a_service_becomes_ready_and_when_it_is_no_longer() -> None:
    up = service()
    told = []
    for state in (deployment("d-predictor", DOWN), UP_PREDICTOR, UP_PREDICTOR, deployment("d-predictor", DOWN)):
        outcome = run(up, state, pods=[RUNNING])
        up = {**up, "status": outcome.status}
        told.append([(event.kind, event.reason) for event in outcome.events])
    assert told == [[], [("Normal", "InferenceServiceReady")], [], [("Warning", "InferenceServiceNotReady")]]


def test_a_stopped_service_runs_nothing_and_says_so_and_resumes() -> None:
    up = settled(service(transformer=transformer()), UP_PREDICTOR, UP_TRANSFORMER)
    ingress = {"kind": "Ingress", "metadata": {"name": "d"}, "spec": {}}
    stopped = copy.deepcopy(up)
    stopped["metadata"]["annotations"]["serving.kserve.io/stop"] = "true"
    outcome = run(stopped, UP_PREDICTOR, UP_TRANSFORMER, ingress)
    assert outcome.apply == ()
    assert set(outcome.delete) == {("Deployment", "d-predictor"), ("Deployment", "d-transformer"), ("Ingress", "d")}
    told = conditions({"status": outcome.status})
    assert told.pop("Stopped") == ("True", "")
    assert told == dict.fromkeys(("PredictorReady", "TransformerReady", "IngressReady", "Ready"), ("False", "Stopped"))
    assert run({**stopped, "status": outcome.status}).status == outcome.status
    resumed = settled({**up, "status": outcome.status}, UP_PREDICTOR, UP_TRANSFORMER)
    assert (conditions(resumed)["Ready"], conditions(resumed)["Stopped"]) == (("True", ""), ("False", ""))


def test_a_ready_service_with_auto_update_off_is_left_alone() -> None:
    off = service(annotations={"serving.kserve.io/disable-auto-update": "true"})
    assert made(run(off))
    assert run(settled(off, UP_PREDICTOR), UP_PREDICTOR) == Outcome()


def test_another_mode_than_standard_is_rejected() -> None:
    outcome = run(service(annotations={"serving.kserve.io/deploymentMode": "Serverless"}))
    assert outcome.apply == ()
    assert [event.reason for event in outcome.events] == ["ServerlessModeRejected"]


def test_a_source_of_an_unknown_kind_makes_nothing() -> None:
    outcome = run(service(predictor=with_model(storageUri="mlflow://m/1")))
    assert outcome.apply == ()
    assert [event.message for event in outcome.events] == ["StorageURI not supported: mlflow://m/1"]
