"""What every request passes: its host, its id, the limit of its body, a last net under errors, and the metrics."""

import re
from collections.abc import Iterable
from dataclasses import replace

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole.telemetry.exchange import Exchange
from pigeonhole_api.auth.authentication import Authenticator
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.auth.rate_limits import RateLimit
from pigeonhole_api.problems import Refusal, internal_fault, problem_response

_log = get_logger(__name__)
_PORT = re.compile(r":[0-9]+$")
_MOST_JSON_BYTES = 2_000_000
_SECURITY_HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}
"""What no answer goes without; what people have uploaded must do nothing on its own in a browser."""
_OWN_SCRIPTS = "script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:"
_DOCS_POLICY = f"default-src 'self'; {_OWN_SCRIPTS}; frame-ancestors 'none'"


class RequestGate:
    """The outermost layer around the application."""

    def __init__(
        self, app: ASGIApp, authenticator: Authenticator, limit: RateLimit, *, hosts: Iterable[str], most_bytes: int
    ) -> None:
        self._app = app
        self._authenticator = authenticator
        self._limit = limit
        self._hosts = frozenset(hosts)
        self._most_bytes = most_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = _Exchange(scope, send)
        with bind_context(request_id=exchange.request_id):
            try:
                await self._answer(exchange, receive)
            finally:
                exchange.count()

    async def _answer(self, exchange: "_Exchange", receive: Receive) -> None:
        try:
            headers = Headers(scope=exchange.scope)
            self._check_host(headers)
            caller = await self._caller(exchange, headers)
            exchange.scope["caller"] = caller
            # A body is read before the route asks who sends it: a stranger must not fill the memory meanwhile.
            is_upload = isinstance(caller, Caller) and _is_upload(exchange.scope["method"], headers)
            most = self._most_bytes if is_upload else _MOST_JSON_BYTES
            _check_length(headers, most)
            await self._app(exchange.scope, _limited(receive, most), exchange.send)
        except Refusal as refusal:
            await exchange.fail(refusal, receive)
        except Exception:  # noqa: BLE001 - the last net: whatever it is, its text stays here
            _log.exception("request_failed")
            await exchange.fail(internal_fault(), receive)

    async def _caller(self, exchange: "_Exchange", headers: Headers) -> Caller | Refusal:
        """Return who calls, or why that cannot be said: it is for the route to mind or not.

        Raises:
            Refusal: 429 `rate-limited`.
        """
        try:
            caller = await self._authenticator.caller(headers.get("authorization", ""))
        except Refusal as refusal:
            return refusal
        if exchange.scope["path"].startswith("/v1/"):
            self._limit.check(f"{caller.tenant}\x00{caller.key_id or ''}\x00{caller.name}")
        return replace(caller, request_id=exchange.request_id)

    def _check_host(self, headers: Headers) -> None:
        # A page of another site can make a browser send requests here under its own name (DNS rebinding).
        name = _PORT.sub("", headers.get("host", "").strip()).strip("[]").lower()
        if "*" not in self._hosts and name not in self._hosts:
            raise Refusal(
                "host-not-allowed",
                "The Host header does not name this server.",
                hint="Use an address that PIGEONHOLE_API_ALLOWED_HOSTS lists.",
            )


class _Exchange(Exchange):
    def __init__(self, scope: Scope, send: Send) -> None:
        super().__init__(scope, send)
        self.scope["request_id"] = self.request_id

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            if self.scope["path"].startswith("/docs"):
                headers["content-security-policy"] = _DOCS_POLICY
            for name, value in _SECURITY_HEADERS.items():
                headers.setdefault(name, value)
        await super().send(message)

    async def fail(self, refusal: Refusal, receive: Receive) -> None:
        if self.status is None:
            response = problem_response(refusal, instance=self.scope["path"], request_id=self.request_id)
            await response(self.scope, receive, self.send)


def _is_upload(method: str, headers: Headers) -> bool:
    return method == "PUT" or headers.get("content-type", "").startswith("multipart/")


def _check_length(headers: Headers, most: int) -> None:
    length = headers.get("content-length", "")
    if length.isdigit() and int(length) > most:
        raise _too_large(most)


def _limited(receive: Receive, most: int) -> Receive:
    """Return a receiver that refuses a body which grows beyond the limit, whatever its headers said."""
    size = 0

    async def limited() -> Message:
        nonlocal size
        message = await receive()
        size += len(message.get("body", b""))
        if size > most:
            raise _too_large(most)
        return message

    return limited


def _too_large(most: int) -> Refusal:
    return Refusal(
        "body-too-large", f"The request has more than {most:,} bytes.", hint="Send the files in several jobs."
    )
