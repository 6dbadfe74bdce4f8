"""What the claims of a verified token say of its holder: a pure decision."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.problems import Refusal

_LONGEST_NAME = 100
_LONGEST_TENANT = 64


@dataclass(frozen=True)
class ClaimRules:
    """Where a token says what; a path such as `realm_access.roles` leads through nested claims.

    `role_names` gives the role of each value of the roles claim, and other values give none; `tenant` is that of tokens
    without a tenant claim, or None when they are refused.
    """

    name_path: str
    roles_path: str
    tenant_path: str
    role_names: Mapping[str, Role]
    tenant: str | None


def caller_of(claims: Mapping[str, Any], rules: ClaimRules) -> Caller:
    """Return the holder of a token.

    Raises:
        Refusal: 403 `no-role` or `no-tenant`.
    """
    name = _claim(claims, rules.name_path)
    roles = _roles(_claim(claims, rules.roles_path), rules.role_names)
    if not roles:
        raise Refusal(
            "no-role",
            "The sign-in gives no role on this platform.",
            hint=f"The claim '{rules.roles_path}' must name a group that PIGEONHOLE_OIDC_ROLES knows.",
        )
    return Caller(
        name=(name if isinstance(name, str) and name else str(claims["sub"]))[:_LONGEST_NAME],
        tenant=_tenant(_claim(claims, rules.tenant_path), rules),
        roles=roles,
        expires_at=float(claims["exp"]),
    )


def _claim(claims: Mapping[str, Any], path: str) -> Any:
    found: Any = claims
    for step in path.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _roles(given: Any, names: Mapping[str, Role]) -> frozenset[Role]:
    values = [given] if isinstance(given, str) else given if isinstance(given, list) else []
    return frozenset(names[value] for value in values if isinstance(value, str) and value in names)


def _tenant(given: Any, rules: ClaimRules) -> str:
    tenant = rules.tenant if given is None else given
    if isinstance(tenant, str) and 1 <= len(tenant) <= _LONGEST_TENANT and tenant.isprintable():
        return tenant
    raise Refusal(
        "no-tenant",
        "The sign-in names no tenant.",
        hint=f"The claim '{rules.tenant_path}' must be a name of 1 to {_LONGEST_TENANT} characters.",
    )
