"""Tokens of an OpenID Connect issuer: signature, issuer, audience and times are checked, then the claims are read."""

import httpx
import jwt
from jwt.exceptions import ExpiredSignatureError, PyJWTError

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.auth.claims import caller_of
from pigeonhole_api.auth.signing_keys import KeysUnavailable, SigningKeys
from pigeonhole_api.problems import Refusal
from pigeonhole_api.settings import OidcSettings

_DISCOVERY_SECONDS = 3.0
_REQUIRED = ["exp", "iss", "aud", "sub"]


class TokenVerifier:
    """Checks tokens by the keys of the one issuer that the settings name, whatever a token itself says of keys."""

    def __init__(self, settings: OidcSettings) -> None:
        self._settings = settings
        self._rules = settings.claim_rules()
        self._keys = SigningKeys(
            self._keys_address, lifetime=settings.keys_seconds, pause=settings.unknown_key_pause_seconds
        )

    def warm(self) -> None:
        """Read the issuer's keys before the first token comes."""
        self._keys.warm()

    def verify(self, token: str) -> Caller:
        """Return the holder of a token.

        Raises:
            Refusal: 401 `token-expired` or `token-invalid`, 403 `no-role` or `no-tenant`, 503 `sign-in-unavailable`.
        """
        try:
            key = self._keys.key(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                raise _invalid()
            # The algorithms are the settings', never the token's: a public key is no shared secret.
            claims = jwt.decode(
                token,
                key.key,
                algorithms=sorted(self._settings.accepted_algorithms),
                audience=self._settings.audience,
                issuer=self._settings.issuer,
                leeway=self._settings.leeway_seconds,
                options={"require": _REQUIRED, "verify_iat": True, "verify_nbf": True},
            )
        except KeysUnavailable as error:
            raise Refusal(
                "sign-in-unavailable",
                "The sign-in service does not answer, so the token cannot be checked.",
                hint="Try again in a moment.",
                headers={"Retry-After": "5"},
            ) from error
        except ExpiredSignatureError as error:
            raise _unauthorized("token-expired", "The sign-in has expired.", "Sign in again.") from error
        except PyJWTError as error:
            raise _invalid() from error
        return caller_of(claims, self._rules)

    def _keys_address(self) -> str:
        if self._settings.jwks_url:
            return self._settings.jwks_url
        address = f"{self._settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        answer = httpx.get(address, timeout=_DISCOVERY_SECONDS, follow_redirects=False)
        found = answer.raise_for_status().json()
        return str(found["jwks_uri"])


def _invalid() -> Refusal:
    return _unauthorized("token-invalid", "The token is not one of this platform's issuer.", "Sign in again.")


def _unauthorized(code: str, detail: str, hint: str) -> Refusal:
    return Refusal(code, detail, hint=hint, headers={"WWW-Authenticate": 'Bearer error="invalid_token"'})
