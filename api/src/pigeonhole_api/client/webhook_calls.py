"""Calls about webhooks."""

from collections.abc import Sequence
from urllib.parse import quote

from pigeonhole_api.client.transport import Transport, parse
from pigeonhole_api.models import Delivery, DeliveryPage, NewWebhook, WebhookPage


class WebhookCalls:
    """The calls of an admin about webhooks."""

    _transport: Transport

    def create_webhook(self, url: str, events: Sequence[str] = ("job.finished",)) -> NewWebhook:
        """Make a webhook; its secret is shown this once."""
        body = {"url": url, "events": list(events)}
        return parse(NewWebhook, self._transport.send("POST", "/v1/webhooks", json=body))

    def webhooks(self, *, page_size: int | None = None, page_token: str | None = None) -> WebhookPage:
        """Return a page of webhooks, the newest first."""
        return self._transport.read(WebhookPage, "/v1/webhooks", {"page_size": page_size, "page_token": page_token})

    def webhook_deliveries(
        self, webhook_id: str, *, page_size: int | None = None, page_token: str | None = None
    ) -> DeliveryPage:
        """Return a page of a webhook's deliveries, the newest first."""
        query = {"page_size": page_size, "page_token": page_token}
        return self._transport.read(DeliveryPage, f"{_path(webhook_id)}/deliveries", query)

    def ping_webhook(self, webhook_id: str) -> Delivery:
        """Send a `ping`; its delivery shows what came of it."""
        return parse(Delivery, self._transport.send("POST", f"{_path(webhook_id)}/tests"))

    def delete_webhook(self, webhook_id: str) -> None:
        """Send it nothing more."""
        self._transport.send("DELETE", _path(webhook_id))


def _path(webhook_id: str) -> str:
    return f"/v1/webhooks/{quote(webhook_id, safe='')}"
