"""Documents that end together are written down together, and none suffers for another; on SQLite and PostgreSQL."""

from typing import Any

import pytest
from sqlalchemy import Connection, event, func, insert, select, update
from sqlalchemy.exc import OperationalError

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, now
from pigeonhole_api.database.tables import documents, predictions
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import Job, Prediction, PredictionModel
from pigeonhole_api.records import leases
from pigeonhole_api.records.jobs import get_job
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.records.submissions import Submission, insert_job
from pigeonhole_api.worker.endings import Ending, EndingWriter
from pigeonhole_api.worker.outcomes import Answered, Failed, Refused, Unavailable

pytestmark = pytest.mark.integration
CALLER = Caller("tester", "request")


def prediction(*, version: str = "1", sure: bool = True) -> Prediction:
    model = PredictionModel(name="m", version=version)
    return Prediction(class_name="invoice", confidence=0.9 if sure else 0.2, abstained=not sure, model=model)


def submit(database: Database, reference: str, count: int) -> str:
    files = [Received(f"{n}.png", 10, f"{n:064d}", True, "image/png", 1) for n in range(count)]
    with database.write() as connection:
        return insert_job(connection, Submission(reference, "0" * 64), files, CALLER, most_queued=1000)


def claim(database: Database, most: int) -> list[Lease]:
    with database.write() as connection:
        return sorted(leases.claim(connection, "worker", most, seconds=30), key=lambda lease: lease.document_id)


def finish_all(database: Database, answers: dict[Lease, Prediction]) -> list[Lease]:
    with database.write() as connection:
        return leases.finish_all(connection, answers)


def job(database: Database, job_id: str) -> Job:
    with database.read() as connection:
        return get_job(connection, CALLER.tenant, job_id)


def results(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(predictions)).scalar_one())


def test_results_of_several_jobs_are_kept_with_each_documents_own_state(database: Database) -> None:
    jobs = [submit(database, f"r{number}", 3) for number in range(2)]
    held = claim(database, 6)
    answers = {lease: prediction(version=str(n), sure=n % 2 == 0) for n, lease in enumerate(held)}
    assert set(finish_all(database, answers)) == set(held)
    found = [job(database, job_id) for job_id in jobs]
    assert [each.state for each in found] == ["succeeded", "succeeded"]
    assert sum(each.counts.classified for each in found) == sum(each.counts.needs_review for each in found) == 3
    firsts = {job_id: next(n for n, lease in enumerate(held) if lease.job_id == job_id) for job_id in jobs}
    assert {each.id: each.model_version for each in found} == {job_id: str(n) for job_id, n in firsts.items()}
    assert results(database) == 6


def test_a_lost_lease_among_them_is_dropped_alone(database: Database) -> None:
    job_id = submit(database, "r", 3)
    held = claim(database, 3)
    with database.write() as connection:
        assert leases.put_back(connection, held[1])
    (again,) = claim(database, 3)
    assert (again.document_id, again.owner) == (held[1].document_id, held[1].owner)
    assert finish_all(database, {lease: prediction() for lease in held}) == [held[0], held[2]]
    counts = job(database, job_id).counts
    assert (counts.classified, counts.leased) == (2, 1)


def test_a_lease_of_another_owner_or_attempt_keeps_nothing(database: Database) -> None:
    job_id = submit(database, "r", 2)
    held = claim(database, 2)
    with database.write() as connection:
        connection.execute(update(documents).where(documents.c.id == held[0].document_id).values(owner="other"))
        connection.execute(update(documents).where(documents.c.id == held[1].document_id).values(attempts=2))
    assert finish_all(database, {lease: prediction() for lease in held}) == []
    assert job(database, job_id).counts.leased == 2
    assert results(database) == 0


def test_a_result_that_cannot_be_kept_leaves_its_neighbours_alone(database: Database) -> None:
    job_id = submit(database, "r", 4)
    held = claim(database, 4)
    with database.write() as connection:
        there = {
            "tenant": CALLER.tenant,
            "document_id": held[2].document_id,
            "attempt": 0,
            "model_version": "0",
            "answer": {},
        }
        connection.execute(insert(predictions).values(**there, created_at=now(connection)))
    EndingWriter(database, max_attempts=3).write([Ending(lease, Answered(prediction())) for lease in held])
    counts = job(database, job_id).counts
    assert (counts.classified, counts.leased) == (3, 1)


def test_each_kind_of_ending_is_written_down(database: Database) -> None:
    job_id = submit(database, "r", 5)
    held = claim(database, 5)
    outcomes: list[Any] = [
        Answered(prediction()),
        Refused("encrypted", "It has a password."),
        Failed("processing-failed", "It broke."),
        Unavailable(),
        Answered(prediction(sure=False)),
    ]
    EndingWriter(database, max_attempts=3).write([Ending(*each) for each in zip(held, outcomes, strict=True)])
    counts = job(database, job_id).counts
    assert (counts.classified, counts.needs_review, counts.failed, counts.queued) == (1, 1, 1, 2)


def test_new_documents_are_taken_in_the_transaction_of_the_answers(database: Database) -> None:
    job_id = submit(database, "r", 4)
    held = claim(database, 2)
    commits: list[Connection] = []

    def count(connection: Connection) -> None:
        commits.append(connection)

    event.listen(database.engine, "commit", count)
    taken = EndingWriter(database, max_attempts=3).write(
        [Ending(lease, Answered(prediction())) for lease in held],
        lambda connection: leases.claim(connection, "worker", 9, seconds=30),
    )
    event.remove(database.engine, "commit", count)
    assert len(commits) == 1
    counts = job(database, job_id).counts
    assert (len(taken), counts.classified, counts.leased) == (2, 2, 2)


def test_answers_are_kept_when_no_new_documents_can_be_taken(database: Database) -> None:
    job_id = submit(database, "r", 3)
    held = claim(database, 2)

    def claim_and_break(connection: Connection) -> list[Lease]:
        leases.claim(connection, "worker", 9, seconds=30)
        raise OperationalError("UPDATE documents", {}, RuntimeError("gone"))

    endings = [Ending(lease, Answered(prediction())) for lease in held]
    assert EndingWriter(database, max_attempts=3).write(endings, claim_and_break) == []
    counts = job(database, job_id).counts
    assert (counts.classified, counts.queued, counts.leased) == (2, 1, 0)
