"""A trial on a cluster that has nothing: `profile: demo` with plain Deployments, from install to uninstall.

The tests are one story, in the order in which they stand here.
"""

import json
import time
from collections.abc import Iterator

import httpx
import pytest
from tests.e2e.kubectl import wait_until

from .chaos import delete_pods, sending
from .documents import classes_of, digital_documents, scans, states_of
from .release import HOST, RESTRICTED, Json, Release, demo_values, release_namespace
from .watched import PORTS, Watchers, watchers

pytestmark = pytest.mark.e2e
SCANS = 50
MOST_BYTES = 10_485_760
ERROR_WINDOW_SECONDS = 90.0
"""A single API and a single PostgreSQL start again within it, on a node that has other work."""


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    """A release in a namespace in which every pod has to keep to the restricted Pod Security Standard."""
    with release_namespace(RESTRICTED) as release:
        began = time.monotonic()
        release.install(demo_values("deployments"), "--wait", "--wait-for-jobs")
        took = time.monotonic() - began
        print(f"chart: from helm install to the first classified documents {took:.0f} s")  # noqa: T201
        yield release


def test_the_first_model_has_sorted_the_samples_when_the_installation_is_over(release: Release) -> None:
    with release.client() as client:
        model = client.production()
        assert model is not None
        assert model.aliases == ["champion"]
        (job,) = client.jobs().jobs
        assert (job.reference, job.state, job.counts.total) == ("samples-0", "succeeded", 14)
        assert job.counts.classified + job.counts.needs_review == 14


def test_fifty_scans_through_the_ingress_get_fifty_classes(release: Release) -> None:
    files, truth = scans(SCANS, seed=77)
    with release.client() as client:
        job = client.wait(client.submit_job("fifty", files).id, timeout=400)
        found = classes_of(client, job.id)
    assert len(found) == SCANS
    assert None not in found.values()
    right = sum(found[name] == truth[name] for name in truth)
    print(f"chart: {right} of {SCANS} scans have their own class")  # noqa: T201
    assert right >= 0.8 * SCANS


def test_a_file_above_the_limit_is_refused_at_the_ingress_and_one_below_it_in_the_api(release: Release) -> None:
    headers = {"authorization": f"Bearer {release.token()}"}

    def upload(size: int) -> httpx.Response:
        files = {"files": ("a.pdf", b"%PDF-1.7 " + b"0" * (size - 9), "application/pdf")}
        url = f"{release.url}/v1/jobs"
        return httpx.post(url, data={"reference": f"size-{size}"}, files=files, headers=headers, timeout=60)

    assert upload(MOST_BYTES + 1).status_code == 413
    small = upload(10_100_000)
    assert small.status_code in (201, 202), small.text


def test_both_apps_answer_behind_the_ingress_by_websocket_and_in_one_pod_a_session(release: Release) -> None:
    for path in ("", "/admin"):
        page = httpx.get(f"{release.url}{path}/", follow_redirects=True)
        assert page.status_code == 200
        assert "streamlit" in page.text.lower()
        assert any(name.lower() == "set-cookie" for name in page.headers), page.headers
        assert websocket_opens(f"{release.url}{path}/_stcore/stream")
    assert HOST in release.url


def websocket_opens(url: str) -> bool:
    """Tell whether a server changes to the websocket protocol."""
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
        "sec-websocket-protocol": "streamlit",
    }
    with httpx.stream("GET", url, headers=headers, timeout=10) as answer:
        return answer.status_code == 101


def test_a_real_prometheus_scrapes_every_component_and_an_alert_reaches_its_receiver(release: Release) -> None:
    with watchers(release.kubectl) as watched:
        wanted = {f"pigeonhole-{component}": "1" for component in PORTS}
        wait_until(lambda: watched.up() == wanted, "every component to be scraped", lambda: str(watched.up()))
        # A wrong setting: the operator ends at each start.
        operator = f"deployment/{release.name}-operator"
        release.kubectl("set", "env", operator, "PIGEONHOLE_OPERATOR_PORT=none")
        wait_until(lambda: bool(down(watched)), "the alert to arrive", lambda: str(watched.query("ALERTS")))
        (message,) = down(watched)[:1]
        assert message["attachments"][0]["title"].startswith("[CRITICAL] PigeonholeInstanceDown in ")
        assert "pigeonhole-operator" in message["attachments"][0]["text"]
        release.kubectl("set", "env", operator, "PIGEONHOLE_OPERATOR_PORT=8081")
        release.kubectl("rollout", "status", operator, "--timeout=120s")


def down(watched: Watchers) -> list[Json]:
    return [sent for sent in watched.sent() if "PigeonholeInstanceDown" in sent["attachments"][0]["title"]]


def test_helm_test_is_green(release: Release) -> None:
    said = release.helm("test", release.name, "--logs")
    assert said.count("Phase:          Succeeded") == 2, said


def test_no_document_is_lost_while_each_pod_is_deleted_in_turn(release: Release) -> None:
    files = digital_documents(14, seed=79)
    with release.client() as client:
        windows: dict[str, float] = {}
        with sending(client, files) as sender:
            for component in ("postgresql", "worker", "api", "transformer", "predictor", "operator"):
                began = time.monotonic()
                delete_pods(release, component)
                # One more, so that the slowest has come to its end.
                sent = len(sender.took)
                wait_until(lambda sent=sent: len(sender.took) > sent, "another document to be accepted")
                windows[component] = sender.longest(began)
        told = ", ".join(f"{component} {seconds:.0f} s" for component, seconds in windows.items())
        print(f"chart: {len(sender.accepted)} documents sent; the slowest to be accepted: {told}")  # noqa: T201
        ended = {reference: client.wait(job, timeout=300) for reference, job in sender.accepted.items()}
        assert len(ended) >= 20
        assert {job.state for job in ended.values()} == {"succeeded"}, states_of(client, sender.accepted.values())
        assert max(windows.values()) < ERROR_WINDOW_SECONDS


def test_an_upgrade_with_the_same_values_changes_nothing(release: Release) -> None:
    manifest, before = release.helm("get", "manifest", release.name), release.objects()
    pods = {pod["metadata"]["uid"] for pod in release.kubectl.list("pod")}
    release.upgrade(demo_values("deployments"), "--wait")
    assert release.helm("get", "manifest", release.name) == manifest
    assert release.objects() == before
    assert {pod["metadata"]["uid"] for pod in release.kubectl.list("pod")} == pods


def test_uninstalling_leaves_volumes_alone(release: Release) -> None:
    release.helm("uninstall", release.name, "--wait")
    kinds = "all,configmap,secret,serviceaccount,role,rolebinding,ingress,networkpolicy,pdb,pvc"
    left = json.loads(release.kubectl("get", kinds, "-o", "json"))["items"]
    theirs = {("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")}
    names = {(item["kind"], item["metadata"]["name"]) for item in left} - theirs
    assert {kind for kind, _ in names} == {"PersistentVolumeClaim"}
    assert len(names) == 2
