"""Webhooks: receivers that are told when a job has ended."""

from fastapi import APIRouter, Depends

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.models import Delivery, DeliveryPage, FieldProblem, NewWebhook, WebhookPage, WebhookRequest
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.webhooks import (
    delete_webhook,
    insert_webhook,
    list_webhook_deliveries,
    list_webhooks,
    ping_webhook,
)
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken
from pigeonhole_api.webhooks.receiver_urls import UnfitUrl, receiver_url

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"], dependencies=[Depends(allow(Role.ADMIN))])


@router.get("", summary="List webhooks", responses=refuses("page-token-invalid"))
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> WebhookPage:
    """Return a page of webhooks, the newest first; never a secret."""
    request = PageRequest(f"webhooks/{caller.tenant}", page_size, page_token)
    with platform.database.read() as connection:
        return list_webhooks(connection, caller.tenant, request, platform.signer)


@router.post(
    "",
    status_code=201,
    summary="Make a webhook",
    responses=refuses("webhook-url-invalid", "too-many-webhooks", "storage-full"),
)
def create(wanted: WebhookRequest, platform: PlatformDependency, caller: CallerDependency) -> NewWebhook:
    """Make a webhook and show the secret of its signatures, this once."""
    settings = platform.settings
    try:
        url = receiver_url(wanted.url, settings.receiver_networks)
    except UnfitUrl as error:
        detail = str(error)
        problem = FieldProblem(field="body.url", detail=detail)
        raise Refusal("webhook-url-invalid", f"url: {detail}", errors=[problem]) from error
    with platform.database.write() as connection:
        return insert_webhook(
            connection,
            wanted.model_copy(update={"url": url}),
            caller,
            most=settings.webhooks_per_tenant,
            secret=settings.secret,
        )


@router.get(
    "/{webhook_id}/deliveries",
    summary="List a webhook's deliveries",
    responses=refuses("webhook-missing", "page-token-invalid"),
)
def list_all_deliveries(
    webhook_id: str,
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DeliveryPage:
    """Return a page of deliveries, the newest first, with what the receiver answered."""
    request = PageRequest(f"webhook-deliveries/{caller.tenant}/{webhook_id}", page_size, page_token)
    with platform.database.read() as connection:
        return list_webhook_deliveries(connection, caller.tenant, webhook_id, request, platform.signer)


@router.post(
    "/{webhook_id}/tests",
    status_code=202,
    summary="Send a ping",
    responses=refuses("webhook-missing", "webhook-disabled", "storage-full"),
)
def send_ping(webhook_id: str, platform: PlatformDependency, caller: CallerDependency) -> Delivery:
    """Queue a `ping`; its delivery shows what came of it."""
    with platform.database.write() as connection:
        return ping_webhook(connection, webhook_id, caller)


@router.delete(
    "/{webhook_id}", status_code=204, summary="Delete a webhook", responses=refuses("webhook-missing", "storage-full")
)
def delete(webhook_id: str, platform: PlatformDependency, caller: CallerDependency) -> None:
    """Send it nothing more; what waits is cancelled, and what is being sent ends."""
    with platform.database.write() as connection:
        delete_webhook(connection, webhook_id, caller)
