"""MLflow and Prometheus as processes on this machine."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import httpx
from tests.e2e.kubectl import wait_until

from pigeonhole_frontends.laptop.ports import any_free_port

# Without its server for jobs, which starts a dozen processes, and without word to its makers.
MLFLOW_ENVIRONMENT = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
# MLflow makes its database first, which takes minutes on a machine that has much else to do.
START_SECONDS = 400
PROMETHEUS_CONFIGURATION = """
global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}
scrape_configs:
  - job_name: cases
    honor_labels: true
    static_configs: [{{targets: ["{target}"]}}]
"""


@contextlib.contextmanager
def mlflow(folder: Path, *, workers: int = 2) -> Iterator[str]:
    """Run MLflow's server on a database of its own; yields its address."""
    port = any_free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port)),
        *("--workers", str(workers), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"),
        *("--artifacts-destination", str(folder / "artifacts")),
    ]
    with _server("mlflow", command, folder, f"http://127.0.0.1:{port}", "/health", MLFLOW_ENVIRONMENT) as url:
        yield url


@contextlib.contextmanager
def prometheus(folder: Path, exporter: str) -> Iterator[str]:
    """Run Prometheus, which looks at an exporter each second; yields its address."""
    program = shutil.which("prometheus")
    assert program, "prometheus is not on the PATH: scripts/bootstrap test installs it"
    configuration = folder / "prometheus.yaml"
    configuration.write_text(PROMETHEUS_CONFIGURATION.format(target=exporter.removeprefix("http://")))
    port = any_free_port()
    command = [
        *(program, f"--config.file={configuration}", f"--storage.tsdb.path={folder / 'prometheus'}"),
        *(f"--web.listen-address=127.0.0.1:{port}", "--storage.tsdb.retention.time=2h", "--log.level=warn"),
    ]
    with _server("prometheus", command, folder, f"http://127.0.0.1:{port}", "/-/ready", {}) as url:
        yield url


@contextlib.contextmanager
def _server(
    name: str, command: Sequence[str], folder: Path, url: str, path: str, environment: Mapping[str, str]
) -> Iterator[str]:
    log = folder / f"{name}.log"
    with log.open("wb") as output:
        # A group of its own, since MLflow's server has workers.
        process = subprocess.Popen(
            command, stdout=output, stderr=subprocess.STDOUT, env={**os.environ, **environment}, process_group=0
        )

    def serves() -> bool:
        assert process.poll() is None, f"{name} ended: {log.read_text()[-2000:]}"
        with contextlib.suppress(httpx.TransportError):
            return httpx.get(url + path, timeout=5).status_code == httpx.codes.OK
        return False

    try:
        wait_until(serves, f"{name} to serve", lambda: log.read_text()[-2000:], seconds=START_SECONDS)
        yield url
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGTERM)
        process.wait(30)
