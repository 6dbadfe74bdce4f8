"""Real servers that the operator's sources ask: MLflow, Prometheus, S3."""

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import aiohttp
import boto3
import httpx
import pytest
from moto.server import ThreadedMotoServer
from prometheus_client import CollectorRegistry, Gauge, start_http_server
from tests import server_process
from tests.integration.serving.conftest import Server, model_folders, start_server

from pigeonhole.classifier import TrainedClassifier, TrainingParams, evaluate_classifier, train_classifier
from pigeonhole.registry import ModelRegistry, TrainingRecord
from pigeonhole_frontends.laptop.ports import any_free_port
from pigeonhole_operator.sources.exchange import open_session
from pigeonhole_operator.sources.settings import SourceSettings

from .served import Trial, start_trial

__all__ = ["model_folders", "start_server"]
TEXTS = ["facture total", "facture montant", "facture tva", "salaire net", "salaire brut", "salaire congé"]
LABELS = ["invoice"] * 3 + ["payslip"] * 3
BUCKET = "models"
T = TypeVar("T")


def with_session(call: Callable[[aiohttp.ClientSession], Awaitable[T]]) -> T:
    """Return what a call finds that has the one session of all sources."""

    async def main() -> T:
        async with open_session() as session:
            return await call(session)

    return asyncio.run(main())


def patient(**values: Any) -> SourceSettings:
    """Settings for real servers on a machine that has much to do."""
    return SourceSettings(**{"timeout_seconds": 60, "artefact_timeout_seconds": 60, **values})


@pytest.fixture(scope="session")
def mlflow_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with server_process.mlflow_server(tmp_path_factory.mktemp("mlflow")) as url:
        yield url


@pytest.fixture(scope="session")
def trained() -> TrainedClassifier:
    return train_classifier(TEXTS, LABELS, [str(row) for row in range(6)], TrainingParams(max_features=200))


@pytest.fixture(scope="session")
def register(mlflow_server: str, trained: TrainedClassifier) -> Callable[..., ModelRegistry]:
    """Registers a version of a model as a training does, with more in its evaluation report when that is given."""
    evaluation = evaluate_classifier(trained, TEXTS, LABELS).to_json()

    def register(name: str, **more: Any) -> ModelRegistry:
        registry = ModelRegistry(mlflow_server, name)
        record = TrainingRecord(
            model=trained,
            dataset_version="d" * 64,
            params={},
            evaluation={**evaluation, "gates": {"passed": True, "gates": []}, **more},
            params_digest="p" * 64,
            git_commit="c" * 40,
            ocr_engine="tesseract 5",
            input_example=TEXTS[0],
        )
        registry.register(record)
        return registry

    return register


@dataclass(frozen=True)
class Prometheus:
    """A Prometheus that looks every few seconds at metrics that tests set."""

    url: str
    registry: CollectorRegistry

    def value(self, query: str) -> list[Any]:
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": query}, timeout=30)
        result: list[Any] = answer.json()["data"]["result"]
        return result


@pytest.fixture(scope="session")
def prometheus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Prometheus]:
    program = shutil.which("prometheus")
    assert program, "no prometheus here: run scripts/bootstrap test"
    folder, port, registry = tmp_path_factory.mktemp("prometheus"), any_free_port(), CollectorRegistry()
    exporter, thread = start_http_server(0, "127.0.0.1", registry)
    targets = f"[{{targets: ['127.0.0.1:{exporter.server_port}']}}]"
    job = f"{{job_name: tested, static_configs: {targets}}}"
    # An answer may take no longer than the time between two looks.
    pace = "{scrape_interval: 5s, scrape_timeout: 5s}"
    (folder / "prometheus.yml").write_text(f"global: {pace}\nscrape_configs: [{job}]\n")
    command = [
        *(program, f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data"),
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    url = f"http://127.0.0.1:{port}"
    try:
        with server_process.running(command, url + "/-/ready", folder / "log"):
            yield Prometheus(url, registry)
    finally:
        exporter.shutdown()
        exporter.server_close()
        thread.join()


@pytest.fixture(scope="session")
def gauges(prometheus: Prometheus) -> Prometheus:
    """The same, once it has seen `answered` of two models and `broken`, which is NaN."""
    answered = Gauge("answered", "Documents.", ("model",), registry=prometheus.registry)
    answered.labels("1").set(40)
    answered.labels("2").set(2.5)
    Gauge("broken", "Nothing.", registry=prometheus.registry).set(float("nan"))
    end = time.monotonic() + server_process.START_SECONDS
    while len(prometheus.value("answered")) < 2 or not prometheus.value("broken"):
        assert time.monotonic() < end, "Prometheus did not see the metrics"
        time.sleep(0.1)
    return prometheus


@pytest.fixture(scope="session")
def s3_server() -> Iterator[str]:
    moto = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    moto.start()
    host, port = moto.get_host_and_port()
    yield f"http://{host}:{port}"
    moto.stop()


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A client of an S3 server with the empty bucket `models`, which the environment names."""
    name_s3(monkeypatch, s3_server)
    client = boto3.client("s3")
    client.create_bucket(Bucket=BUCKET)
    yield client
    for item in client.list_objects_v2(Bucket=BUCKET).get("Contents", ()):
        client.delete_object(Bucket=BUCKET, Key=item["Key"])
    client.delete_bucket(Bucket=BUCKET)


@pytest.fixture(scope="session")
def trial(
    start_server: Callable[..., Server],
    model_folders: dict[str, Path],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Trial]:
    yield from start_trial(start_server, model_folders, tmp_path_factory.mktemp("trial"))


def name_s3(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    """Let the environment name an S3 server."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", url)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
