"""The worker against a transformer that is slow, absent, refusing or broken."""

import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.api.conftest import LEASE_SECONDS

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]


@pytest.fixture(scope="module")
def own_api(module_installation: Callable[..., Any], moody_transformer: Any) -> Any:
    installation = module_installation(PIGEONHOLE_API_TRANSFORMER_URL=moody_transformer.url)
    installation.start_api()
    return installation


@pytest.fixture
def own(own_api: Any, kill: Any) -> Iterator[Any]:
    """A platform with a worker of the test's own."""
    own_api.worker = own_api.start_worker()
    yield own_api
    for process in own_api.processes[1:]:
        kill(process)


@pytest.fixture
def running(moody_platform: Any) -> Any:
    """A platform that tests share one after the other, each with its own behaviour of the transformer."""
    return moody_platform


@pytest.fixture
def transformer(moody_transformer: Any) -> Any:
    """The transformer of the test's platform, as good as new."""
    moody_transformer.reset()
    return moody_transformer


def test_documents_wait_without_an_attempt_spent_until_someone_answers(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, wait_until: Any, reference: str
) -> None:
    transformer.behave = lambda document: (503, {"error": "busy", "reason": "not-ready"}, {"Retry-After": "1"})
    job = running.client.submit_job(reference, pictures(12))
    wait_until(lambda: sum(transformer.seen.values()) >= 4, "the worker to have been turned away")
    assert running.client.job(job.id).state == "running"
    assert running.client.job(job.id).counts.failed == 0

    transformer.behave = predict

    ended = running.client.wait(job.id, timeout=30)
    assert ended.state == "succeeded"
    assert {document.attempts for document in running.client.all_documents(job.id)} == {1}


def test_while_nobody_answers_only_one_document_at_a_time_asks(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, wait_until: Any, reference: str
) -> None:
    transformer.behave = lambda document: (503, {}, {})
    running.client.submit_job(reference, pictures(50))
    wait_until(lambda: transformer.seen, "the first document")
    time.sleep(2)
    assert sum(transformer.seen.values()) < 30
    transformer.behave = predict


def test_a_document_that_the_transformer_refuses_has_failed_with_its_reason(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, reference: str
) -> None:
    files = pictures(3)
    doomed = files[1][1]
    detail = "No page of the document can be read."
    error = {
        "error": "e",
        "reason": "unreadable",
        "request_id": "r",
        "errors": [{"field": "f", "reason": "unreadable", "detail": detail}],
    }
    transformer.behave = lambda document: (422, error, {}) if document == doomed else predict(document)

    job = running.client.wait(running.client.submit_job(reference, files).id, timeout=30)

    assert job.state == "partially_failed"
    (failed,) = running.client.all_documents(job.id, state="failed")
    assert (failed.name, failed.error.reason, failed.error.detail) == (files[1][0], "unreadable", detail)
    assert failed.attempts == 1

    transformer.behave = predict
    retried = running.client.retry(job.id)
    assert retried.counts.failed == 0
    assert running.client.wait(job.id, timeout=30).state == "succeeded"
    assert running.client.document(failed.id).error is None


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ((500, {"error": "broken", "reason": "internal"}, {}), "processing-failed"),
        ((200, {"predictions": []}, {}), "processing-failed"),
        ((504, {"error": "slow", "reason": "timeout"}, {}), "timeout"),
    ],
)
def test_a_document_that_breaks_the_transformer_has_three_attempts(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, reference: str, answer: Any, reason: str
) -> None:
    files = pictures(4)
    poison = files[0][1]
    transformer.behave = lambda document: answer if document == poison else predict(document)

    job = running.client.wait(running.client.submit_job(reference, files).id, timeout=30)

    assert (job.counts.failed, job.state) == (1, "partially_failed")
    (failed,) = running.client.all_documents(job.id, state="failed")
    assert (failed.attempts, failed.error.reason) == (3, reason)


def test_a_document_that_breaks_the_connection_holds_nobody_up(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, reference: str
) -> None:
    files = pictures(4)

    def behave(document: bytes) -> Any:
        if document == files[0][1]:
            raise ConnectionAbortedError
        return predict(document)

    transformer.behave = behave
    job = running.client.wait(running.client.submit_job(reference, files).id, timeout=30)
    (failed,) = running.client.all_documents(job.id, state="failed")
    assert (job.counts.classified, failed.attempts, failed.error.reason) == (3, 3, "processing-failed")


def test_a_document_without_a_score_waits_for_a_person(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, reference: str
) -> None:
    def unscored(document: bytes) -> Any:
        status, body, headers = predict(document)
        nothing = {"class": None, "confidence": None, "probabilities": [], "margin": None, "threshold": None}
        body["predictions"][0] |= {**nothing, "abstained": True}
        return status, body, headers

    transformer.behave = unscored
    job = running.client.wait(running.client.submit_job(reference, pictures(1)).id, timeout=30)
    (document,) = running.client.all_documents(job.id)
    assert document.state == "needs_review"
    assert document.prediction.confidence is None
    assert [each.id for each in running.client.review_queue().documents] == [document.id]


