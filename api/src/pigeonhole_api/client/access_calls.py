"""Calls about access: who calls, and API keys."""

from collections.abc import Sequence

from pigeonhole_api.auth.callers import Role
from pigeonhole_api.client.transport import Transport, parse
from pigeonhole_api.models import ApiKeyPage, CallerSummary, NewApiKey


class AccessCalls:
    """The calls that any caller, and that admins make about access."""

    _transport: Transport

    def caller(self) -> CallerSummary:
        """Return whom the platform takes the caller for."""
        return self._transport.read(CallerSummary, "/v1/caller")

    def api_keys(self, *, page_size: int | None = None, page_token: str | None = None) -> ApiKeyPage:
        """Return a page of the tenant's keys that can be used, the newest first."""
        return self._transport.read(ApiKeyPage, "/v1/api-keys", {"page_size": page_size, "page_token": page_token})

    def create_api_key(self, name: str, roles: Sequence[Role], *, days: int = 365) -> NewApiKey:
        """Make a key and return it with its secret, which is never shown again.

        Args:
            name: Whom the key acts as.
            roles: What it may do; the caller must have these roles.
            days: Days until it expires.
        """
        body = {"name": name, "roles": list(roles), "days": days}
        return parse(NewApiKey, self._transport.send("POST", "/v1/api-keys", json=body))

    def revoke_api_key(self, key_id: str) -> None:
        """Let a key be of no use from now on."""
        self._transport.send("DELETE", f"/v1/api-keys/{key_id}")
