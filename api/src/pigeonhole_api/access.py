"""What a route asks of its caller; who that is, the request gate has found out before the body was read."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPBearer

from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.problems import Refusal

# For the API's description alone: the gate reads the header.
BEARER = HTTPBearer(auto_error=False, description="The access token, an API key, or a token of the sign-in service.")


# Dependencies that wait for nothing are `async`, though they await nothing either: plain ones run in other threads.


async def authenticate(request: Request, _header: Annotated[object, Depends(BEARER)]) -> Caller:
    """Return the caller.

    Raises:
        Refusal: What the gate found wrong with the sign-in, or 401 `unauthorized`.
    """
    found: Caller | Refusal = request.scope["caller"]
    if isinstance(found, Refusal):
        raise found
    return found


CallerDependency = Annotated[Caller, Depends(authenticate)]


def allow(*roles: Role) -> Callable[[Caller], Awaitable[None]]:
    """Return a dependency that lets callers with one of the roles pass."""

    async def check(caller: CallerDependency) -> None:
        require_role(caller, *roles)

    return check


def require_role(caller: Caller, *roles: Role) -> None:
    """Check that a caller has one of the roles.

    Raises:
        Refusal: 403 `forbidden`.
    """
    if not any(caller.has(role) for role in roles):
        raise _forbidden(f"This needs the role {' or '.join(roles)}.")


async def allow_keepers_of_models(caller: CallerDependency) -> None:
    """Let the admins of the home tenant pass: their models serve all tenants.

    Raises:
        Refusal: 403 `forbidden`.
    """
    if not caller.keeps_models:
        raise _forbidden("Models serve all tenants, so the admins of the home tenant keep them.")


def _forbidden(detail: str) -> Refusal:
    return Refusal("forbidden", detail, hint="Ask whoever grants roles on this platform.")
