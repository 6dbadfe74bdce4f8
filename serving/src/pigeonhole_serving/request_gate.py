"""What every request passes: its id, the limit of its body, a last net under errors, and the metrics."""

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole.telemetry.exchange import Exchange
from pigeonhole.telemetry.http import REJECTED
from pigeonhole.telemetry.tracing import server_span, trace_headers, trace_ids
from pigeonhole_serving.errors import Reason, ServingError, error_body, failure, malformed_field, overloaded
from pigeonhole_serving.metrics import IN_FLIGHT
from pigeonhole_serving.settings import ServingSettings

_log = get_logger(__name__)
_BINARY_HEADER = "inference-header-content-length"
_EVENT_HEADER = "ce-"
_EVENT_TYPE = "application/cloudevents"


def error_response(error: ServingError, request_id: str, retry_after_seconds: int) -> JSONResponse:
    """Return an error as a response, and count it."""
    REJECTED.labels(error.reason).inc()
    _log.info("request refused", reason=error.reason, status=error.status, fields=[e.field for e in error.errors])
    headers = {"retry-after": str(retry_after_seconds)} if error.asks_to_retry else {}
    if error.allow:
        headers["allow"] = error.allow
    return JSONResponse(error_body(error, request_id), status_code=error.status, headers=headers)


class RequestGate:
    """The outermost layer of ours around KServe's application."""

    def __init__(self, app: ASGIApp, *, settings: ServingSettings, is_full: Callable[[], bool]) -> None:
        self._app = app
        self._settings = settings
        self._is_full = is_full
        self._in_flight = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        exchange = Exchange(scope, send)
        answer = self._answer_traced if scope["method"] == "POST" else self._answer
        with bind_context(request_id=exchange.request_id):
            try:
                await answer(exchange, receive)
            finally:
                exchange.count()

    async def _answer_traced(self, exchange: Exchange, receive: Receive) -> None:
        with server_span("POST", Headers(scope=exchange.scope)) as current, bind_context(**trace_ids()):
            exchange.answer_headers |= {name.encode(): value.encode() for name, value in trace_headers().items()}
            await self._answer(exchange, receive)
            current.update_name(f"POST {exchange.route}")
            current.set_attribute("http.route", exchange.route)
            current.set_attribute("http.response.status_code", exchange.status or 0)
            current.set_attribute("request_id", exchange.request_id)

    async def _answer(self, exchange: Exchange, receive: Receive) -> None:
        try:
            if exchange.scope["method"] != "POST":
                await self._app(exchange.scope, receive, exchange.send)
                return
            with self._admitted():
                self._check(Headers(scope=exchange.scope))
                body = await self._read(receive)
                await self._app(exchange.scope, _replay(body, receive), exchange.send)
        except ServingError as error:
            await self._fail(exchange, receive, error)
        except Exception:  # noqa: BLE001 - the last net: whatever it is, its text stays here
            _log.exception("request failed")
            await self._fail(exchange, receive, failure(Reason.INTERNAL, "The server has a fault."))

    @contextmanager
    def _admitted(self) -> Iterator[None]:
        # Bodies are held in memory, so as many requests as may be are a limit of that too.
        if self._in_flight >= self._settings.max_requests:
            raise overloaded()
        self._in_flight += 1
        IN_FLIGHT.set(self._in_flight)
        try:
            yield
        finally:
            self._in_flight -= 1
            IN_FLIGHT.set(self._in_flight)

    def _check(self, headers: Headers) -> None:
        if _BINARY_HEADER in headers:
            raise malformed_field(f"headers.{_BINARY_HEADER}", "Binary tensors are not accepted; send JSON.")
        if _is_cloud_event(headers):
            raise malformed_field("body", "CloudEvents are not accepted; send JSON of the V1 or V2 protocol.")
        length = headers.get("content-length", "")
        if length.isdigit() and int(length) > self._settings.max_body_bytes:
            raise self._too_large()
        if self._is_full():
            raise overloaded()

    async def _read(self, receive: Receive) -> bytes:
        chunks, size = [], 0
        try:
            async with asyncio.timeout(self._settings.deadline_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise malformed_field("body", "The body ended early.")
                    chunk = message.get("body", b"")
                    size += len(chunk)
                    if size > self._settings.max_body_bytes:
                        raise self._too_large()
                    chunks.append(chunk)
                    if not message.get("more_body", False):
                        return b"".join(chunks)
        except TimeoutError as error:
            raise failure(Reason.TIMEOUT, "The request's body did not arrive in time.") from error

    def _too_large(self) -> ServingError:
        limit = f"{self._settings.max_body_bytes:,}"
        return failure(Reason.TOO_LARGE, f"The request's body is larger than {limit} bytes.")

    async def _fail(self, exchange: Exchange, receive: Receive, error: ServingError) -> None:
        if exchange.status is None:
            response = error_response(error, exchange.request_id, self._settings.retry_after_seconds)
            await response(exchange.scope, receive, exchange.send)


def request_id_of(request: Request) -> str:
    """Return the id that the gate gave a request."""
    return request.headers.get("x-request-id", "")


def _is_cloud_event(headers: Headers) -> bool:
    # kserve would take one, fails on those that are broken, and answers with another body than ours.
    return headers.get("content-type", "").lower().startswith(_EVENT_TYPE) or any(
        name.startswith(_EVENT_HEADER) for name in headers
    )


def _replay(body: bytes, receive: Receive) -> Receive:
    sent = False

    async def next_message() -> Message:
        nonlocal sent
        if sent:
            return await receive()
        sent = True
        return {"type": "http.request", "body": body, "more_body": False}

    return next_message
