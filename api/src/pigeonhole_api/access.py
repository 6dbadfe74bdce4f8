"""Who may call: the holder of the access token."""

import hmac
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from pigeonhole_api.platform import PlatformState, platform_state
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import Caller

_bearer = HTTPBearer(auto_error=False, description="The platform's access token.")


def authenticate(
    request: Request,
    platform: Annotated[PlatformState, Depends(platform_state)],
    credentials: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
) -> Caller:
    """Return the caller.

    Raises:
        Refusal: 401 `unauthorized`.
    """
    given = credentials.credentials if credentials else ""
    expected = platform.settings.token.get_secret_value()
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Refusal(
            401,
            "unauthorized",
            "The access token is missing or wrong.",
            hint="Send the header: Authorization: Bearer <token>.",
            headers={"WWW-Authenticate": "Bearer"},
        )
    return Caller(platform.settings.user_name, str(request.scope["request_id"]))


CallerDependency = Annotated[Caller, Depends(authenticate)]