def test_cancelling_ends_what_waits_and_lets_what_is_at_work_end(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, wait_until: Any, reference: str
) -> None:
    gate = threading.Event()

    def slow(document: bytes) -> Any:
        gate.wait(30)
        return predict(document)

    transformer.behave = slow
    job = running.client.submit_job(reference, pictures(30))
    wait_until(lambda: running.client.job(job.id).counts.leased == 8, "eight documents at work")

    cancelled = running.client.cancel(job.id)

    assert cancelled.state == "cancelling"
    assert (cancelled.counts.queued, cancelled.counts.leased, cancelled.counts.cancelled) == (0, 8, 22)
    gate.set()
    ended = running.client.wait(job.id, timeout=30)
    assert ended.state == "cancelled"
    assert (ended.counts.cancelled, ended.counts.classified) == (22, 8)
    assert running.client.cancel(job.id) == ended


def test_the_worker_tells_prometheus_what_it_does(
    moody_platform: Any, transformer: Any, pictures: Pictures, reference: str
) -> None:
    job = moody_platform.client.submit_job(reference, pictures(1))
    moody_platform.client.wait(job.id, timeout=30)
    text = httpx.get(f"http://127.0.0.1:{moody_platform.metrics_port}/metrics").text
    assert 'pigeonhole_worker_documents_total{result="answered"}' in text
    assert "pigeonhole_document_duration_seconds_bucket" in text


def test_sigterm_lets_the_worker_finish_what_it_has_in_hand(
    own: Any, transformer: Any, pictures: Pictures, predict: Any, wait_until: Any, reference: str
) -> None:
    gate = threading.Event()

    def slow(document: bytes) -> Any:
        gate.wait(60)
        return predict(document)

    transformer.behave = slow
    job = own.client.submit_job(reference, pictures(20))
    wait_until(lambda: len(transformer.seen) == 8, "eight documents at work")
    own.worker.send_signal(signal.SIGTERM)
    # Nothing tells that the signal has been seen.
    time.sleep(3)
    assert own.worker.poll() is None
    gate.set()
    assert own.worker.wait(30) == 0
    counts = own.client.job(job.id).counts
    assert (counts.classified, counts.leased, counts.queued) == (8, 0, 12)
    own.client.cancel(job.id)


def stands_still_between_writes(installation: Any) -> bool:
    """Stop the worker, unless that would be in the middle of a write, which on SQLite stops every other writer."""
    installation.worker.send_signal(signal.SIGSTOP)
    status = Path(f"/proc/{installation.worker.pid}/stat")
    while status.read_text().rpartition(")")[2].split()[0] != "T":
        time.sleep(0.01)
    with closing(sqlite3.connect(installation.home / "platform.db", timeout=2, isolation_level=None)) as database:
        try:
            database.execute("BEGIN IMMEDIATE")
        except sqlite3.OperationalError:
            installation.worker.send_signal(signal.SIGCONT)
            return False
        database.execute("ROLLBACK")
        return True


def test_a_worker_that_stood_still_beyond_its_lease_cannot_bring_a_result(
    own: Any, transformer: Any, pictures: Pictures, predict: Any, wait_until: Any, reference: str
) -> None:
    gate = threading.Event()
    first = threading.Semaphore(1)

    def slow_once(document: bytes) -> Any:
        if first.acquire(blocking=False):
            gate.wait(30)
            return predict(document, version="stale")
        return predict(document, version="fresh")

    transformer.behave = slow_once
    job = own.client.submit_job(reference, pictures(1))
    wait_until(lambda: transformer.seen, "the document at work")
    wait_until(lambda: stands_still_between_writes(own), "the worker to stand still")
    try:
        own.start_worker()
        own.client.wait(job.id, timeout=30)
    finally:
        gate.set()
        own.worker.send_signal(signal.SIGCONT)
    wait_until(lambda: "result_dropped" in own.log("work"), "the late result to be dropped")
    (document,) = own.client.all_documents(job.id)
    assert (document.prediction.model.version, document.attempts) == ("fresh", 2)


def test_a_document_that_is_at_work_for_longer_than_a_lease_is_not_taken_away(
    running: Any, transformer: Any, pictures: Pictures, predict: Any, reference: str
) -> None:
    def slow(document: bytes) -> Any:
        time.sleep(1.5 * LEASE_SECONDS)
        return predict(document)

    transformer.behave = slow
    job = running.client.wait(running.client.submit_job(reference, pictures(1)).id, timeout=60)
    assert job.state == "succeeded"
    assert set(transformer.seen.values()) == {1}
