"""`kill -9` at any moment loses nothing that was accepted, and no document has two results."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import predictions

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
DOCUMENTS = 200


def test_200_documents_in_flight_survive_the_killing_of_api_and_worker(
    installation_on_either: Any,
    transformer: Any,
    pictures: Pictures,
    predict: Any,
    wait_until: Any,
    kill: Any,
    reference: str,
    database_url: str,
) -> None:
    installation = installation_on_either

    def slow(document: bytes) -> Any:
        time.sleep(0.01)
        return predict(document)

    transformer.behave = slow
    api, worker = installation.start_api(), installation.start_worker()
    client = installation.client
    jobs = [client.submit_job(f"{reference}-{number}", pictures(DOCUMENTS // 2)) for number in range(2)]

    def done() -> int:
        counts = [client.job(job.id).counts for job in jobs]
        return sum(each.classified + each.needs_review for each in counts)

    for goal in (30, 110):
        wait_until(lambda: done() >= goal, f"{goal} results")  # noqa: B023
        kill(worker)
        kill(api)
        api, worker = installation.start_api(), installation.start_worker()

    for job in jobs:
        assert client.wait(job.id, timeout=60).state == "succeeded"
    documents = [document for job in jobs for document in client.all_documents(job.id)]
    assert len({document.id for document in documents}) == DOCUMENTS
    assert Counter(document.state for document in documents) == {"classified": DOCUMENTS}
    assert all(document.prediction for document in documents)
    database = Database(database_url)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(predictions)).scalar_one() == DOCUMENTS
    database.close()
    assert len(transformer.seen) == DOCUMENTS


def test_an_api_killed_during_uploads_keeps_each_job_that_it_accepted(
    installation_on_either: Any, pictures: Pictures, kill: Any, reference: str
) -> None:
    installation = installation_on_either
    api = installation.start_api()
    accepted: dict[str, tuple[str, set[bytes]]] = {}
    uploads = {f"{reference}-{number}": pictures(20) for number in range(30)}
    started = threading.Event()

    def upload(names: list[str]) -> None:
        for name in names:
            parts = [("files", file) for file in uploads[name]]
            try:
                answer = installation.call("POST", "/v1/jobs", data={"reference": name}, files=parts)
            except Exception:  # noqa: BLE001 - the server is being killed: whatever breaks, it was not accepted
                return
            if answer.status_code == 202:
                accepted[name] = (answer.json()["id"], {content for _, content in uploads[name]})
                started.set()

    names = list(uploads)
    people = [threading.Thread(target=upload, args=(names[number::3],)) for number in range(3)]
    for person in people:
        person.start()
    assert started.wait(30)
    time.sleep(0.3)
    kill(api)
    for person in people:
        person.join(60)

    installation.start_api()
    assert accepted
    assert len(accepted) < len(uploads)
    for name, (job_id, contents) in accepted.items():
        job = installation.client.job_by_reference(name)
        assert (job.id, job.counts.queued) == (job_id, 20)
        documents = list(installation.client.all_documents(job_id))
        assert {installation.client.content(each.id) for each in documents[:3]} <= contents
    for name in set(uploads) - set(accepted):
        job = installation.client.submit_job(name, uploads[name])
        assert job.counts.total == 20
