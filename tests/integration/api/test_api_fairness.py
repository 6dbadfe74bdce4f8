"""Tenants take turns: who has much waiting waits for himself, and nobody gains by cutting it into many jobs."""

import pytest

from pigeonhole.documents import DocumentLimits
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import DeclaredDocument
from pigeonhole_api.records import leases
from pigeonhole_api.records.job_changes import retry_job
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.records.submissions import Submission, insert_job
from pigeonhole_api.records.uploads import declare_job, fill_slot, find_slot

pytestmark = pytest.mark.integration
A, B = Caller("a", tenant="a"), Caller("b", tenant="b")


def received(name: str) -> Received:
    return Received(name, 10, f"{abs(hash(name)):064x}"[:64], True, "image/png", 1)


def submit(database: Database, caller: Caller, reference: str, count: int) -> str:
    files = [received(f"{reference}-{number}") for number in range(count)]
    with database.write() as connection:
        return insert_job(connection, Submission(reference, "0" * 64), files, caller, most_queued=10_000)


def upload(database: Database, caller: Caller, reference: str, count: int) -> None:
    """Declare a job and bring its documents one by one."""
    declared = [DeclaredDocument(name=f"{reference}-{number}") for number in range(count)]
    with database.write() as connection:
        job_id = declare_job(
            connection, Submission(reference, "0" * 64), declared, caller, most_queued=10_000, limits=DocumentLimits()
        )
    for each in declared:
        with database.write() as connection:
            assert fill_slot(connection, find_slot(connection, caller.tenant, job_id, each.name), received(each.name))


def take(database: Database, count: int) -> list[Lease]:
    with database.write() as connection:
        return leases.claim(connection, "worker", count, seconds=30)


def work_off(database: Database, count: int) -> list[str]:
    """Take documents one by one, fail each at once, and return the tenants in the order of their turns."""
    turns = []
    for _ in range(count):
        (lease,) = take(database, 1)
        turns.append(lease.tenant)
        with database.write() as connection:
            assert leases.fail(connection, lease, "unreadable", "It cannot be read.")
    return turns


def test_a_single_file_passes_through_another_tenants_large_job(database: Database) -> None:
    submit(database, A, "large", 300)
    work_off(database, 20)
    take(database, 8)
    submit(database, B, "small", 1)
    assert B.tenant in {lease.tenant for lease in take(database, 2)}


@pytest.mark.parametrize("jobs", [1, 30])
def test_cutting_a_job_into_many_gains_nothing(database: Database, jobs: int) -> None:
    for number in range(jobs):
        submit(database, A, f"part-{number}", 300 // jobs)
    submit(database, B, "whole", 50)
    turns = work_off(database, 100)
    assert 49 <= turns.count(B.tenant) <= 50
    # Turn by turn, not one first and then the other.
    assert all(19 <= turns[start : start + 40].count(B.tenant) <= 21 for start in (0, 20, 40))


@pytest.mark.parametrize("jobs", [1, 10])
def test_uploads_one_by_one_have_their_turn_when_they_come(database: Database, jobs: int) -> None:
    for number in range(jobs):
        upload(database, A, f"part-{number}", 60 // jobs)
    upload(database, B, "whole", 10)
    assert work_off(database, 20).count(B.tenant) >= 9


def test_who_was_away_is_not_owed_the_time(database: Database) -> None:
    """A tenant that sends nothing for a while comes beside the others, not before all that they have waiting."""
    submit(database, A, "first", 200)
    work_off(database, 100)
    submit(database, B, "later", 60)
    assert 19 <= work_off(database, 40).count(B.tenant) <= 21


def test_what_is_tried_again_waits_its_turn(database: Database) -> None:
    job_id = submit(database, A, "failing", 30)
    work_off(database, 30)
    submit(database, B, "busy", 30)
    with database.write() as connection:
        retry_job(connection, job_id, A)
    assert 9 <= work_off(database, 20).count(B.tenant) <= 11
