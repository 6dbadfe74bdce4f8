"""Deliveries on real databases: written with what they tell, taken by one, ended once."""

import random
import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, database_now
from pigeonhole_api.database.tables import webhook_deliveries, webhooks
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import WebhookRequest
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records import delivery_leases, leases
from pigeonhole_api.records.deletions import delete_job
from pigeonhole_api.records.delivery_leases import DeliveryLease
from pigeonhole_api.records.job_changes import cancel_job, retry_job
from pigeonhole_api.records.submissions import Submission, insert_job
from pigeonhole_api.records.webhooks import delete_webhook, insert_webhook, ping_webhook
from pigeonhole_api.webhooks.outcomes import Again, Delivered, GivenUp, Gone, Outcome, Sequel

pytestmark = pytest.mark.integration
CALLER = Caller("tester", "request", tenant="here")
OTHER = Caller("tester", "request", tenant="there")
WORKER = Caller("worker", tenant="here")
ATTEMPTS = 2


def make(database: Database, caller: Caller = CALLER) -> str:
    wanted = WebhookRequest(url="https://receiver.example/", events=["job.finished"])
    with database.write() as connection:
        return insert_webhook(connection, wanted, caller, most=1000, secret="s" * 16).id


def ping(database: Database, webhook_id: str, caller: Caller = CALLER) -> str:
    with database.write() as connection:
        return ping_webhook(connection, webhook_id, caller).id


def claim(database: Database, owner: str = "a", *busy: str) -> DeliveryLease | None:
    with database.write() as connection:
        return delivery_leases.claim_delivery(connection, owner, busy, seconds=30)


def end(database: Database, lease: DeliveryLease, sequel: Sequel, status: int | None = None) -> bool:
    with database.write() as connection:
        return delivery_leases.end_delivery(connection, lease, Outcome(status), sequel, worker=WORKER)


def expire(database: Database) -> int:
    with database.write() as connection:
        held = update(webhook_deliveries).where(webhook_deliveries.c.state == "leased")
        connection.execute(held.values(lease_until=database_now() - 1))
    with database.write() as connection:
        return delivery_leases.end_expired_deliveries(connection, most_attempts=ATTEMPTS)


def deliveries(database: Database) -> list[Any]:
    with database.read() as connection:
        return list(connection.execute(select(webhook_deliveries).order_by(webhook_deliveries.c.id)).all())


def submit(connection: Any, reference: str, caller: Caller = CALLER, *, refused: bool = False) -> str:
    reason = "unreadable" if refused else None
    file = Received("secret-name.png", 10, "0" * 64, True, "image/png", 1, reason, None)
    return insert_job(connection, Submission(reference, "0" * 64), [file], caller, most_queued=1000)


def test_a_job_is_told_to_the_webhooks_of_its_tenant_each_time_it_ends(database: Database) -> None:
    mine = [make(database), make(database)]
    make(database, OTHER)
    with database.write() as connection:
        job_id = submit(connection, "r")
    assert deliveries(database) == []
    for times in (1, 2):
        with database.write() as connection:
            (lease,) = leases.claim(connection, "a", 1, seconds=30)
            leases.fail(connection, lease, "unreadable", "It is damaged.")
        rows = deliveries(database)
        assert [row.webhook_id for row in rows] == mine * times
        with database.write() as connection:
            retry_job(connection, job_id, CALLER)
    assert {(row.tenant, row.event, row.resource, row.state) for row in rows} == {
        ("here", "job.finished", job_id, "queued")
    }
    assert rows[0].payload["data"]["counts"]["failed"] == 1
    assert "secret-name" not in str(rows[0].payload)


@pytest.mark.parametrize("way", ["refused at once", "cancelled"])
def test_every_way_to_an_end_is_told(database: Database, way: str) -> None:
    make(database)
    with database.write() as connection:
        job_id = submit(connection, "r", refused=way == "refused at once")
        if way == "cancelled":
            cancel_job(connection, job_id, CALLER)
    (row,) = deliveries(database)
    assert row.payload["data"]["state"] == ("failed" if way == "refused at once" else "cancelled")


def test_what_is_rolled_back_is_not_told(database: Database) -> None:
    def submit_and_fail() -> None:
        with database.write() as connection:
            submit(connection, "r", refused=True)
            raise Refusal("internal", "The server has a fault.")

    make(database)
    with pytest.raises(Refusal):
        submit_and_fail()
    assert deliveries(database) == []


def test_nothing_more_is_told_of_a_job_that_was_deleted(database: Database) -> None:
    for _ in range(2):
        make(database)
    with database.write() as connection:
        job_id = submit(connection, "secret-reference", refused=True)
    taken = claim(database)
    assert taken is not None
    with database.write() as connection:
        delete_job(connection, job_id, CALLER, force=False, grace=0)
    assert {row.state for row in deliveries(database)} == {"leased", "cancelled"}
    assert "secret-reference" not in str(deliveries(database))
    assert end(database, taken, Again(0.0), 503)
    rows = deliveries(database)
    assert [(row.state, row.payload, row.finished_at is not None) for row in rows] == [("cancelled", None, True)] * 2
    assert claim(database) is None


