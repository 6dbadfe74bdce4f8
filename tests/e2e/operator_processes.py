"""The operator's runtime as processes on the cluster, and a way to the API server that can be cut."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import yaml

from pigeonhole_frontends.laptop.ports import any_free_port

from .kubectl import Kubectl, wait_until

ROOT = Path(__file__).parents[2]
LEASE_SECONDS = 4
_SETTINGS = {
    "LEASE_SECONDS": str(LEASE_SECONDS),
    "LEASE_RENEW_SECONDS": "2.5",
    "LEASE_RETRY_SECONDS": "0.5",
    # Nothing is found by a list that a watch should have brought.
    "RESYNC_SECONDS": "3600",
}


class OperatorProcess:
    """A running operator; `mark` is what it writes into the status of each ModelDeployment that it looks at."""

    def __init__(self, kubectl: Kubectl, folder: Path, mark: str, **settings: str) -> None:
        self.port = any_free_port()
        self.log = folder / f"{mark}-{self.port}.log"
        places = {"NAMESPACE": kubectl.namespace, "LEASE_NAMESPACE": kubectl.namespace, "PORT": str(self.port)}
        kubeconfig = settings.pop("kubeconfig", os.environ["KUBECONFIG"])
        own = {f"PIGEONHOLE_OPERATOR_{name}": value for name, value in {**_SETTINGS, **places, **settings}.items()}
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.operator_process"],
                cwd=ROOT,
                env={**os.environ, **own, "KUBECONFIG": kubeconfig, "OPERATOR_MARK": mark},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    def ready(self) -> "OperatorProcess":
        wait_until(lambda: self.answers("/readyz"), "an operator to be ready", self.said)
        return self

    def answers(self, path: str) -> bool:
        assert self.process.poll() is None, f"the operator ended: {self.said()}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(f"http://127.0.0.1:{self.port}{path}", timeout=5).status_code == httpx.codes.OK
        return False

    def metric(self, name: str) -> float:
        text = httpx.get(f"http://127.0.0.1:{self.port}/metrics", timeout=60).text
        return float(next(line.split()[1] for line in text.splitlines() if line.startswith(f"{name} ")))

    @property
    def leads(self) -> bool:
        return self.metric("pigeonhole_operator_leader") == 1

    def said(self) -> str:
        return self.log.read_text()[-3000:]

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(10)

    def terminate(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(60)

    def end(self) -> None:
        if self.process.poll() is None:
            self.kill()


class CuttableWay:
    """A way to the API server, at 127.0.0.1, whose connections can be cut, or held so that nothing passes any more."""

    def __init__(self, folder: Path) -> None:
        config = yaml.safe_load(Path(os.environ["KUBECONFIG"]).read_text())
        cluster = config["clusters"][0]["cluster"]
        host, _, port = cluster["server"].removeprefix("https://").partition(":")
        self._target = (host, int(port or 443))
        self._port = any_free_port()
        cluster["server"] = f"https://127.0.0.1:{self._port}"
        self.kubeconfig = folder / f"way-{self._port}.yaml"
        self.kubeconfig.write_text(yaml.safe_dump(config))
        self._loop = asyncio.new_event_loop()
        self._writers: set[asyncio.StreamWriter] = set()
        self._held: set[asyncio.StreamWriter] = set()
        self._passing: set[asyncio.Task[None] | None] = set()
        self._serving = asyncio.Event()

    @contextlib.contextmanager
    def open(self) -> Iterator["CuttableWay"]:
        thread = threading.Thread(target=self._loop.run_until_complete, args=(self._serve(),))
        thread.start()
        try:
            yield self
        finally:
            self._loop.call_soon_threadsafe(self._serving.set)
            thread.join(10)
            self._loop.close()

    def cut(self) -> None:
        """End all connections that there are."""
        self._loop.call_soon_threadsafe(lambda: [writer.transport.abort() for writer in self._writers])

    def hold(self) -> None:
        """Let nothing pass any more by the connections that there are; new ones are free."""
        self._loop.call_soon_threadsafe(lambda: self._held.update(self._writers))

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._connected, "127.0.0.1", self._port)
        await self._serving.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there_reader, there_writer = await asyncio.open_connection(*self._target)
        self._writers |= {writer, there_writer}
        self._passing.add(asyncio.current_task())
        await asyncio.gather(self._pass(reader, there_writer), self._pass(there_reader, writer))
        self._writers -= {writer, there_writer}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                if writer not in self._held:
                    writer.write(data)
                    await writer.drain()
        writer.transport.abort()
