"""The caller of a request: a name, a tenant, and roles that say what is allowed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

HOME_TENANT = "default"
"""The tenant of the access token's holder; its admins keep the models, which all tenants use."""


class Role(StrEnum):
    """What a caller may do: upload and watch, decide, keep training and access, or look after the running platform."""

    USER = "user"
    REVIEWER = "reviewer"
    ADMIN = "admin"
    OPS = "ops"


_INCLUDED = {Role.REVIEWER: {Role.USER}, Role.ADMIN: {Role.REVIEWER, Role.USER, Role.OPS}}


@dataclass(frozen=True)
class Caller:
    """Who acts, for which tenant, and in which request; a worker acts in none.

    `key_id` is the API key that was shown, and `expires_at` the end of what was shown, in seconds since 1970.
    """

    name: str
    request_id: str | None = None
    tenant: str = HOME_TENANT
    roles: frozenset[Role] = frozenset()
    key_id: str | None = None
    expires_at: float | None = None

    def has(self, role: Role) -> bool:
        """Tell whether the caller has a role, or one that includes it."""
        return role in with_included(self.roles)

    @property
    def keeps_models(self) -> bool:
        """Tell whether the caller may freeze, train and promote, which touches every tenant."""
        return self.tenant == HOME_TENANT and self.has(Role.ADMIN)


def with_included(roles: Iterable[Role]) -> frozenset[Role]:
    """Return roles with those that they include."""
    found = set(roles)
    return frozenset(found.union(*(_INCLUDED.get(role, set()) for role in found)))
