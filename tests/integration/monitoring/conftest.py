"""The platform's processes, each asked once for its metrics."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
import yaml

from pigeonhole_frontends.laptop.ports import any_free_port
from tests.integration.api.conftest import Installation, Transformer
from tests.integration.serving.conftest import INVOICE, Server, make_pdf, model_folders, start_server, v1_body

__all__ = ["model_folders", "start_server"]
SECONDS = 120


@pytest.fixture(scope="session")
def platform_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What API and worker export after a job of two documents, one of them declared and put."""
    transformer = Transformer()
    installation = Installation(tmp_path_factory.mktemp("platform"), transformer.url)
    port = any_free_port()
    try:
        installation.start_api()
        installation.start_worker(PIGEONHOLE_API_METRICS_PORT=str(port))
        _send_documents(installation)
        answered = 'pigeonhole_worker_documents_total{result="answered"} 2.0'
        worker = _text_when(f"http://127.0.0.1:{port}/metrics", lambda text: answered in text)
        yield {"api": httpx.get(f"{installation.url}/metrics").text, "worker": worker}
    finally:
        installation.close()
        transformer.close()


def _send_documents(installation: Installation) -> None:
    files = [("files", ("one.png", installation.picture(1), "image/png"))]
    assert installation.call("POST", "/v1/jobs", data={"reference": "sent"}, files=files).is_success
    declared = {"reference": "declared", "documents": [{"name": "two.png"}]}
    job = installation.call("POST", "/v1/jobs", json=declared).json()
    put = installation.call("PUT", f"/v1/jobs/{job['id']}/documents/two.png", content=installation.picture(2))
    assert put.is_success, put.text


@pytest.fixture(scope="session")
def serving_metrics(start_server: Callable[..., Server], model_folders: dict[str, Path]) -> dict[str, str]:
    """What predictor and transformer export after one document."""
    predictor = start_server("predictor_server", "--model_dir", str(model_folders["1"])).wait()
    transformer = start_server("transformer_server", "--predictor_host", predictor.host, serving_slots="1").wait()
    asked = httpx.post(f"{transformer.url}/v1/models/documents:predict", json=v1_body(make_pdf(INVOICE)), timeout=60)
    assert asked.is_success, asked.text
    return {
        name: server.get("/metrics").text for name, server in (("predictor", predictor), ("transformer", transformer))
    }


@pytest.fixture(scope="session")
def operator_metrics(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What the operator exports beside an API server that has no object of any kind."""
    folder, port, cluster = tmp_path_factory.mktemp("operator"), any_free_port(), _empty_cluster()
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(yaml.safe_dump(_kubeconfig(cluster.server_port)))
    environment = {"KUBECONFIG": str(kubeconfig), "PIGEONHOLE_OPERATOR_PORT": str(port)}
    with (folder / "log").open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "pigeonhole_operator"],
            env={**os.environ, **environment, "PIGEONHOLE_HOME": str(folder)},
            stdout=output,
            stderr=output,
        )
    try:
        # Not the first answer: its server listens before its parts run, and a part that fails ends the process.
        leads = "pigeonhole_operator_leader 1.0"
        yield {"operator": _text_when(f"http://127.0.0.1:{port}/metrics", lambda text: leads in text)}
    except AssertionError:
        raise AssertionError((folder / "log").read_text()) from None
    finally:
        process.kill()
        process.wait(30)
        cluster.shutdown()
        cluster.server_close()


def _kubeconfig(port: int) -> dict[str, object]:
    return {
        "clusters": [{"name": "empty", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
        "users": [{"name": "nobody", "user": {"token": "none"}}],
        "contexts": [{"name": "empty", "context": {"cluster": "empty", "user": "nobody", "namespace": "default"}}],
        "current-context": "empty",
    }


def _empty_cluster() -> ThreadingHTTPServer:
    """An API server without kinds or objects, which grants every Lease that is asked for, and nothing else."""
    discovery: dict[str, dict[str, object]] = {
        "/api": {"kind": "APIVersions", "apiVersion": "v1", "versions": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": []},
    }
    nothing: dict[str, object] = {"kind": "List", "apiVersion": "v1", "metadata": {"resourceVersion": "1"}, "items": []}
    absent: dict[str, object] = {
        "kind": "Status",
        "apiVersion": "v1",
        "status": "Failure",
        "reason": "NotFound",
        "code": 404,
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path).path
            if "/leases/" in path:
                self._answer(404, absent)
            else:
                self._answer(200, discovery.get(path, nothing))

        def do_POST(self) -> None:
            sent = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            self._answer(201 if sent["kind"] == "Lease" else 403, sent)

        def _answer(self, status: int, answer: dict[str, object]) -> None:
            content = json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def _text_when(url: str, complete: Callable[[str], bool]) -> str:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with suppress(httpx.TransportError):
            if complete(text := httpx.get(url, timeout=10).text):
                return text
        time.sleep(0.05)
    raise AssertionError(f"{url} did not answer what was waited for")
