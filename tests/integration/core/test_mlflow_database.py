"""MLflow's server as its image runs it, on a database server."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlflow import MlflowClient
from tests.postgresql_server import PostgresqlServer
from tests.server_process import mlflow_server

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def postgresql() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.close()


def test_a_registered_model_outlives_the_server_and_its_database_s_restart(
    postgresql: PostgresqlServer, tmp_path: Path
) -> None:
    database = postgresql.new_database().replace("postgresql://", "postgresql+psycopg://")
    with mlflow_server(tmp_path, database, signal.SIGKILL) as address:
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
    with mlflow_server(tmp_path, database, signal.SIGKILL) as address:
        client = MlflowClient(address)
        version = client.get_model_version_by_alias("classifier", "champion")
        assert version.version == "1"
        kept = client.download_artifacts(version.run_id, "model/model.skops", str(tmp_path))
        assert Path(kept).read_text() == "weights"
