"""The stand-in for KServe's controller on the cluster, beside what the real controller did there."""

from collections.abc import Iterator

import pytest

from .kserve.recording import Report, comparable_pod, recorded, report, watched
from .kubectl import Kubectl, wait_until
from .recorded_services import CLAIM, LOCAL, Serving, container, named, runtime, service, walk
from .watching import Watch

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("stand_in")]


@pytest.fixture(scope="module")
def serving(kubectl: Kubectl, stand_in: str) -> Serving:
    kubectl.apply([CLAIM, runtime(stand_in)])
    return Serving(kubectl, stand_in)


@pytest.fixture(scope="module")
def created(serving: Serving) -> Iterator[list[Report]]:
    """The service `documents` with a transformer, and the reports of its way up."""
    front = container(serving.image, "/tmp")
    serving.kubectl.apply([service("documents", "pvc://models/v1", transformer=front)])
    with Watch(serving.kubectl, "inferenceservice", "documents") as watch:
        serving.ready("documents")
        wait_until(lambda: walk(watch)[-1].transition == "UpToDate", "the last report")
        yield walk(watch)


@pytest.fixture(scope="module")
def candidate(serving: Serving) -> list[Report]:
    """The service `documents-candidate`, a predictor that is not to be reached from outside."""
    serving.kubectl.apply([service("documents-candidate", "pvc://models/v1", labels=LOCAL)])
    with Watch(serving.kubectl, "inferenceservice", "documents-candidate") as watch:
        serving.ready("documents-candidate")
        wait_until(lambda: walk(watch)[-1].transition == "UpToDate", "the last report")
        return walk(watch)


def test_a_created_service_has_the_recorded_objects_pods_and_status(serving: Serving, created: list[Report]) -> None:
    serving.assert_objects_as_recorded("1-created", "documents")
    serving.assert_service_as_recorded("1-created", "documents")
    pods = {named(item).rsplit("-", 2)[0]: item for item in recorded("1-pods")}
    for found in serving.kubectl.list("pod", "serving.kserve.io/inferenceservice=documents"):
        wanted = pods[named(found).rsplit("-", 2)[0]]
        assert comparable_pod(serving.as_recorded(found)) == comparable_pod(wanted)


def test_a_created_service_ends_its_walk_as_recorded(created: list[Report]) -> None:
    # Which pod is up first differs; that the model is pending when Ready turns True does not.
    assert created[-2:] == watched("1-created")[-2:]
    verdicts = [{kind: verdict for kind, verdict, _ in step.conditions}.get("Ready") for step in created]
    assert verdicts[-2:] == ["True", "True"]
    assert "True" not in verdicts[:-2]


def test_becoming_ready_is_told_as_an_event(serving: Serving, created: list[Report]) -> None:
    def told() -> set[str]:
        return {
            item["reason"] for item in serving.kubectl.list("event") if item["involvedObject"]["name"] == "documents"
        }

    wait_until(lambda: "InferenceServiceReady" in told(), "the event", lambda: str(told()))


def test_a_new_version_stays_ready_and_shows_an_old_generation_as_recorded(
    serving: Serving, created: list[Report]
) -> None:
    with Watch(serving.kubectl, "inferenceservice", "documents") as watch:
        serving.set_source("documents", "pvc://models/v2")
        serving.rolled_out("documents", 2)
        seen = walk(watch)
    assert set(seen) == set(watched("2-new-version"))
    assert {step.observed for step in seen} == {1}
    serving.assert_objects_as_recorded("2-new-version", "documents")
    serving.assert_service_as_recorded("2-new-version", "documents")


def test_a_candidate_is_reachable_inside_alone_and_as_recorded(serving: Serving, candidate: list[Report]) -> None:
    assert candidate[-1] == watched("3-candidate")[-1]
    reached = [step for step in candidate if ("IngressReady", "True", "") in step.conditions]
    # From the first report on which there are conditions at all.
    assert reached == [step for step in candidate if step.conditions]
    serving.assert_objects_as_recorded("3-candidate", "documents-candidate")
    serving.assert_service_as_recorded("3-candidate", "documents-candidate")
    assert "documents-candidate" not in {named(item) for item in serving.kubectl.list("ingress")}


def test_a_version_whose_folder_does_not_exist_becomes_ready_as_recorded(
    serving: Serving, created: list[Report]
) -> None:
    generation = serving.kubectl.get("deployment", "documents-predictor")["metadata"]["generation"]
    serving.set_source("documents", "pvc://models/missing")
    serving.rolled_out("documents", generation + 1)
    assert ("Ready", "True", "") in report(serving.kubectl.get("inferenceservice", "documents")).conditions


def test_a_stopped_service_runs_nothing_and_comes_back(serving: Serving, candidate: list[Report]) -> None:
    name = "documents-candidate"
    annotate = ("annotate", "inferenceservice", name, "--overwrite")
    serving.kubectl(*annotate, "serving.kserve.io/stop=true")

    def stopped() -> bool:
        told = report(serving.kubectl.get("inferenceservice", name)).conditions
        return ("Ready", "False", "Stopped") in told and ("Stopped", "True", "") in told

    wait_until(stopped, "the service to stop")
    selected = f"serving.kserve.io/inferenceservice={name}"
    wait_until(lambda: serving.kubectl.list("deployment,service", selected) == [], "its objects to go")
    serving.kubectl(*annotate, "serving.kserve.io/stop=false")
    serving.ready(name)


def test_an_unknown_runtime_is_an_invalid_spec_until_it_is_there(serving: Serving) -> None:
    waiting = service("waiting", "pvc://models/v1", replicas=0)
    waiting["spec"]["predictor"]["model"]["runtime"] = "later"
    serving.kubectl.apply([waiting])

    def told() -> tuple[str, str]:
        status = serving.kubectl.get("inferenceservice", "waiting").get("status", {}).get("modelStatus", {})
        return status.get("transitionStatus", ""), status.get("lastFailureInfo", {}).get("reason", "")

    wait_until(lambda: told() == ("InvalidSpec", "RuntimeNotRecognized"), "the refusal", lambda: str(told()))
    later = runtime(serving.image)
    later["metadata"]["name"] = "later"
    serving.kubectl.apply([later])
    serving.kubectl("wait", "--for=condition=Ready", "inferenceservice/waiting", "--timeout=120s")


def test_many_services_at_once_all_become_ready(serving: Serving) -> None:
    names = [f"many-{number}" for number in range(30)]
    serving.kubectl.apply([service(name, "pvc://models/v1", replicas=0) for name in names])
    serving.kubectl("wait", "--for=condition=Ready", "--timeout=120s", *(f"inferenceservice/{name}" for name in names))
    found = {named(item) for item in serving.kubectl.list("ingress")}
    assert set(names) <= found
    serving.kubectl("delete", "inferenceservice", *names, "--wait=true", "--timeout=120s")


def test_a_deleted_service_leaves_nothing(serving: Serving, created: list[Report]) -> None:
    serving.kubectl("delete", "inferenceservice", "documents", "--wait=true", "--timeout=60s")

    def left() -> list[str]:
        kinds = ("deployment", "service", "ingress", "pod")
        found = [item for kind in kinds for item in serving.kubectl.list(kind)]
        return [named(item) for item in found if named(item).startswith(("documents-pred", "documents-trans"))]

    wait_until(lambda: left() == [], "its objects to go", lambda: str(left()))
    assert "documents" not in {named(item) for item in serving.kubectl.list("ingress")}