@pytest.mark.parametrize("next_owner", ["a", "b"])
def test_a_delivery_is_taken_by_one_and_only_its_holder_ends_it(database: Database, next_owner: str) -> None:
    ping(database, make(database))
    lost = claim(database, "a")
    assert lost is not None
    assert claim(database, "b") is None
    assert expire(database) == 1
    current = claim(database, next_owner)
    assert current is not None
    assert (current.attempt, current.delivery_id) == (2, lost.delivery_id)
    assert not end(database, lost, Delivered(), 200)
    assert end(database, current, Delivered(), 204)
    assert not end(database, current, GivenUp())
    (row,) = deliveries(database)
    assert (row.state, row.status, row.payload, row.owner, row.lease_until) == ("delivered", 204, None, None, None)
    assert row.finished_at is not None


def test_a_lease_that_ends_at_the_last_attempt_is_the_end(database: Database) -> None:
    ping(database, make(database))
    for _ in range(ATTEMPTS):
        assert claim(database) is not None
        expire(database)
    assert claim(database) is None
    (row,) = deliveries(database)
    assert (row.state, row.reason, row.attempts, row.payload) == ("failed", "interrupted", ATTEMPTS, None)


def test_what_is_to_be_sent_again_waits_for_its_time(database: Database) -> None:
    ping(database, make(database))
    for seconds, is_due in ((60.0, False), (0.0, True)):
        with database.write() as connection:
            connection.execute(update(webhook_deliveries).values(due_at=database_now()))
        lease = claim(database)
        assert lease is not None
        end(database, lease, Again(seconds), 503)
        with database.read() as connection:
            assert delivery_leases.is_delivery_waiting(connection, ()) is is_due


def test_the_deliveries_of_busy_tenants_are_passed_over(database: Database) -> None:
    ping(database, make(database))
    second = ping(database, make(database, OTHER), OTHER)
    lease = claim(database, "a", "here")
    assert lease is not None
    assert (lease.delivery_id, lease.tenant) == (second, "there")
    with database.read() as connection:
        assert not delivery_leases.is_delivery_waiting(connection, {"here"})
        assert delivery_leases.is_delivery_waiting(connection, set())


def test_what_comes_back_after_a_deletion_or_a_410_is_cancelled(database: Database) -> None:
    for number, action in enumerate((end_as_gone, delete)):
        webhook_id = make(database)
        for _ in range(2 + number):
            ping(database, webhook_id)
        first, second = claim(database), claim(database)
        assert first is not None
        assert second is not None
        action(database, webhook_id, first)
        end(database, second, Again(0.0), 503)
        expire(database)
        states = [row.state for row in deliveries(database) if row.webhook_id == webhook_id]
        assert states == (["failed", "cancelled"] if action is end_as_gone else ["cancelled"] * 3)


def end_as_gone(database: Database, webhook_id: str, lease: DeliveryLease) -> None:
    assert end(database, lease, Gone(), 410)


def delete(database: Database, webhook_id: str, lease: DeliveryLease) -> None:
    with database.write() as connection:
        delete_webhook(connection, webhook_id, CALLER)


def failures_at_once(actions: list[Callable[[], Any]], *, seconds: float) -> list[Exception]:
    """What is raised while each action is repeated by a thread of its own, other than refusals."""
    failures: list[Exception] = []
    ended = threading.Event()

    def repeat(action: Callable[[], Any]) -> None:
        while not ended.is_set():
            try:
                action()
            except Refusal:
                pass  # the webhook was deleted before
            except Exception as error:  # noqa: BLE001 - whatever it is, the test has failed
                failures.append(error)

    threads = [threading.Thread(target=repeat, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    ended.wait(seconds)
    ended.set()
    for thread in threads:
        thread.join(60)
    return failures


def test_whatever_happens_at_once_nobody_waits_for_ever_and_nothing_waits_for_a_deleted_webhook(
    database: Database,
) -> None:
    chance, numbers = random.Random(7), iter(range(100_000))
    ids: list[str] = []

    def add() -> None:
        ids.append(make(database))

    def finish_job() -> None:
        with database.write() as connection:
            submit(connection, f"r{next(numbers)}", refused=True)

    def remove() -> None:
        with database.write() as connection:
            delete_webhook(connection, chance.choice(ids), CALLER)

    def work() -> None:
        lease = claim(database, "a")
        if lease is not None:
            end(database, lease, chance.choice([Delivered(), Again(0.0), Again(0.0), Gone()]))

    add()
    mixes = [[add, remove, finish_job], [finish_job], [work], [work, work, lambda: expire(database)]]
    assert failures_at_once([lambda mix=mix: chance.choice(mix)() for mix in mixes], seconds=3) == []
    dead = webhooks.c.deleted_at.is_not(None) | webhooks.c.disabled_at.is_not(None)
    stuck = select(func.count()).select_from(webhook_deliveries.join(webhooks)).where(dead)
    with database.read() as connection:
        assert connection.execute(stuck.where(webhook_deliveries.c.state == "queued")).scalar_one() == 0
        assert connection.execute(stuck.where(webhook_deliveries.c.state == "cancelled")).scalar_one() > 0
