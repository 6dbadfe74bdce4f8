"""Deliveries in a worker's hands: taken for a time, and ended by the one who still holds them.

A webhook's row is locked before its deliveries', also by those who delete it: two transactions that lock the same rows
in different orders would wait for each other.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, case, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import database_now
from pigeonhole_api.database.tables import webhook_deliveries, webhooks
from pigeonhole_api.records.locking import locked
from pigeonhole_api.records.webhook_deliveries import ended
from pigeonhole_api.records.webhooks import disable_webhook
from pigeonhole_api.webhooks.outcomes import Again, Delivered, Gone, Outcome, Sequel

INTERRUPTED = "interrupted"


@dataclass(frozen=True)
class DeliveryLease:
    """A delivery in someone's hands; `taken_at` is the time by the database."""

    delivery_id: str
    webhook_id: str
    tenant: str
    url: str
    key_sha256: str
    payload: dict[str, Any]
    owner: str
    attempt: int
    taken_at: float


def is_delivery_waiting(connection: Connection, busy: Collection[str]) -> bool:
    """Tell whether there is a delivery to take, or a lease that has ended; `busy` are tenants to pass over."""
    expired = (webhook_deliveries.c.state == "leased") & (webhook_deliveries.c.lease_until < database_now())
    for waiting in (_is_due(busy), expired):
        if connection.execute(select(webhook_deliveries.c.id).where(waiting).limit(1)).first() is not None:
            return True
    return False


def claim_delivery(
    connection: Connection, owner: str, busy: Collection[str], *, seconds: float
) -> DeliveryLease | None:
    """Take the delivery that has been due longest, but none of the tenants that are busy; each taking is an attempt."""
    first = (
        select(webhook_deliveries.c.id)
        .where(_is_due(busy))
        .order_by(webhook_deliveries.c.due_at, webhook_deliveries.c.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    # Of the same snapshot as the delivery's state: a deletion that comes between would leave no URL to send to.
    url, key = (_of_its_webhook(column) for column in (webhooks.c.url, webhooks.c.key_sha256))
    row = connection.execute(
        update(webhook_deliveries)
        .where(webhook_deliveries.c.id.in_(locked(first)))
        .values(
            state="leased",
            owner=owner,
            lease_until=database_now() + seconds,
            attempts=webhook_deliveries.c.attempts + 1,
        )
        .returning(webhook_deliveries, database_now().label("taken_at"), url, key)
    ).one_or_none()
    if row is None:
        return None
    return DeliveryLease(
        delivery_id=row.id,
        webhook_id=row.webhook_id,
        tenant=row.tenant,
        url=row.url,
        key_sha256=row.key_sha256,
        payload=row.payload,
        owner=owner,
        attempt=row.attempts,
        taken_at=row.taken_at,
    )


def end_delivery(
    connection: Connection, lease: DeliveryLease, outcome: Outcome, sequel: Sequel, *, worker: Caller
) -> bool:
    """Keep what came of an attempt; False when the lease was lost."""
    is_live = _lock_webhook(connection, lease.webhook_id)
    values = {"status": outcome.status, "reason": outcome.reason}
    if not isinstance(sequel, Again):
        values |= ended("delivered" if isinstance(sequel, Delivered) else "failed")
    else:
        values |= _queued(sequel.seconds) if is_live else ended("cancelled")
    if not _leave(connection, lease.delivery_id, lease.owner, lease.attempt, values):
        return False
    if isinstance(sequel, Gone):
        disable_webhook(connection, lease.webhook_id, worker)
    return True


def end_expired_deliveries(connection: Connection, *, most_attempts: int) -> int:
    """Queue again what a lost worker had in hand, or give it up after its last attempt, and return how much that was.

    The receiver may have got it, and drops by its id what it has already.
    """
    expired = (webhook_deliveries.c.state == "leased", webhook_deliveries.c.lease_until < database_now())
    rows = connection.execute(select(webhook_deliveries).where(*expired).order_by(webhook_deliveries.c.webhook_id))
    number = 0
    for row in rows.all():
        is_live = _lock_webhook(connection, row.webhook_id)
        values: dict[str, Any] = {"status": None, "reason": INTERRUPTED}
        if row.attempts >= most_attempts:
            values |= ended("failed")
        else:
            values |= _queued(0.0) if is_live else ended("cancelled")
        number += _leave(connection, row.id, row.owner, row.attempts, values)
    return number


def _is_due(busy: Collection[str]) -> ColumnElement[bool]:
    return (
        (webhook_deliveries.c.state == "queued")
        & (webhook_deliveries.c.due_at <= database_now())
        & webhook_deliveries.c.tenant.not_in(busy)
    )


def _of_its_webhook(column: Column[str]) -> ColumnElement[str]:
    own = webhooks.c.id == webhook_deliveries.c.webhook_id
    return select(column).where(own).scalar_subquery().label(column.name)


def _lock_webhook(connection: Connection, webhook_id: str) -> bool:
    """Lock a webhook's row and tell whether anything may still be sent to it."""
    row = connection.execute(select(webhooks).where(webhooks.c.id == webhook_id).with_for_update()).one()
    return row.deleted_at is None and row.disabled_at is None


def _queued(seconds: float) -> dict[str, Any]:
    # What it tells of was deleted meanwhile.
    is_empty = webhook_deliveries.c.payload.is_(None)
    return {
        "state": case((is_empty, "cancelled"), else_="queued"),
        "finished_at": case((is_empty, database_now())),
        "due_at": database_now() + seconds,
    }


def _leave(connection: Connection, delivery_id: str, owner: str, attempt: int, values: dict[str, Any]) -> bool:
    held = (
        webhook_deliveries.c.id == delivery_id,
        webhook_deliveries.c.state == "leased",
        webhook_deliveries.c.owner == owner,
        webhook_deliveries.c.attempts == attempt,
    )
    freed = {**values, "owner": None, "lease_until": None}
    return connection.execute(update(webhook_deliveries).where(*held).values(freed)).rowcount == 1
