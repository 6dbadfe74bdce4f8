"""Models from S3 under the stand-in: downloaded before the server starts, and what is told when that fails."""

import json

import pytest

from .images import pinned
from .kserve.names import Object
from .kserve.recording import report, watched
from .kubectl import Kubectl, wait_until
from .recorded_services import CLAIM, LOCAL, Serving, runtime, service, walk
from .watching import Watch

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("stand_in")]
KEYS = {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "secret"}
SEED = """
import boto3
store = boto3.client("s3", endpoint_url="http://127.0.0.1:9000", aws_access_key_id="a", aws_secret_access_key="b",
                     region_name="us-east-1")
store.create_bucket(Bucket="models")
for key in ("1/model.skops", "1/reports/card.txt", "10/model.skops"):
    store.put_object(Bucket="models", Key=key, Body=key.encode())
"""


def account(name: str, keys: dict[str, str]) -> list[Object]:
    """Return a service account, and its secret with keys of the namespace's object store."""
    notes = {
        # A host with a dot would name a bucket to this store.
        "serving.kserve.io/s3-endpoint": "objects:9000",
        "serving.kserve.io/s3-usehttps": "0",
        "serving.kserve.io/s3-region": "us-east-1",
    }
    return [
        {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name, "annotations": notes}, "stringData": keys},
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}, "secrets": [{"name": name}]},
    ]


def object_store() -> list[Object]:
    """Return an object store without any object."""
    store = {
        "name": "objects",
        "image": pinned("e2e-object-store"),
        "readinessProbe": {"tcpSocket": {"port": 9000}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "96Mi"}},
    }
    pod = {"terminationGracePeriodSeconds": 0, "containers": [store]}
    reached = {"selector": {"app": "objects"}, "ports": [{"port": 9000}]}
    metadata = {"name": "objects", "labels": {"app": "objects"}}
    return [
        {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod},
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": metadata,
            "spec": reached,
        },
    ]


@pytest.fixture(scope="module")
def serving(kubectl: Kubectl, stand_in: str) -> Serving:
    """A namespace with an object store, an account that reads it, and one whose secret lacks a key."""
    half = {"AWS_SECRET_ACCESS_KEY": "secret"}
    accounts = [*account("reader", KEYS), *account("half", half)]
    kubectl.apply([CLAIM, runtime(stand_in), *accounts, *object_store()])
    kubectl("wait", "--for=condition=Ready", "pod/objects", "--timeout=180s")
    kubectl("exec", "objects", "--", "python3", "-c", SEED)
    return Serving(kubectl, stand_in)


def from_s3(name: str, source: str, reader: str = "reader") -> Object:
    item = service(name, source, labels=LOCAL)
    item["spec"]["predictor"]["serviceAccountName"] = reader
    return item


def test_a_model_is_downloaded_whole_and_cannot_be_changed(serving: Serving) -> None:
    serving.kubectl.apply([from_s3("stored", "s3://models/1")])
    serving.ready("stored")
    (pod,) = serving.kubectl.list("pod", "app=isvc.stored-predictor")
    inside = ("exec", pod["metadata"]["name"], "-c", "kserve-container", "--", "sh", "-c")
    found = serving.kubectl(*inside, "cd /mnt/models && find . -type f | sort && cat model.skops")
    assert found.split() == ["./model.skops", "./reports/card.txt", "1/model.skops"]
    assert "Read-only" in serving.kubectl(*inside, "touch /mnt/models/x 2>&1 || true")


def test_a_model_that_is_not_there_blocks_and_says_why(serving: Serving) -> None:
    serving.kubectl.apply([from_s3("absent", "s3://models/2")])

    def told() -> Object:
        status: Object = serving.kubectl.get("inferenceservice", "absent").get("status", {}).get("modelStatus", {})
        return status

    wait_until(lambda: told().get("transitionStatus") == "BlockedByFailedLoad", "the failure", lambda: str(told()))
    failure = told()["lastFailureInfo"]
    assert (failure["reason"], failure["exitCode"]) == ("ModelLoadFailed", 1)
    assert "no object is under s3://models/2" in failure["message"]
    assert ("PredictorReady", "False", "MinimumReplicasUnavailable") in report(
        serving.kubectl.get("inferenceservice", "absent")
    ).conditions


def test_a_pod_that_cannot_start_leaves_the_service_ready_as_recorded(serving: Serving) -> None:
    """The recording's initializer had no image; here it has no key. Either way its container never starts."""
    name = "documents-candidate"
    serving.kubectl.apply([service(name, "pvc://models/v1", labels=LOCAL)])
    serving.ready(name)
    change = {"serviceAccountName": "half", "model": {"storageUri": "s3://bucket/models/3"}}
    with Watch(serving.kubectl, "inferenceservice", name) as watch:
        patch = json.dumps({"spec": {"predictor": change}})
        serving.kubectl("patch", "inferenceservice", name, "--type=merge", "--patch", patch)
        wait_until(lambda: walk(watch)[-1] == watched("5-s3")[-1], "the last report", lambda: str(walk(watch)[-1]))
        wait_until(lambda: "CreateContainerConfigError" in _waiting(serving, name), "the pod to be held up")
        seen = walk(watch)
    assert set(seen) <= set(watched("5-s3"))
    assert ("Ready", "True", "") in report(serving.kubectl.get("inferenceservice", name)).conditions
    assert serving.kubectl.get("deployment", f"{name}-predictor")["status"]["availableReplicas"] == 1


def _waiting(serving: Serving, name: str) -> list[str]:
    pods = serving.kubectl.list("pod", f"app=isvc.{name}-predictor")
    started = [item for pod in pods for item in pod["status"].get("initContainerStatuses", [])]
    return [item["state"].get("waiting", {}).get("reason", "") for item in started]
