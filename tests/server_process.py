"""Servers of other projects as processes of a test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import httpx

from pigeonhole_frontends.laptop.ports import any_free_port

START_SECONDS = 300
STOP_SECONDS = 120


@contextmanager
def running(
    command: list[str],
    ready: str,
    log: Path,
    environment: Mapping[str, str] | None = None,
    ending: signal.Signals = signal.SIGTERM,
) -> Iterator[None]:
    """Run a server until it answers 200 at its `ready` address, and to the end of the block, when it gets a signal."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, env={**os.environ, **(environment or {})}, stdout=output, stderr=output, process_group=0
        )
    try:
        _wait_for(ready, process, log)
        yield
    finally:
        # One that has ended by itself is told with its log.
        with suppress(ProcessLookupError):
            os.killpg(process.pid, ending)
        process.wait(STOP_SECONDS)


@contextmanager
def mlflow_server(folder: Path, database: str = "", ending: signal.Signals = signal.SIGTERM) -> Iterator[str]:
    """Run MLflow on a database, or on SQLite, with its files in a folder, and give its address."""
    port = any_free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", database or f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    url = f"http://127.0.0.1:{port}"
    # Its runner of jobs is several processes more, which nobody here asks anything.
    environment = {"MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with running(command, url + "/health", folder / "log", environment, ending):
        yield url


def _wait_for(url: str, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end:
        assert process.poll() is None, log.read_text()[-2000:]
        try:
            if httpx.get(url, timeout=5).status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(f"{url} did not answer in {START_SECONDS} s: {log.read_text()[-2000:]}")
