"""The platform's processes, forked from one that has loaded their code: that takes longer than most of these tests.

They are processes like any other, to be killed, stopped and waited for. The tests of the apps and of the README start
the same modules by their commands.
"""

import importlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from multiprocessing import get_context
from pathlib import Path

_PACKAGE = "pigeonhole_api"
_FORKING = get_context("forkserver")
_FORKING.set_forkserver_preload(["__main__", f"{_PACKAGE}.serve", f"{_PACKAGE}.work"])


class PlatformProcess:
    """A module of the API that runs as by `python -m`; has the methods of `subprocess.Popen` that the tests use."""

    def __init__(self, module: str, arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
        self.args = [f"{_PACKAGE}.{module}", *arguments]
        log.touch()  # there to be read from the start
        self._process = _FORKING.Process(target=_run, args=(self.args, dict(environment), log), daemon=True)
        self._process.start()
        assert self._process.pid is not None
        self.pid: int = self._process.pid

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        self._process.join(timeout)
        status = self.poll()
        if status is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return status

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _run(arguments: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    with log.open("ab") as output:
        for stream in (sys.stdout, sys.stderr):
            os.dup2(output.fileno(), stream.fileno())
    sys.argv = list(arguments)
    importlib.import_module(arguments[0]).main()
