"""A real HTTP proxy between the operator and a server, which breaks what a case asks it to break."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import aiohttp
from aiohttp import web

from .loop_thread import LoopThread

HOST = "127.0.0.1"
_HOP_BY_HOP = frozenset({"connection", "content-length", "host", "keep-alive", "transfer-encoding"})
_PAGE = b"<!doctype html><html><head><title>Sign in</title></head><body>Please sign in</body></html>"


class Fault(StrEnum):
    """What becomes of a request."""

    PASS = "pass"
    REFUSED = "refused"
    RESET = "reset"
    SLOW = "slow"
    ERROR = "error"
    GARBAGE = "garbage"
    TRUNCATED = "truncated"


@dataclass(frozen=True)
class Upstream:
    """Where a request goes on to: the server's address, what its headers get besides, what an answer means.

    An answer with the header `unreachable` stands for a connection that failed behind the server.
    """

    base: str
    headers: Callable[[web.BaseRequest], dict[str, str]] = lambda _: {}
    unreachable: str = ""


@dataclass(frozen=True)
class Exchange:
    """A request that was seen, and the status it was answered with; 0 for none."""

    method: str
    path: str
    status: int


class FaultProxy:
    """Passes requests on until it is told otherwise; `only` limits a fault to paths that contain it."""

    def __init__(self, loop: LoopThread, upstream: Upstream) -> None:
        self._loop, self._upstream = loop, upstream
        self._fault, self._only = Fault.PASS, ""
        self._switched = asyncio.Event()
        self.exchanges: list[Exchange] = []
        self.listeners: list[Callable[[Exchange], None]] = []
        self.port = 0
        loop.call(self._open())

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def breaks(self, fault: Fault, only: str = "") -> None:
        """Break requests from now on, also those that are under way."""
        self._loop.call(self._switch(fault, only))

    def heals(self) -> None:
        self.breaks(Fault.PASS)

    def close(self) -> None:
        self._loop.call(self._close())

    async def _open(self) -> None:
        # It passes on what it gets: neither a redirect nor a compressed body is its business.
        self._session = aiohttp.ClientSession(auto_decompress=False, timeout=aiohttp.ClientTimeout(total=60))
        self._runner = web.ServerRunner(web.Server(self._handle), shutdown_timeout=0.2)
        await self._runner.setup()
        await self._listen()

    async def _listen(self) -> None:
        self._site = web.TCPSite(self._runner, HOST, self.port, reuse_address=True)
        await self._site.start()
        self.port = int(self._site.name.rpartition(":")[2])

    async def _close(self) -> None:
        await self._switch(Fault.RESET, "")
        await self._runner.cleanup()
        await self._session.close()

    async def _switch(self, fault: Fault, only: str) -> None:
        was, (self._fault, self._only) = self._fault, (fault, only)
        self._switched.set()
        self._switched = asyncio.Event()
        if fault is Fault.REFUSED and was is not Fault.REFUSED:
            await self._site.stop()
        elif was is Fault.REFUSED and fault is not Fault.REFUSED:
            await self._listen()
        if self._runner.server is not None and not only:
            # Connections that are kept alive would outlive a server that is down.
            for connection in list(self._runner.server.connections):
                if connection.transport is not None and fault is not Fault.PASS:
                    connection.transport.abort()

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        body = await request.read()
        fault = self._fault if self._only in request.path else Fault.PASS
        if fault is Fault.SLOW:
            # Whoever has gone away by then gets nothing anyway.
            await self._switched.wait()
            fault = Fault.RESET
        if fault in (Fault.RESET, Fault.REFUSED):
            return self._abort(request)
        if fault is Fault.ERROR:
            return self._seen(request, web.Response(status=500, text="Internal Server Error"))
        if fault is Fault.GARBAGE:
            return self._seen(request, web.Response(body=_PAGE, content_type="text/html"))
        return await self._pass_on(request, body, truncated=fault is Fault.TRUNCATED)

    async def _pass_on(self, request: web.BaseRequest, body: bytes, *, truncated: bool) -> web.StreamResponse:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _HOP_BY_HOP}
        headers |= self._upstream.headers(request)
        url = self._upstream.base + request.rel_url.raw_path_qs
        try:
            async with self._session.request(
                request.method, url, data=body, headers=headers, allow_redirects=False
            ) as answer:
                content = await answer.read()
        except (aiohttp.ClientError, TimeoutError):
            return self._abort(request)
        if self._upstream.unreachable and self._upstream.unreachable in answer.headers:
            return self._abort(request)
        kept = {name: value for name, value in answer.headers.items() if name.lower() not in _HOP_BY_HOP}
        if truncated:
            return await self._truncate(request, answer.status, kept, content)
        return self._seen(request, web.Response(status=answer.status, headers=kept, body=content))

    async def _truncate(
        self, request: web.BaseRequest, status: int, headers: dict[str, str], content: bytes
    ) -> web.StreamResponse:
        response = web.StreamResponse(status=status, headers={**headers, "Content-Length": str(len(content) + 1)})
        await response.prepare(request)
        await response.write(content[: len(content) // 2])
        # The transport's buffer is given to the system before the connection ends.
        await asyncio.sleep(0.05)
        return self._abort(request, response)

    def _abort(self, request: web.BaseRequest, response: web.StreamResponse | None = None) -> web.StreamResponse:
        if request.transport is not None:
            request.transport.abort()
        self._tell(Exchange(request.method, request.path, 0))
        return response or web.Response()

    def _seen(self, request: web.BaseRequest, response: web.Response) -> web.Response:
        self._tell(Exchange(request.method, request.path, response.status))
        return response

    def _tell(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)
        for listener in list(self.listeners):
            with contextlib.suppress(ProcessLookupError):
                listener(exchange)
