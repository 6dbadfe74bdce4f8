"""The operator as a process of its own, under the account of a case."""

import contextlib
import itertools
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from .fault_proxy import Exchange, FaultProxy
from .recorder import Change, Recorder

# What a process needs of this one's environment; above all nothing that would give it other rights.
INHERITED = ("HOME", "LANG", "PATH", "PYTHONPATH", "TMPDIR")
STOP_SECONDS = 30


class OperatorProcess:
    """Starts and ends an operator, several times if need be; its log goes on."""

    def __init__(self, log: Path, settings: Mapping[str, str]) -> None:
        self.log = log
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        self._environment = {**inherited, **settings}
        self._process: subprocess.Popen[bytes] | None = None
        self._may_end = False

    @property
    def ended_by_itself(self) -> bool:
        """Tell whether it is gone though nobody ended it."""
        return self._process is not None and not self._may_end and self._process.poll() is not None

    @property
    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    @property
    def url(self) -> str:
        """Where it tells of its health and its metrics, and takes webhooks."""
        return f"http://127.0.0.1:{self._environment['PIGEONHOLE_OPERATOR_PORT']}"

    @property
    def text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def start(self, **settings: str) -> None:
        """Start it, with more settings if the case needs them."""
        assert not self.runs, "it runs already"
        self._may_end = False
        with self.log.open("ab") as output:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "pigeonhole_operator"],
                stdout=output,
                stderr=subprocess.STDOUT,
                env={**self._environment, **settings},
                process_group=0,
            )

    def stop(self) -> int:
        """End it as a cluster does, and return its exit code."""
        self._signal(signal.SIGTERM)
        return self._ended()

    def kill(self) -> None:
        """End it at once, wherever it is."""
        self._signal(signal.SIGKILL)
        self._ended()

    def freeze(self) -> None:
        """Let it stand still, as a node under too much load does."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def close(self) -> None:
        """End it for good, frozen or not."""
        if self.runs:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.thaw()
                self.stop()
        if self.runs:
            self.kill()

    @contextlib.contextmanager
    def killed_after(self, recorder: Recorder, action: Callable[[Change], bool]) -> Iterator[list[Change]]:
        """Kill it the moment the API server tells of a change that fits; yields a list that then holds the change."""
        fitting: list[Change] = []

        def look(change: Change) -> None:
            if not fitting and action(change):
                fitting.append(change)
                self._signal(signal.SIGKILL)

        recorder.listeners.append(look)
        try:
            yield fitting
        finally:
            recorder.listeners.remove(look)

    @contextlib.contextmanager
    def killed_after_request(
        self, proxy: FaultProxy, method: str, path: str, number: int = 1
    ) -> Iterator[list[Exchange]]:
        """Kill it after a server has answered the request of a number and before it hears of that."""
        fitting: list[Exchange] = []
        numbers = itertools.count(1)

        def look(exchange: Exchange) -> None:
            if not fitting and exchange.method == method and path in exchange.path and next(numbers) == number:
                fitting.append(exchange)
                self._signal(signal.SIGKILL)

        proxy.listeners.append(look)
        try:
            yield fitting
        finally:
            proxy.listeners.remove(look)

    def _signal(self, number: signal.Signals) -> None:
        self._may_end |= number in (signal.SIGTERM, signal.SIGKILL)
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, number)

    def _ended(self) -> int:
        return self._process.wait(STOP_SECONDS) if self._process else 0


def settings(
    *, kubeconfig: Path, namespace: str, mlflow: str, prometheus: str, services: str, port: int
) -> dict[str, str]:
    """Return the operator's environment.

    Args:
        kubeconfig: Names the API server, and holds the token of the operator's account.
        namespace: The only one it looks after.
        mlflow: Address of MLflow.
        prometheus: Address of Prometheus.
        services: Address of a proxy that reaches Services by their names inside the cluster.
        port: Where it tells of its health and its metrics.
    """
    own = {
        "NAMESPACE": namespace,
        "LEASE_NAMESPACE": namespace,
        "MLFLOW_URL": mlflow,
        "PROMETHEUS_URL": prometheus,
        "PORT": str(port),
        # A lease that is lost and won within a case, and kept on a machine that is busy with others.
        "LEASE_SECONDS": "10",
        "LEASE_RENEW_SECONDS": "8",
        "LEASE_RETRY_SECONDS": "0.5",
        "BACKOFF_SECONDS": "0.5",
        "BACKOFF_LIMIT_SECONDS": "5",
        "ARTEFACT_SECONDS": "0",
        "ROUTING_SECONDS": "1",
        "LOG_LEVEL": "INFO",
    }
    outside = {"KUBECONFIG": str(kubeconfig), "HTTP_PROXY": services, "http_proxy": services}
    local = {"NO_PROXY": "127.0.0.1,localhost", "no_proxy": "127.0.0.1,localhost"}
    return {**{f"PIGEONHOLE_OPERATOR_{name}": value for name, value in own.items()}, **outside, **local}
