"""From a request's Authorization header to its caller: the access token, an API key, or a token of the issuer."""

import hmac
from collections.abc import Callable

from pydantic import SecretStr
from starlette.concurrency import run_in_threadpool

from pigeonhole_api.auth.api_keys import PREFIX, ApiKey, parse_api_key
from pigeonhole_api.auth.bearer_tokens import TokenVerifier
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.problems import Refusal

_SCHEME = "bearer "
_LONGEST = 16_384


class Authenticator:
    """Every way to sign in that the settings allow."""

    def __init__(
        self,
        token: SecretStr | None,
        token_holder: str,
        verifier: TokenVerifier | None,
        find_key_holder: Callable[[ApiKey], Caller | None],
    ) -> None:
        self._token = None if token is None else token.get_secret_value().encode()
        self._holder = Caller(token_holder, roles=frozenset({Role.ADMIN}))
        self._verifier = verifier
        self._find_key_holder = find_key_holder

    async def caller(self, authorization: str) -> Caller:
        """Return who an Authorization header says is calling.

        Raises:
            Refusal: 401 `unauthorized`, `token-expired` or `token-invalid`, 403 `no-role` or `no-tenant`, 503
                `sign-in-unavailable`.
        """
        if not authorization.lower().startswith(_SCHEME) or len(authorization) > _LONGEST:
            raise _unauthorized()
        given = authorization[len(_SCHEME) :].strip()
        if self._token is not None and hmac.compare_digest(given.encode(), self._token):
            return self._holder
        if given.startswith(PREFIX):
            return await self._key_holder(given)
        if self._verifier is not None and given.count(".") == 2:
            # A key that is not known yet is asked of the issuer, which may take its time.
            return await run_in_threadpool(self._verifier.verify, given)
        raise _unauthorized()

    async def _key_holder(self, given: str) -> Caller:
        key = parse_api_key(given)
        found = None if key is None else await run_in_threadpool(self._find_key_holder, key)
        if found is None:
            raise _unauthorized()
        return found


def _unauthorized() -> Refusal:
    return Refusal(
        "unauthorized",
        "The access token is missing or wrong.",
        hint="Send the header: Authorization: Bearer <token>.",
        headers={"WWW-Authenticate": "Bearer"},
    )
