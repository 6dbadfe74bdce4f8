"""Webhooks: made, listed, asked for a sign of life, and deleted."""

from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import database_now, now
from pigeonhole_api.database.tables import webhooks
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import Delivery, DeliveryPage, NewWebhook, Webhook, WebhookPage, WebhookRequest
from pigeonhole_api.problems import Refusal, missing
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.records.webhook_deliveries import cancel_deliveries, insert_ping, list_deliveries
from pigeonhole_api.signing import Signer
from pigeonhole_api.webhooks.signatures import key_sha256, shown_secret, webhook_key


def insert_webhook(
    connection: Connection, wanted: WebhookRequest, caller: Caller, *, most: int, secret: str
) -> NewWebhook:
    """Keep a webhook and return it with the secret of its deliveries.

    Args:
        connection: The transaction.
        wanted: The webhook, whose URL was checked.
        caller: Who makes it.
        most: How many a tenant may have.
        secret: The platform's own secret.

    Raises:
        Refusal: 409 `too-many-webhooks`.
    """
    live = (webhooks.c.tenant == caller.tenant, webhooks.c.deleted_at.is_(None))
    count = connection.execute(select(func.count()).select_from(webhooks).where(*live)).scalar_one()
    if count >= most:
        hint = "Delete one that is not needed any more."
        raise Refusal("too-many-webhooks", f"There are {count} webhooks; at most {most} may be.", hint=hint)
    webhook_id, events = new_id("whk"), sorted(set(wanted.events))
    key = webhook_key(secret, webhook_id)
    connection.execute(
        insert(webhooks).values(
            id=webhook_id,
            tenant=caller.tenant,
            url=wanted.url,
            events=events,
            key_sha256=key_sha256(key),
            created_by=caller.name,
            created_at=now(connection),
        )
    )
    record(connection, caller, "webhook.created", webhook_id, events=",".join(events))
    made = _to_webhook(_get_row(connection, caller.tenant, webhook_id))
    return NewWebhook(**made.model_dump(), secret=shown_secret(key))


def list_webhooks(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> WebhookPage:
    """Return a page of a tenant's webhooks, the newest first."""
    page = read_page(
        connection,
        select(webhooks).where(webhooks.c.tenant == tenant, webhooks.c.deleted_at.is_(None)),
        request,
        signer,
        order=(webhooks.c.id,),
        key=lambda row: (row.id,),
        descending=True,
    )
    return WebhookPage(webhooks=[_to_webhook(row) for row in page.rows], next_page_token=page.next_page_token)


def list_webhook_deliveries(
    connection: Connection, tenant: str, webhook_id: str, request: PageRequest, signer: Signer
) -> DeliveryPage:
    """Return a page of the deliveries of a tenant's webhook, the newest first.

    Raises:
        Refusal: 404 `webhook-missing`.
    """
    _get_row(connection, tenant, webhook_id)
    return list_deliveries(connection, webhook_id, request, signer)


def ping_webhook(connection: Connection, webhook_id: str, caller: Caller) -> Delivery:
    """Queue a `ping` and return its delivery.

    Raises:
        Refusal: 404 `webhook-missing`, 409 `webhook-disabled`.
    """
    row = _get_row(connection, caller.tenant, webhook_id, lock=True)
    if row.disabled_at is not None:
        raise Refusal(
            "webhook-disabled",
            "The receiver has answered that it wants nothing more.",
            hint="Delete the webhook, and make it anew when the receiver is there again.",
        )
    delivery = insert_ping(connection, webhook_id, caller.tenant)
    record(connection, caller, "webhook.tested", webhook_id, delivery=delivery.id)
    return delivery


def delete_webhook(connection: Connection, webhook_id: str, caller: Caller) -> None:
    """Forget a webhook's URL and cancel what waits for it.

    Raises:
        Refusal: 404 `webhook-missing`.
    """
    own = (webhooks.c.id == webhook_id, webhooks.c.tenant == caller.tenant, webhooks.c.deleted_at.is_(None))
    # The row stays for the deliveries that name it; its URL may hold what only the receiver should know.
    if connection.execute(update(webhooks).where(*own).values(deleted_at=database_now(), url="")).rowcount == 0:
        raise missing("webhook", webhook_id)
    record(connection, caller, "webhook.deleted", webhook_id, cancelled=cancel_deliveries(connection, webhook_id))


def disable_webhook(connection: Connection, webhook_id: str, caller: Caller) -> None:
    """Send nothing more to a webhook, whose row the caller has locked, and cancel what waits for it."""
    live = (webhooks.c.id == webhook_id, webhooks.c.deleted_at.is_(None), webhooks.c.disabled_at.is_(None))
    if connection.execute(update(webhooks).where(*live).values(disabled_at=database_now())).rowcount == 0:
        return
    record(connection, caller, "webhook.disabled", webhook_id, cancelled=cancel_deliveries(connection, webhook_id))


def _get_row(connection: Connection, tenant: str, webhook_id: str, *, lock: bool = False) -> Row[Any]:
    own = (webhooks.c.id == webhook_id, webhooks.c.tenant == tenant, webhooks.c.deleted_at.is_(None))
    statement = select(webhooks).where(*own)
    row = connection.execute(statement.with_for_update(read=True) if lock else statement).one_or_none()
    if row is None:
        raise missing("webhook", webhook_id)
    return row


def _to_webhook(row: Row[Any]) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        events=row.events,
        created_by=row.created_by,
        created_at=to_moment(row.created_at),
        disabled_at=to_moment(row.disabled_at),
    )
