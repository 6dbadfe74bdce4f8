"""The images of the API, the apps and the components, each in a pod that can write to a few paths alone."""

from collections.abc import Iterator

import httpx
import pytest
from tests.e2e.forwarding import forwarded
from tests.e2e.image_pods import output, pod, ready, restricted_namespace, started, variables
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl

pytestmark = pytest.mark.e2e


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    with restricted_namespace() as kubectl:
        yield kubectl


def test_the_api_starts_and_answers(kubectl: Kubectl) -> None:
    settings = {
        "PIGEONHOLE_API_TOKEN": "a-token-of-the-tests",
        "PIGEONHOLE_API_ALLOW_REMOTE": "true",
        "PIGEONHOLE_API_ALLOWED_HOSTS": "*",
        "PIGEONHOLE_HOME": "/tmp/home",
    }
    image = pinned("api")
    container = {"env": variables(settings), "readinessProbe": ready("/livez", 8000)}
    started(kubectl, "api", pod(image, "/tmp", **container), 8000)
    with forwarded(kubectl, "service/api", 8000, "/livez") as address:
        headers = {"Authorization": f"Bearer {settings['PIGEONHOLE_API_TOKEN']}"}
        assert httpx.get(f"{address}/v1/jobs", headers=headers, timeout=30).json()["jobs"] == []
    worker = pod(image, "/tmp", args=["-m", "pigeonhole_api.work", "--help"])
    assert "The Pigeonhole worker." in output(kubectl, "worker", worker)


@pytest.mark.parametrize("app", ["user", "admin"])
def test_an_app_answers_below_the_path_that_an_ingress_gives_it(kubectl: Kubectl, app: str) -> None:
    path = f"/pigeonhole/{app}"
    container = {"args": [app, "--base-path", path], "readinessProbe": ready(f"{path}/_stcore/health", 8501)}
    started(kubectl, app, pod(pinned("apps"), "/tmp", **container), 8501)
    with forwarded(kubectl, f"service/{app}", 8501, f"{path}/_stcore/health") as address:
        assert "<title>" in httpx.get(f"{address}{path}/", timeout=30).text


def test_the_components_image_writes_and_reads_documents(kubectl: Kubectl) -> None:
    script = """
pigeonhole generate /tmp/corpus --count 2 --classes invoice --lang fr
python -m pigeonhole_pipelines.run --help >/dev/null
python -m pigeonhole_api.work --help >/dev/null
pigeonhole doctor --no-ports
"""
    container = {"command": ["sh", "-ec", script], "env": variables({"PIGEONHOLE_HOME": "/tmp/home"})}
    written = output(kubectl, "components", pod(pinned("components"), "/tmp", **container))
    assert "Wrote 2 documents" in " ".join(written.split())
    assert "FIX" not in written
