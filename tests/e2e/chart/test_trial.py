"""A trial on a cluster that has nothing: `profile: demo` with plain Deployments, from install to uninstall.

The tests are one story, in the order in which they stand here.
"""

import time
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from tests.e2e.image_pods import output, restricted_namespace
from tests.e2e.kubectl import wait_until

from pigeonhole_pipelines.local import step_event

from .app_session import app_session
from .chaos import delete_pods, sending, slowest_answers
from .documents import classes_of, digital_documents, scans, states_of
from .pipeline_step import step_pod
from .release import RESTRICTED, Json, Release, demo_values, release_namespace
from .versions import keep_what_was_sorted
from .watched import PORTS, Watchers, watchers

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500)]
SCANS = 50
MOST_BYTES = 10_485_760
ERROR_WINDOW_SECONDS = 90.0
"""A single API and a single PostgreSQL start again within it, on a node that has other work."""
SEVERAL = {"userApp": {"replicas": 2}}
"""A second pod of the user app, for a session to get lost in."""


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    """A release in a namespace in which every pod has to keep to the restricted Pod Security Standard."""
    with release_namespace(RESTRICTED) as release:
        release.install(demo_values("deployments", **SEVERAL), "--wait", "--wait-for-jobs")
        yield release


def test_the_first_model_has_sorted_the_samples_when_the_installation_is_over(
    release: Release, figure: Callable[[str], None]
) -> None:
    figure(f"chart: from helm install to the first classified documents {release.install_seconds:.0f} s")
    with release.client() as client:
        model = client.production()
        assert model is not None
        assert model.aliases == ["champion"]
        (job,) = client.jobs().jobs
        assert (job.reference, job.state, job.counts.total) == ("samples-0", "succeeded", 14)
        assert job.counts.classified + job.counts.needs_review == 14


def test_fifty_scans_through_the_ingress_get_fifty_classes(release: Release, figure: Callable[[str], None]) -> None:
    files, truth = scans(SCANS, seed=77)
    with release.client() as client:
        job = client.wait(client.submit_job("fifty", files).id, timeout=400)
        found = classes_of(client, job.id)
    assert len(found) == SCANS
    assert None not in found.values()
    right = sum(found[name] == truth[name] for name in truth)
    figure(f"chart: {right} of {SCANS} scans have their own class")
    assert right >= 0.8 * SCANS


