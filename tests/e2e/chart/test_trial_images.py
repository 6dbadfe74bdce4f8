"""The images that a trial brings along: a database and a store of objects, and MLflow on both."""

from collections.abc import Iterator

import pytest
from tests.e2e.image_pods import output, pod, ready, restricted_namespace, started, variables
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl
from tests.e2e.operator_objects import Json

pytestmark = pytest.mark.e2e
PASSWORD, BUCKET = "a password of the tests", "artifacts"
STORE = {
    "AWS_ENDPOINT_URL": "http://s3:9000",
    "AWS_ACCESS_KEY_ID": "trial",
    "AWS_SECRET_ACCESS_KEY": "a-secret-of-the-tests",
    "AWS_DEFAULT_REGION": "us-east-1",
}
DATABASE = "postgresql+psycopg://owner:a%20password%20of%20the%20tests@postgres/mlflow"
CLIENT = """
from mlflow import MlflowClient
client = MlflowClient("http://mlflow:5000")
client.create_registered_model("classifier")
run = client.create_run(client.create_experiment("training"))
client.log_text(run.info.run_id, "weights", "model/model.skops")
client.create_model_version("classifier", f"{run.info.artifact_uri}/model", run.info.run_id)
print(client.get_model_version("classifier", "1").status)
"""
OBJECTS = f"""
from pigeonhole.storage import open_storage
storage = open_storage("s3://{BUCKET}")
print([storage.get(key) for key in storage.list("") if key.endswith("model.skops")])
"""


def listening(port: int) -> Json:
    return {"tcpSocket": {"port": port}, "periodSeconds": 1, "failureThreshold": 120}


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with restricted_namespace() as kubectl:
        yield kubectl


@pytest.fixture(scope="module")
def services(kubectl: Kubectl) -> None:
    """PostgreSQL, the store, and MLflow that keeps everything in both."""
    owner = {"POSTGRES_USER": "owner", "POSTGRES_PASSWORD": PASSWORD, "POSTGRES_DATABASES": "pigeonhole mlflow"}
    database = pod(pinned("demo-postgres"), "/tmp", "/data", env=variables(owner), readinessProbe=listening(5432))
    started(kubectl, "postgres", database, 5432)
    store = variables({**STORE, "BUCKET": BUCKET})
    started(kubectl, "s3", pod(pinned("demo-s3"), "/data", env=store, readinessProbe=listening(9000)), 9000)
    kept = {"MLFLOW_BACKEND_STORE_URI": DATABASE, "MLFLOW_ARTIFACTS_DESTINATION": f"s3://{BUCKET}"}
    container = {"env": variables({**STORE, **kept}), "readinessProbe": ready("/health", 5000)}
    started(kubectl, "mlflow", pod(pinned("mlflow"), "/tmp", **container), 5000)


def test_mlflow_keeps_models_in_the_database_and_their_files_in_the_store(kubectl: Kubectl, services: None) -> None:
    client = pod(pinned("mlflow"), "/tmp", command=["python", "-c", CLIENT])
    assert output(kubectl, "client", client).splitlines()[-1] == "READY"
    reader = pod(pinned("api"), "/tmp", args=["-c", OBJECTS], env=variables(STORE))
    assert output(kubectl, "reader", reader) == "[b'weights']\n"


def test_a_client_with_another_password_is_refused(kubectl: Kubectl, services: None) -> None:
    code = """
import psycopg
for password in ("a password of the tests", "another"):
    try:
        with psycopg.connect(host="postgres", user="owner", password=password, dbname="pigeonhole") as connection:
            print(connection.execute("SELECT 1").fetchone())
    except psycopg.OperationalError as error:
        print("password authentication failed" in str(error))
"""
    assert output(kubectl, "passwords", pod(pinned("api"), "/tmp", args=["-c", code])) == "(1,)\nTrue\n"


def test_postgresql_ends_at_once_when_its_pod_is_deleted(kubectl: Kubectl, services: None) -> None:
    # It would wait for MLflow, which stays connected, if it were not told to be fast.
    kubectl("delete", "pod", "postgres", "--grace-period=60", "--timeout=20s")
