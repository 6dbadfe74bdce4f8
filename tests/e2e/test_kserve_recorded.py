"""The stand-in beside the recordings of the real controller: the same objects, the same walk of the status."""

import copy

import pytest

from .kserve.admission import admitted
from .kserve.ingress import Outside
from .kserve.names import FORMAT_ANNOTATION, SERVICE_LABEL, Object
from .kserve.reconciliation import Observed, Outcome, reconcile
from .kserve.recording import Report, comparable, comparable_pod, recorded, report, watched
from .kserve.runtimes import Runtimes
from .kserve.storage import Download

# The recordings lie beside the repository, as the cluster does.
pytestmark = pytest.mark.e2e
# The runtime of the recordings, as it follows from the pods it made.
RUNTIME: Object = {
    "metadata": {"name": "pigeonhole-textclf", "namespace": "rec"},
    "spec": {
        "supportedModelFormats": [{"name": "pigeonhole-textclf", "version": "1", "autoSelect": False}],
        "protocolVersions": ["v1", "v2"],
        "containers": [
            {
                "name": "kserve-container",
                "image": "localhost:5000/local-cluster/smoke:dev",
                "command": ["sh", "-c", "exec python3 -m http.server 8080 --directory /mnt/models"],
                "args": ["--model_name={{.Name}}", "--model_dir=/mnt/models"],
                "ports": [{"containerPort": 8080, "protocol": "TCP"}],
                "readinessProbe": {"httpGet": {"path": "/", "port": 8080}, "periodSeconds": 1},
                "resources": {
                    "limits": {"cpu": "200m", "memory": "64Mi"},
                    "requests": {"cpu": "10m", "memory": "32Mi"},
                },
            }
        ],
    },
}
RUNTIMES = Runtimes({"pigeonhole-textclf": RUNTIME}, {})
NOW = "2026-11-23T22:39:00Z"
RECORDINGS = ["1-created", "2-new-version", "3-candidate", "4-never-ready", "5-s3"]
UPDATING = {"type": "Progressing", "status": "True", "reason": "ReplicaSetUpdated"}
UP = {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"}
DOWN = {"type": "Available", "status": "False", "reason": "MinimumReplicasUnavailable"}
DONE = {"type": "Progressing", "status": "True", "reason": "NewReplicaSetAvailable"}


def services(name: str) -> list[Object]:
    found = [item for item in recorded(name) if item["kind"] == "InferenceService"]
    for condition in [condition for service in found for condition in service["status"]["conditions"]]:
        # Cut out of the recordings, and part of every real status.
        condition["lastTransitionTime"] = NOW
    return found


def as_applied(service: Object) -> Object:
    """Return a recorded service as its user wrote it: without what the webhook and the controller added."""
    applied = copy.deepcopy(service)
    applied.pop("status")
    applied["metadata"].pop("finalizers")
    applied["metadata"]["annotations"].pop(FORMAT_ANNOTATION)
    for field in ("name", "resources"):
        applied["spec"]["predictor"]["model"].pop(field)
    return applied


def one_pass(service: Object, existing: list[Object] = [], pods: list[Object] = []) -> Outcome:  # noqa: B006
    found = {(item["kind"], item["metadata"]["name"]): item for item in existing}
    download = Download("kserve/storage-initializer:latest")
    return reconcile(Observed(service, RUNTIMES, found, pods, download, Outside()), NOW)


def deployment(name: str, *conditions: Object, generation: int = 1) -> Object:
    status = {"observedGeneration": generation, "conditions": list(conditions)}
    return {"kind": "Deployment", "metadata": {"name": name}, "status": status}


def pod(name: str = "pod", *, starts: bool = False) -> Object:
    container = {"name": "kserve-container", "state": {"running": {}}}
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}], "containerStatuses": [container]}
    return {"metadata": {"name": name}, "status": {"phase": "Pending"} if starts else ready}


class Walk:
    """A service whose status is carried from one pass to the next."""

    def __init__(self, service: Object) -> None:
        self.service = service
        self.reports: list[Report] = []

    def step(self, existing: list[Object], pods: list[Object]) -> None:
        outcome = one_pass(self.service, existing, pods)
        assert outcome.status is not None
        self.service = {**self.service, "status": outcome.status}
        self.reports.append(report(self.service))


@pytest.mark.parametrize("name", RECORDINGS)
def test_admission_fills_in_what_the_recorded_services_have(name: str) -> None:
    for service in services(name):
        filled = admitted(as_applied(service))
        assert filled["spec"] == service["spec"]
        assert filled["metadata"]["annotations"] == service["metadata"]["annotations"]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_objects_made_are_those_recorded(name: str) -> None:
    compared = 0
    for service in services(name):
        owned = [item for item in recorded(name) if _belongs(item, service)]
        # A Service keeps the annotations it was created with: only the first recording begins without objects.
        before = [] if name == "1-created" else recorded("1-created")
        made = {(item["kind"], item["metadata"]["name"]): item for item in _made(service, before)}
        for item in owned:
            assert comparable(made[item["kind"], item["metadata"]["name"]]) == comparable(item)
        if name in ("1-created", "3-candidate"):
            # These two show every object there was.
            assert {(item["kind"], item["metadata"]["name"]) for item in owned} == set(made)
        compared += len(owned)
    assert compared == {"1-created": 5, "2-new-version": 2, "3-candidate": 7, "4-never-ready": 3, "5-s3": 0}[name]