def test_a_step_of_the_training_pipeline_finds_the_store_from_another_namespace(
    release: Release, tmp_path: Path
) -> None:
    told = release.kubectl.get("configmap", f"{release.name}-pipelines")["data"]
    bundled = release.kubectl.get("secret", f"{release.name}-bundled")["data"]
    keys = {key: bundled[key] for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")}
    with restricted_namespace() as runs:
        runs.apply([{"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "keys"}, "data": keys}])
        said = output(runs, "step", step_pod(told, "keys", tmp_path))
    events = [event for event in map(step_event, said.splitlines()) if event]
    assert events[-1]["state"] == "finished", said
    assert events[-1]["report"]["documents"] == 2 * 7


def test_whatever_the_api_reads_its_image_has_the_libraries_for(release: Release) -> None:
    with release.client() as client:
        job, name = client.jobs().jobs[-1], client.classes()[0].name
        known = {
            "job_id": job.id,
            "document_id": next(iter(client.all_documents(job.id))).id,
            "page": 1,
            "class_name": name,
            "example_id": client.examples(name).examples[0].id,
            "training_id": client.trainings()[0].id,
            "version": "1",
            "webhook_id": "of-nobody",
        }
    headers = {"authorization": f"Bearer {release.token()}"}
    statuses = {}
    with httpx.Client(base_url=release.url, headers=headers, timeout=60) as api:
        for path, operations in api.get("/openapi.json").json()["paths"].items():
            if "get" in operations and path.startswith("/v1/"):
                with api.stream("GET", path.format(**known)) as answer:
                    statuses[path] = answer.status_code
    assert {path: status for path, status in statuses.items() if status != 200} == {
        "/v1/webhooks/{webhook_id}/deliveries": 404
    }


def test_a_file_above_the_limit_is_refused_at_the_ingress_and_one_below_it_in_the_api(release: Release) -> None:
    headers = {"authorization": f"Bearer {release.token()}"}

    def upload(size: int) -> httpx.Response:
        files = {"files": ("a.pdf", b"%PDF-1.7 " + b"0" * (size - 9), "application/pdf")}
        url = f"{release.url}/v1/jobs"
        return httpx.post(url, data={"reference": f"size-{size}"}, files=files, headers=headers, timeout=60)

    assert upload(MOST_BYTES + 1).status_code == 413
    small = upload(10_100_000)
    assert small.status_code in (201, 202), small.text


@pytest.mark.parametrize("path", ["", "/admin"])
def test_an_app_answers_behind_the_ingress_by_pages_and_websocket(release: Release, path: str) -> None:
    page = httpx.get(f"{release.url}{path}/", follow_redirects=True)
    assert page.status_code == 200
    assert "streamlit" in page.text.lower()
    with app_session(f"{release.url}{path}") as session:
        assert session.put_file() == 204


def test_a_session_of_an_app_stays_in_one_of_two_pods_by_its_cookie(release: Release) -> None:
    assert len(release.pods("user-app")) == 2
    with app_session(release.url) as session:
        assert {session.put_file() for _ in range(8)} == {204}
        # 400: a pod that does not know the session.
        assert {session.put_file(as_somebody_new=True) for _ in range(8)} == {204, 400}


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


def test_no_document_is_lost_while_each_pod_is_deleted_in_turn(release: Release, figure: Callable[[str], None]) -> None:
    files = digital_documents(14, seed=79)
    with release.client() as client:
        accepted: dict[str, float] = {}
        began: dict[str, datetime] = {}
        with sending(client, files) as sender:
            for component in ("postgresql", "worker", "api", "transformer", "predictor", "operator"):
                began[component], moment = datetime.now(UTC), time.monotonic()
                delete_pods(release, component)
                # One more, so that the slowest has come to its end.
                sent = len(sender.took)
                wait_until(lambda sent=sent: len(sender.took) > sent, "another document to be accepted")
                accepted[component] = sender.longest(moment)
        ended = [client.wait(job, timeout=300) for job in sender.accepted.values()]
        assert len(ended) >= 20
        assert {job.state for job in ended} == {"succeeded"}, states_of(client, sender.accepted.values())
    answered = slowest_answers(ended, began)
    figure(f"chart: {len(ended)} documents sent while pods were deleted, none lost")
    figure(f"chart: the slowest to be accepted: {told(accepted)}")
    figure(f"chart: the slowest from upload to class: {told(answered)}")
    assert max(*accepted.values(), *answered.values()) < ERROR_WINDOW_SECONDS


def told(seconds: Mapping[str, float]) -> str:
    return ", ".join(f"{component} {value:.0f} s" for component, value in seconds.items())


def test_an_upgrade_with_the_same_values_changes_nothing(release: Release) -> None:
    manifest, before = release.helm("get", "manifest", release.name), release.objects()
    pods = {pod["metadata"]["uid"] for pod in release.kubectl.list("pod")}
    release.upgrade(demo_values("deployments", **SEVERAL), "--wait")
    assert release.helm("get", "manifest", release.name) == manifest
    assert release.objects() == before
    assert {pod["metadata"]["uid"] for pod in release.kubectl.list("pod")} == pods


def test_an_upgrade_from_the_chart_before_and_the_way_back_keep_what_was_sorted(release: Release) -> None:
    keep_what_was_sorted(release, demo_values("deployments", **SEVERAL), release.client)


def test_uninstalling_leaves_volumes_alone(release: Release) -> None:
    release.uninstall()
