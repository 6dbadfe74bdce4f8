"""The audit trail: rows are only ever added."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import audit_events
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import AuditEvent, AuditEventPage
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer


def record(connection: Connection, caller: Caller, action: str, resource: str, **details: str | int | None) -> None:
    """Add an event to the trail, in the transaction of what it tells.

    Args:
        connection: The transaction.
        caller: Who acts.
        action: What is done, such as `job.created`.
        resource: The id of what it is done to.
        details: Ids, counts and reasons; never a file name.
    """
    values = {
        "id": new_id("evt"),
        "tenant": caller.tenant,
        "at": now(connection),
        "actor": caller.name,
        "action": action,
        "resource": resource,
        "request_id": caller.request_id,
        "details": details,
    }
    connection.execute(insert(audit_events).values(values))


def list_events(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> AuditEventPage:
    """Return a page of a tenant's events, the newest first."""
    page = read_page(
        connection,
        select(audit_events).where(audit_events.c.tenant == tenant),
        request,
        signer,
        order=(audit_events.c.id,),
        key=lambda row: (row.id,),
        descending=True,
    )
    return AuditEventPage(events=[_to_event(row) for row in page.rows], next_page_token=page.next_page_token)


def _to_event(row: Row[Any]) -> AuditEvent:
    return AuditEvent(
        id=row.id,
        at=to_moment(row.at),
        actor=row.actor,
        action=row.action,
        resource=row.resource,
        request_id=row.request_id,
        details=row.details,
    )
