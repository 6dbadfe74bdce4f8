"""One server process, its log file and its readiness."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from pigeonhole.processes import end_with_parent


@dataclass(frozen=True)
class ProcessSpec:
    """How to start a process: its name, command, extra environment, log file, and the URL that answers when ready."""

    name: str
    command: Sequence[str]
    log: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    ready_url: str | None = None


class ChildProcess:
    """A running process; it is told to end when this one dies, whatever kills it."""

    def __init__(self, spec: ProcessSpec) -> None:
        self.spec = spec
        spec.log.parent.mkdir(parents=True, exist_ok=True)
        with spec.log.open("ab") as log:
            # A group of its own, so that Ctrl-C reaches the parent alone, which ends the children in order.
            self._process = subprocess.Popen(
                spec.command,
                env={**os.environ, **spec.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                process_group=0,
                preexec_fn=end_with_parent,
            )

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """Return the exit code, or None while the process runs."""
        return self._process.poll()

    def is_ready(self, client: httpx.Client) -> bool:
        """Tell whether the process answers its readiness URL with 200; without such a URL, whether it runs."""
        if self.exit_code is not None:
            return False
        if self.spec.ready_url is None:
            return True
        try:
            return client.get(self.spec.ready_url).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def ask_to_end(self) -> None:
        """Send SIGTERM: the process finishes what it has in hand."""
        if self.exit_code is None:
            self._process.terminate()

    def wait(self, seconds: float) -> bool:
        """Wait for the end and tell whether it came; a process that does not end in time is killed."""
        try:
            self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return False
        return True
