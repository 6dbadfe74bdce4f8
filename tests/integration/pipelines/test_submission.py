"""A run given to Kubeflow Pipelines, and what is said when it does not take it."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from pigeonhole.settings import PlatformSettings
from pigeonhole_pipelines.errors import SubmissionFailed
from pigeonhole_pipelines.pods import Pods
from pigeonhole_pipelines.request import training_request
from pigeonhole_pipelines.submit import submit_training

pytestmark = pytest.mark.integration


class PipelinesApi(ThreadingHTTPServer):
    """The three calls of Kubeflow Pipelines' API v2beta1 that a submission needs."""

    runs: list[dict[str, Any]]
    refuses_runs = False


class Handler(BaseHTTPRequestHandler):
    server: PipelinesApi

    def do_GET(self) -> None:
        found = {"experiment_id": "e1", "display_name": "pigeonhole-training", "namespace": ""}
        self.answer({"experiments": [found]} if self.path.startswith("/apis/v2beta1/experiments") else {})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path.startswith("/apis/v2beta1/runs"):
            self.server.runs.append(body)
        self.answer({"run_id": "run-1", "experiment_id": "e1"}, 403 if self.server.refuses_runs else 200)

    def answer(self, values: dict[str, Any], status: int = 200) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(json.dumps(values).encode())

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def api() -> Iterator[PipelinesApi]:
    server = PipelinesApi(("127.0.0.1", 0), Handler)
    server.runs = []
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_run_carries_the_pipeline_and_its_parameters(api: PipelinesApi) -> None:
    request = training_request(PlatformSettings(), None, dataset_id="a" * 64)
    assert submit_training(f"http://127.0.0.1:{api.server_port}", request, Pods()) == "run-1"
    (run,) = api.runs
    assert run["runtime_config"]["parameters"]["dataset"] == {"id": "a" * 64}
    assert run["pipeline_spec"]["pipelineInfo"]["name"] == "pigeonhole-training"


def test_the_secret_of_its_pods_goes_along_by_option_or_variable(api: PipelinesApi) -> None:
    command = [sys.executable, "-m", "pigeonhole_pipelines.submit", "--endpoint", f"http://127.0.0.1:{api.server_port}"]
    variables = {**os.environ, "PIGEONHOLE_PIPELINES_KEYS_FROM": "by-variable", "AWS_ENDPOINT_URL": "http://s3:9000"}
    for options in ([], ["--secret", "by-option"]):
        ended = subprocess.run([*command, *options], env=variables, capture_output=True, text=True, timeout=120)
        assert (ended.returncode, ended.stdout) == (0, "run-1\n"), ended.stderr
    for run, name in zip(api.runs, ("by-variable", "by-option"), strict=True):
        spec = run["pipeline_spec"]
        executors = spec["platform_spec"]["platforms"]["kubernetes"]["deploymentSpec"]["executors"]
        assert {part["secretAsEnv"][0]["secretName"] for part in executors.values()} == {name}
        containers = spec["pipeline_spec"]["deploymentSpec"]["executors"].values()
        assert {part["container"]["env"][0]["value"] for part in containers} == {"http://s3:9000"}


def test_a_refusal_is_one_sentence(api: PipelinesApi) -> None:
    api.refuses_runs = True
    with pytest.raises(SubmissionFailed, match=r"^endpoint: Kubeflow Pipelines at \S+ answered 403\.$"):
        submit_training(f"http://127.0.0.1:{api.server_port}", training_request(PlatformSettings(), None), Pods())


def test_an_address_without_a_server_is_one_sentence_and_exit_code_1() -> None:
    # Bound without listening, so that it refuses connections and nobody else gets it.
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        command = [sys.executable, "-m", "pigeonhole_pipelines.submit", "--endpoint", f"http://127.0.0.1:{port}"]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr.splitlines() == [
        f"endpoint: Kubeflow Pipelines at http://127.0.0.1:{port} cannot be reached. "
        "Check the address, and that this machine may reach it."
    ]