@pytest.mark.parametrize(("name", "of"), [("1-pods", "1-created"), ("3-pods", "3-candidate"), ("5-s3", "5-s3")])
def test_the_template_has_what_the_webhook_put_into_the_recorded_pods(name: str, of: str) -> None:
    """The one difference: KServe's webhook brings the model into the pod, the stand-in into the pod's template."""
    compared = 0
    for service in services(of):
        source = service["spec"]["predictor"]["model"]["storageUri"]
        for item in _made(service):
            if item["kind"] != "Deployment":
                continue
            template = comparable_pod(item["spec"]["template"])
            for found in recorded(name):
                labels = found["metadata"].get("labels") or {}
                notes = found["metadata"].get("annotations") or {}
                told = notes.get("internal.serving.kserve.io/storage-initializer-sourceuri", source)
                if (
                    found["kind"] == "Pod"
                    and labels.get("app") == f"isvc.{item['metadata']['name']}"
                    and told == source
                ):
                    assert template == comparable_pod(found)
                    compared += 1
    assert compared == {"1-pods": 2, "3-pods": 3, "5-s3": 3}[name]


@pytest.mark.parametrize("name", RECORDINGS)
def test_the_recorded_status_is_what_its_objects_bring(name: str) -> None:
    for service in services(name):
        deployments = [item for item in recorded(name) if item["kind"] == "Deployment"]
        if not deployments:
            continue
        copies = service["status"]["modelStatus"]["copies"]["totalCopies"]
        outcome = one_pass(service, deployments, [pod(str(number)) for number in range(copies)])
        assert outcome.status == service["status"]


def test_a_created_service_walks_as_recorded() -> None:
    (service,) = services("1-created")
    up = deployment("documents-transformer", UP, DONE)
    walk = Walk(as_applied(service))
    walk.step([deployment("documents-predictor", DOWN, UPDATING), up], [pod(starts=True)])
    for _ in range(2):
        walk.step([deployment("documents-predictor", UP, DONE), up], [pod()])
    assert walk.reports == watched("1-created")


@pytest.mark.parametrize(("name", "generation"), [("2-new-version", 2), ("4-never-ready", 3)])
def test_a_new_version_walks_as_recorded_and_stays_ready(name: str, generation: int) -> None:
    service = services(name)[0]
    before = deployment("documents-predictor", UP, DONE, generation=generation - 1)
    under_way = deployment("documents-predictor", UP, UPDATING, generation=generation)
    after = deployment("documents-predictor", UP, DONE, generation=generation)
    service["status"] = services("1-created")[0]["status"]
    walk = Walk(service)
    # A pass for the old Deployment, for the new one until its pod is up, for the end, and for the old pod's.
    for state in {
        "2-new-version": (before, under_way, after, after),
        "4-never-ready": (before, under_way, under_way, after),
    }[name]:
        walk.step([state, deployment("documents-transformer", UP, DONE)], [pod("a"), pod("b")])
    # The first recorded status is the one from before the change.
    assert walk.reports == watched(name)[1:]
    assert {verdict for step in walk.reports for kind, verdict, _ in step.conditions if kind == "Ready"} == {"True"}
    assert {step.observed for step in walk.reports} == {1}


def test_a_candidate_walks_as_recorded() -> None:
    walk = Walk(as_applied(services("3-candidate")[1]))
    name = "documents-candidate-predictor"
    walk.step([deployment(name, DOWN, UPDATING)], [])
    walk.step([deployment(name, UP, DONE)], [pod()])
    assert walk.reports == watched("3-candidate")


def test_a_pod_that_waits_for_its_image_walks_as_recorded_and_stays_ready() -> None:
    service = services("5-s3")[1]
    service["status"] = services("3-candidate")[1]["status"]
    waits = {"name": "storage-initializer", "state": {"waiting": {"reason": "ImagePullBackOff"}}}
    starting: Object = {"metadata": {"name": "a"}, "status": {"phase": "Pending", "initContainerStatuses": [waits]}}
    name = "documents-candidate-predictor"
    walk = Walk(service)
    walk.step([deployment(name, UP, DONE)], [pod("b")])
    walk.step([deployment(name, UP, UPDATING)], [starting, pod("b")])
    walk.step([deployment(name, UP, UPDATING, generation=2)], [starting, pod("b")])
    assert walk.reports == watched("5-s3")[1:]


def _made(service: Object, before: list[Object] | None = None) -> list[Object]:
    """Return what there is of a service that is up, made anew or over what there was before."""
    name = service["metadata"]["name"]
    ready = [deployment(f"{name}-{component}", UP, DONE) for component in ("predictor", "transformer")]
    kept = [item for item in before or [] if item["kind"] in ("Service", "Ingress") and _belongs(item, service)]
    made = one_pass(as_applied(service), [*ready, *kept], [pod()]).apply
    return list({(item["kind"], item["metadata"]["name"]): item for item in [*kept, *made]}.values())


def _belongs(item: Object, service: Object) -> bool:
    name, metadata = service["metadata"]["name"], item["metadata"]
    if item["kind"] == "Ingress":
        return bool(metadata["name"] == name)
    return item["kind"] in ("Deployment", "Service") and metadata["labels"][SERVICE_LABEL] == name
