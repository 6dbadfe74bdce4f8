"""MLflow's server as its image runs it, on a database server."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from mlflow import MlflowClient
from tests.postgresql_server import PostgresqlServer

from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.integration
SECONDS = 120


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.close()


@contextmanager
def mlflow_server(database: str, folder: Path) -> Iterator[str]:
    port = any_free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "server", "--host", "127.0.0.1", "--port", str(port), "--workers", "1"),
        *("--backend-store-uri", database, "--artifacts-destination", str(folder)),
    ]
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true", "MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    process = subprocess.Popen(command, env=environment, process_group=0, stderr=subprocess.DEVNULL)
    address = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + SECONDS
        while not answers(address):
            assert process.poll() is None, "MLflow has ended"
            assert time.monotonic() < deadline, "MLflow does not answer"
            time.sleep(0.1)
        yield address
    finally:
        os.killpg(process.pid, 9)
        process.wait(SECONDS)


def answers(address: str) -> bool:
    try:
        return httpx.get(f"{address}/health").status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def test_a_registered_model_outlives_the_server_and_its_database_s_restart(
    postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    database = postgresql.new_database().replace("postgresql://", "postgresql+psycopg://")
    with mlflow_server(database, tmp_path) as address:
        client = MlflowClient(address)
        client.create_registered_model("classifier")
        run = client.create_run(client.create_experiment("training"))
        client.log_text(run.info.run_id, "weights", "model/model.skops")
        client.create_model_version("classifier", f"{run.info.artifact_uri}/model", run.info.run_id)
        client.set_registered_model_alias("classifier", "champion", "1")
    postgresql.restart()
    upgraded = subprocess.run(
        [sys.executable, "-m", "mlflow", "db", "upgrade", database], capture_output=True, text=True, check=False
    )
    assert upgraded.returncode == 0, upgraded.stderr[-2000:]
    with mlflow_server(database, tmp_path) as address:
        client = MlflowClient(address)
        version = client.get_model_version_by_alias("classifier", "champion")
        assert version.version == "1"
        kept = client.download_artifacts(version.run_id, "model/model.skops", str(tmp_path))
        assert Path(kept).read_text() == "weights"
