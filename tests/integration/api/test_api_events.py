"""A job's events: told as they happen, taken up again where they broke off, never in the way of the server's end."""

import json
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import httpx
import pytest

from pigeonhole_api.models import DocumentEvent

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]


def events(
    installation: Any, job_id: str, last_event_id: str | None = None
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield name, id and data of each event until the stream ends."""
    headers = {"authorization": "Bearer a-token-for-tests-alone"}
    if last_event_id is not None:
        headers["last-event-id"] = last_event_id
    url = f"{installation.url}/v1/jobs/{job_id}/events"
    with httpx.stream("GET", url, headers=headers, timeout=60) as response:
        assert response.status_code == 200
        assert response.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif fields:
                yield fields.get("event", ""), fields.get("id", ""), json.loads(fields["data"])
                fields = {}


def test_a_job_is_told_from_its_beginning_to_its_end(
    installation_on_either: Any, pictures: Pictures, own_transformer: Any, predict: Any
) -> None:
    installation = installation_on_either
    installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
    job = installation.client.submit_job("watched", pictures(6))
    stream = events(installation, job.id)
    name, _, data = next(stream)
    assert (name, data["state"], data["counts"]["queued"]) == ("progress", "queued", 6)
    installation.start_worker()
    told = list(stream)
    ended = [data["document_id"] for name, _, data in told if name == "document"]
    assert sorted(ended) == sorted(document.id for document in installation.client.all_documents(job.id))
    assert {data["state"] for name, _, data in told if name == "document"} == {"classified"}
    assert all(event_id for name, event_id, _ in told if name == "document")
    assert (told[-1][0], told[-1][2]["state"]) == ("done", "succeeded")
    progress = [data["counts"]["classified"] for name, _, data in told if name == "progress"]
    assert progress == sorted(progress)
    assert progress[-1] == 6


@pytest.fixture
def gate(own_transformer: Any, predict: Any) -> threading.Semaphore:
    """Two documents may be answered, and then as many as are released."""
    gate = threading.Semaphore(2)

    def behave(document: bytes) -> Any:
        gate.acquire(timeout=30)
        return predict(document)

    own_transformer.behave = behave
    return gate


def test_a_reader_that_was_cut_off_misses_nothing(
    installation: Any, pictures: Pictures, gate: threading.Semaphore
) -> None:
    """A stream is read as far as its second document, and taken up again when all have ended."""
    installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
    job = installation.client.submit_job("cut off", pictures(5))
    stream = events(installation, job.id)
    next(stream)
    installation.start_worker()
    seen, last = [], ""
    for name, event_id, data in stream:
        if name == "document":
            seen.append(data["document_id"])
            last = event_id
        if len(seen) == 2:
            break
    stream.close()
    gate.release(10)
    installation.client.wait(job.id, timeout=30)
    again = [data["document_id"] for name, _, data in events(installation, job.id, last) if name == "document"]
    assert {*seen, *again} == {document.id for document in installation.client.all_documents(job.id)}


def test_a_watched_job_that_is_deleted_ends_its_stream(installation: Any, pictures: Pictures) -> None:
    installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
    job = installation.client.submit_job("deleted", pictures(1))
    stream = events(installation, job.id)
    next(stream)
    installation.client.delete(job.id)
    assert [name for name, _, _ in stream] == []


def test_what_cannot_be_watched_is_refused_before_the_stream_begins(installation: Any, pictures: Pictures) -> None:
    installation.start_api(PIGEONHOLE_API_MAX_WATCHERS="1")
    assert installation.call("GET", "/v1/jobs/job_0/events").json()["code"] == "job-missing"
    job = installation.client.submit_job("r", pictures(1))
    for wrong in ("yesterday", "nan", "inf", "1,5"):
        answer = installation.call("GET", f"/v1/jobs/{job.id}/events", headers={"last-event-id": wrong})
        assert answer.json()["code"] == "event-id-invalid"
    stream = events(installation, job.id)
    next(stream)
    refused = installation.call("GET", f"/v1/jobs/{job.id}/events")
    assert (refused.status_code, refused.json()["code"]) == (503, "too-many-watchers")
    stream.close()


def test_a_place_is_free_again_when_its_reader_has_gone(
    installation: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    installation.start_api(PIGEONHOLE_API_MAX_WATCHERS="1", PIGEONHOLE_API_EVENT_SECONDS="0.05")
    job = installation.client.submit_job("r", pictures(1))
    held = [events(installation, job.id)]
    next(held[0])

    def is_taken_again() -> bool:
        again = events(installation, job.id)
        with suppress(AssertionError):
            next(again)
            held.append(again)
            return True
        return False

    for _ in range(3):
        held.pop().close()
        wait_until(is_taken_again, "the place")
    held.pop().close()


def test_the_server_ends_though_a_job_is_watched(installation: Any, pictures: Pictures) -> None:
    api = installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.1")
    job = installation.client.submit_job("r", pictures(1))
    stream = events(installation, job.id)
    next(stream)
    api.terminate()
    assert list(stream) == []
    assert api.wait(10) in {0, -signal.SIGTERM}


def test_the_client_watches_a_job_through_a_restart_of_the_api(
    installation: Any, pictures: Pictures, gate: threading.Semaphore
) -> None:
    api = installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
    job = installation.client.submit_job("watched", pictures(5))
    watching = installation.client.watch(job.id)
    assert next(watching).counts.queued == 5
    installation.start_worker()
    told: list[DocumentEvent] = []
    for event in watching:
        if isinstance(event, DocumentEvent):
            told.append(event)
            if len(told) == 2:
                api.kill()
                api.wait(10)
                installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
                gate.release(10)
    assert (event.state, event.counts.classified) == ("succeeded", 5)
    documents = {document.id for document in installation.client.all_documents(job.id)}
    assert (len(told), {each.document_id for each in told}) == (5, documents)


def test_the_client_says_why_a_job_cannot_be_watched(installation: Any, pictures: Pictures, refused: Any) -> None:
    api = installation.start_api(PIGEONHOLE_API_EVENT_SECONDS="0.05")
    assert refused(lambda: list(installation.client.watch("job_0"))).code == "job-missing"
    job = installation.client.submit_job("deleted", pictures(1))
    watching = installation.client.watch(job.id)
    next(watching)
    installation.client.delete(job.id)
    assert refused(lambda: list(watching)).code == "job-deleted"
    api.kill()
    api.wait(10)
    assert refused(lambda: list(installation.client.watch(job.id))).code == "api-unreachable"
