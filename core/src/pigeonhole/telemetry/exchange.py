"""One HTTP request over ASGI, from its id to its place in the metrics; what every HTTP server of ours does alike."""

import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from uuid import uuid4

from pigeonhole.telemetry.http import HTTP_REQUESTS, HTTP_SECONDS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Send = Callable[[Message], Awaitable[None]]

REQUEST_ID = b"x-request-id"
_ID = re.compile(r"[A-Za-z0-9._:-]{1,128}")
_CLIENT_GONE = 499
"""Counted where nobody waited for the answer; nginx's code for the same."""


class Exchange:
    """A request, its id and the status of its answer.

    The id is the caller's own when it is harmless, else a new one; the scope's headers carry it from here on, and so
    does the answer, beside what else is put among the `answer_headers`. `status` is None until the answer begins.
    """

    def __init__(self, scope: Scope, send: Send) -> None:
        others = [header for header in scope["headers"] if header[0] != REQUEST_ID]
        given = next((value.decode("latin-1") for name, value in scope["headers"] if name == REQUEST_ID), "")
        self.request_id = given if _ID.fullmatch(given) else uuid4().hex
        self.scope: Scope = {**scope, "headers": [*others, (REQUEST_ID, self.request_id.encode())]}
        self.status: int | None = None
        self.answer_headers: dict[bytes, bytes] = {REQUEST_ID: self.request_id.encode()}
        self._send = send
        self._started = time.perf_counter()

    async def send(self, message: Message) -> None:
        """Send a part of the answer, with the `answer_headers` among its headers."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            others = [header for header in message.get("headers", ()) if header[0].lower() not in self.answer_headers]
            message["headers"] = [*others, *self.answer_headers.items()]
        await self._send(message)

    @property
    def route(self) -> str:
        """The path pattern of the route that answered, or `other` for an address that has none."""
        return getattr(self.scope.get("route"), "path", "other")

    def count(self) -> None:
        """Count the request by the route that answered it, and the time that it took."""
        route = self.route
        method = self.scope["method"]
        HTTP_REQUESTS.labels(route, method, str(self.status or _CLIENT_GONE)).inc()
        HTTP_SECONDS.labels(route, method).observe(time.perf_counter() - self._started)
