"""Servers as processes of their own, from their start to their end."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx

from pigeonhole.errors import PigeonholeError
from pigeonhole_frontends.laptop.ports import any_free_port

_START_SECONDS = 180.0
_STOP_SECONDS = 30.0
_PAUSE_SECONDS = 0.1


class ServerFailed(PigeonholeError):
    """A server did not start; the message says what its log's last line says."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-server")


@dataclass(frozen=True)
class Program:
    """A server to start: its command, its port, the path that answers 200 once it is ready, and its environment."""

    name: str
    command: Sequence[str]
    port: int
    ready_path: str
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Running:
    """A server that is ready."""

    name: str
    pid: int
    port: int

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"


@contextmanager
def running(program: Program, logs: Path) -> Iterator[Running]:
    """Start a server, wait until it is ready, and end it and its children afterwards.

    Raises:
        ServerFailed: It ended, or was not ready in three minutes.
    """
    log = logs / f"{program.name}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            program.command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **program.environment},
            start_new_session=True,
        )
    try:
        _wait_until_ready(process, program, log)
        yield Running(program.name, process.pid, program.port)
    finally:
        _stop(process)


def ours(module: str, name: str, *arguments: str, **environment: str) -> Program:
    """Return one of Pigeonhole's model servers with its default settings, save those that are given."""
    port = any_free_port()
    command = [sys.executable, "-m", f"pigeonhole_serving.{module}", "--http_port", str(port), *arguments]
    settings = {f"PIGEONHOLE_{key.upper()}": value for key, value in environment.items()}
    return Program(name, command, port, "/readyz", settings)


def _wait_until_ready(process: "subprocess.Popen[bytes]", program: Program, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    url = f"http://127.0.0.1:{program.port}{program.ready_path}"
    while not _answers(url):
        if process.poll() is not None:
            raise ServerFailed(f"{program.name} ended with {process.returncode}: {_last_line(log)}")
        if time.monotonic() > deadline:
            raise ServerFailed(f"{program.name} was not ready in {_START_SECONDS:.0f} s: {_last_line(log)}")
        time.sleep(_PAUSE_SECONDS)


def _answers(url: str) -> bool:
    with suppress(httpx.TransportError):
        return httpx.get(url, timeout=5, trust_env=False).status_code == httpx.codes.OK
    return False


def _last_line(log: Path) -> str:
    lines = log.read_text(encoding="utf-8", errors="replace").strip().splitlines()
    return lines[-1] if lines else "its log is empty"


def _stop(process: "subprocess.Popen[bytes]") -> None:
    # A session of its own: some servers leave their workers behind when only the parent is told to end.
    for sign in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, sign)
        with suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)
