"""A trial on a cluster with KServe: the operator brings the first model to the InferenceService, then a second one."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from mlflow import MlflowClient
from tests.e2e.forwarding import forwarded
from tests.e2e.kubectl import wait_until

from pigeonhole_api.client import PlatformClient

from .documents import classes_of, digital_documents, scans
from .release import Json, Release, demo_values, release_namespace
from .versions import keep_what_was_sorted

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500), pytest.mark.usefixtures("stand_in")]
MODEL = "document-classifier"
SCANS = 50
# The gates alone decide, as the chart's page has it for a cluster without Prometheus.
PROMOTION = {
    "gates": [{"name": "f1-floor", "metric": {"key": "macro_f1", "min": 0.5}}],
    "canary": {"interval": "5s", "steps": [{"weight": 50, "minSamples": 0, "duration": "10s"}], "analysis": []},
}


def values() -> Json:
    return demo_values("kserve", promotion=PROMOTION, ingress={"enabled": False})


@pytest.fixture(scope="module")
def release() -> Iterator[Release]:
    with release_namespace({}) as release:
        release.install(values(), "--wait", "--wait-for-jobs")
        yield release


@contextmanager
def reached(release: Release) -> Iterator[PlatformClient]:
    """Reach the API without an ingress, as the notes say."""
    api = forwarded(release.kubectl, f"service/{release.name}-api", 8000)
    with api as url, PlatformClient(url, release.token()) as client:
        yield client


def conditions(release: Release) -> dict[str, tuple[str, str]]:
    rows = release.kubectl.get("modeldeployment", "documents")["status"]["conditions"]
    return {row["type"]: (row["status"], row["reason"]) for row in rows}


def test_the_operator_has_promoted_the_first_model(release: Release, figure: Callable[[str], None]) -> None:
    figure(f"chart: from helm install to the first classified documents under KServe {release.install_seconds:.0f} s")
    wait_until(lambda: conditions(release)["Ready"] == ("True", "ServingStable"), "the model deployment")
    status = release.kubectl.get("modeldeployment", "documents")["status"]
    assert status["stable"]["version"] == "1"
    assert release.kubectl.get("modelpromotion", "documents-v1-1")["status"]["phase"] == "Succeeded"
    with reached(release) as client:
        model = client.production()
        assert model is not None
        assert model.aliases == ["champion"]


def test_fifty_scans_get_fifty_classes(release: Release) -> None:
    files, truth = scans(SCANS, seed=78)
    with reached(release) as client:
        job = client.wait(client.submit_job("fifty", files).id, timeout=400)
        found = classes_of(client, job.id)
    assert set(found) == set(truth)
    assert None not in found.values()


def test_an_upgrade_leaves_what_the_operator_wrote(release: Release) -> None:
    before = release.kubectl.get("inferenceservice", "documents")
    routing = release.kubectl.get("configmap", "documents-routing")["data"]
    release.upgrade(values(), "--wait")
    after = release.kubectl.get("inferenceservice", "documents")
    assert after["spec"] == before["spec"]
    assert after["metadata"]["generation"] == before["metadata"]["generation"]
    assert release.kubectl.get("configmap", "documents-routing")["data"] == routing


def test_helm_test_finds_nothing_wrong(release: Release) -> None:
    assert release.helm("test", release.name, "--logs").count("Phase:          Succeeded") == 2


def test_an_upgrade_from_the_chart_before_and_the_way_back_keep_what_was_sorted(release: Release) -> None:
    keep_what_was_sorted(release, values(), lambda: reached(release))


def test_a_second_version_takes_over_by_its_gates_where_nothing_is_measured(release: Release) -> None:
    with forwarded(release.kubectl, f"service/{release.name}-mlflow", 5000, alive="/health") as url:
        registry = MlflowClient(url)
        first = registry.get_model_version(MODEL, "1")
        second = registry.create_model_version(
            MODEL, first.source, first.run_id, first.tags, model_id=first.source.rpartition("/")[2]
        )
        registry.set_registered_model_alias(MODEL, "candidate", second.version)

        def serving() -> str:
            return str(release.kubectl.get("modeldeployment", "documents")["status"]["stable"]["version"])

        def phase() -> str:
            return str(release.kubectl.get("modelpromotion", "documents-v2-1")["status"]["phase"])

        with reached(release) as client:
            # Documents come in while one model makes room for the other.
            job = client.submit_job("meanwhile", digital_documents(4, seed=79))
            wait_until(lambda: serving() == "2", "the second version to serve", lambda: str(conditions(release)))
            assert None not in classes_of(client, client.wait(job.id, timeout=120).id).values()
            after = client.wait(client.submit_job("after", digital_documents(2, seed=80)).id, timeout=120)
            assert None not in classes_of(client, after.id).values()
        wait_until(lambda: phase() == "Succeeded", "the promotion to end", phase)
        assert registry.get_model_version_by_alias(MODEL, "champion").version == "2"


def test_uninstalling_takes_the_services_along_and_leaves_the_crds(release: Release) -> None:
    release.uninstall("inferenceservice", "modeldeployment", "modelpromotion")
    assert "modeldeployments.pigeonhole.dev" in release.kubectl("get", "crd", "-o", "name")
