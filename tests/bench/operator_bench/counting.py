"""A way to the API server that counts: the operator's requests pass through it, by verb and resource."""

import asyncio
import contextlib
import re
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import yaml
from aiohttp import ClientSession, ClientTimeout, web
from tests.e2e.kubectl import Kubectl

from pigeonhole_frontends.laptop.ports import any_free_port

_RESOURCE = re.compile(r"/(?:api|apis/[^/]+)/[^/]+/(?:namespaces/[^/]+/)?([a-z]+)(?:/[^/]+)?(/[a-z]+)?$")
_DROPPED = frozenset({"host", "content-length", "transfer-encoding", "connection"})


class CountingProxy:
    """Forwards to `upstream` and counts what it forwards; watches are counted when they begin."""

    def __init__(self, upstream: str) -> None:
        self.port = any_free_port()
        self.counts: Counter[str] = Counter()
        self._upstream = upstream
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> "CountingProxy":
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._start(), self._loop).result(10)
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)

    async def _start(self) -> None:
        self._session = ClientSession(timeout=ClientTimeout(total=None), auto_decompress=False)
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._forward)
        self._runner = web.AppRunner(application, access_log=None, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()

    async def _end(self) -> None:
        await self._runner.cleanup()
        await self._session.close()
        # Watches have no end of their own.
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    async def _forward(self, request: web.Request) -> web.StreamResponse:
        self.counts[name_of(request.method, request.path, "watch" in request.query)] += 1
        headers = {name: value for name, value in request.headers.items() if name.lower() not in _DROPPED}
        body = await request.read()
        url = f"{self._upstream}{request.raw_path}"
        # A content type that nobody named is refused with 415.
        asked = self._session.request(
            request.method, url, headers=headers, data=body or None, skip_auto_headers=("Content-Type", "Accept")
        )
        async with asked as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in _DROPPED}
            response = web.StreamResponse(status=answer.status, headers=kept)
            await response.prepare(request)
            async for block in answer.content.iter_any():
                await response.write(block)
            await response.write_eof()
            return response


def name_of(method: str, path: str, watches: bool) -> str:
    """Return what a request is, such as `get configmaps` or `watch modeldeployments`."""
    found = _RESOURCE.search(path)
    resource = f"{found[1]}{found[2] or ''}" if found else "discovery"
    return f"{'watch' if watches else method.lower()} {resource}"


@contextlib.contextmanager
def counted_api_server(folder: Path) -> Iterator[tuple[CountingProxy, Path]]:
    """Yield the counter, and a kubeconfig whose requests pass through it."""
    port = any_free_port()
    command = Kubectl("default").command("proxy", f"--port={port}", "--accept-hosts=.*", "--address=127.0.0.1")
    inner = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        with CountingProxy(f"http://127.0.0.1:{port}") as proxy:
            kubeconfig = folder / "kubeconfig"
            kubeconfig.write_text(_kubeconfig(proxy.port))
            yield proxy, kubeconfig
    finally:
        inner.terminate()
        inner.wait(10)


def _kubeconfig(port: int) -> str:
    return yaml.safe_dump(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": "counted",
            "clusters": [{"name": "counted", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
            "contexts": [{"name": "counted", "context": {"cluster": "counted", "user": "counted"}}],
            "users": [{"name": "counted", "user": {}}],
        }
    )
