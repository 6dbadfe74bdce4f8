"""Deliveries of webhooks: rows that are written in the transaction of what they tell, and listed.

So nothing is told that was rolled back, and nothing that was committed goes untold.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from pigeonhole_api.database import database_now, now
from pigeonhole_api.database.tables import webhook_deliveries, webhooks
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import (
    Delivery,
    DeliveryEvent,
    DeliveryPage,
    JobCounts,
    JobFinished,
    Ping,
    WebhookPayload,
)
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer


def tell_job_finished(connection: Connection, job: Row[Any], counts: JobCounts) -> None:
    """Queue what a tenant's webhooks are to be told of a job that has ended; never a file's name, nor its text."""
    own = (webhooks.c.tenant == job.tenant, webhooks.c.deleted_at.is_(None), webhooks.c.disabled_at.is_(None))
    # Locked, so that a webhook that is being deleted takes these deliveries with it.
    rows = connection.execute(select(webhooks).where(*own).order_by(webhooks.c.id).with_for_update(read=True)).all()
    told = [row.id for row in rows if "job.finished" in row.events]
    if not told:
        return
    moment = to_moment(job.finished_at)
    data = JobFinished(
        job_id=job.id,
        reference=job.reference,
        state=job.state,
        counts=counts,
        model_version=job.model_version,
        created_at=to_moment(job.created_at),
        finished_at=moment,
    )
    _insert(connection, told, job.tenant, "job.finished", job.id, data, moment)


def insert_ping(connection: Connection, webhook_id: str, tenant: str) -> Delivery:
    """Queue a delivery that tells nothing, and return it."""
    moment = to_moment(now(connection))
    (delivery_id,) = _insert(connection, [webhook_id], tenant, "ping", webhook_id, Ping(webhook_id=webhook_id), moment)
    row = connection.execute(select(webhook_deliveries).where(webhook_deliveries.c.id == delivery_id)).one()
    return _to_delivery(row)


def list_deliveries(connection: Connection, webhook_id: str, request: PageRequest, signer: Signer) -> DeliveryPage:
    """Return a page of a webhook's deliveries, the newest first."""
    page = read_page(
        connection,
        select(webhook_deliveries).where(webhook_deliveries.c.webhook_id == webhook_id),
        request,
        signer,
        order=(webhook_deliveries.c.id,),
        key=lambda row: (row.id,),
        descending=True,
    )
    return DeliveryPage(deliveries=[_to_delivery(row) for row in page.rows], next_page_token=page.next_page_token)


def cancel_deliveries(connection: Connection, webhook_id: str) -> int:
    """Cancel what waits for a webhook, whose row the caller has changed before, and return how much that was."""
    waiting = (webhook_deliveries.c.webhook_id == webhook_id, webhook_deliveries.c.state == "queued")
    return connection.execute(update(webhook_deliveries).where(*waiting).values(ended("cancelled"))).rowcount


def silence_job(connection: Connection, job_id: str) -> None:
    """Let nothing more be told of a job that is deleted; what is being told ends with this attempt."""
    for state, values in (("queued", ended("cancelled")), ("leased", {"payload": None})):
        of_job = (webhook_deliveries.c.resource == job_id, webhook_deliveries.c.state == state)
        connection.execute(update(webhook_deliveries).where(*of_job).values(values))


def ended(state: str) -> dict[str, Any]:
    """Return the values of a delivery that is not tried again."""
    # What was to be told is nobody's business any more.
    return {"state": state, "payload": None, "finished_at": database_now()}


def forget_deliveries(connection: Connection, *, seconds: float) -> int:
    """Delete the deliveries that ended longer ago than that, and return how many they were."""
    old = webhook_deliveries.c.finished_at < database_now() - seconds
    return connection.execute(delete(webhook_deliveries).where(old)).rowcount


def _insert(
    connection: Connection,
    webhook_ids: Sequence[str],
    tenant: str,
    event: DeliveryEvent,
    resource: str,
    data: JobFinished | Ping,
    moment: datetime,
) -> list[str]:
    payload = WebhookPayload(type=event, timestamp=moment, data=data).model_dump(mode="json")
    rows = [
        {
            "id": new_id("msg"),
            "tenant": tenant,
            "webhook_id": webhook_id,
            "event": event,
            "resource": resource,
            "payload": payload,
            "state": "queued",
            "due_at": moment.timestamp(),
            "created_at": moment.timestamp(),
        }
        for webhook_id in webhook_ids
    ]
    connection.execute(insert(webhook_deliveries), rows)
    return [str(row["id"]) for row in rows]


def _to_delivery(row: Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.event,
        resource=row.resource,
        state=row.state,
        attempts=row.attempts,
        status=row.status,
        reason=row.reason,
        created_at=to_moment(row.created_at),
        due_at=to_moment(row.due_at) if row.state == "queued" else None,
        finished_at=to_moment(row.finished_at),
    )
