"""A production installation: `values-production.yaml` under KServe, and all that is kept is outside of the release.

The tests are one story, in the order in which they stand here.
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from tests.e2e.forwarding import forwarded
from tests.e2e.kubectl import Kubectl, wait_until

from pigeonhole_api.client import ApiError, PlatformClient

from .documents import classes_of, digital_documents
from .outside import Outside, outside
from .release import Release, release_namespace

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500), pytest.mark.usefixtures("stand_in")]
PIGEONHOLE = Path(sys.executable).with_name("pigeonhole")


@pytest.fixture(scope="module")
def team(kubectl: Kubectl) -> Iterator[Outside]:
    with outside(kubectl) as team:
        yield team


@pytest.fixture(scope="module")
def release(team: Outside) -> Iterator[Release]:
    with release_namespace({}) as release:
        release.kubectl.apply(team.secrets())
        release.install(team.values(), "--wait")
        yield release


@pytest.fixture(scope="module")
def url(release: Release) -> Iterator[str]:
    with forwarded(release.kubectl, f"service/{release.name}-api", 8000) as url:
        yield url


def test_people_may_do_what_their_group_in_the_sign_in_service_may(team: Outside, url: str) -> None:
    every = ["admin", "ops", "reviewer", "user"]
    for group, roles in {
        "hr": ["user"],
        "hr-leads": ["reviewer", "user"],
        "machine-learning": every,
        "sre": ["ops"],
    }.items():
        with PlatformClient(url, team.token(group)) as client:
            assert client.caller().roles == roles, group
    with PlatformClient(url, team.token("hr")) as client, pytest.raises(ApiError) as refused:
        client.create_dataset_version()
    assert refused.value.status == 403
    with PlatformClient(url, team.token("strangers")) as client, pytest.raises(ApiError) as refused:
        client.jobs()
    assert refused.value.status == 403


@pytest.mark.parametrize("path", ["/", "/admin/"])
def test_an_app_answers_behind_the_ingress_at_the_host_of_production(release: Release, path: str) -> None:
    page = httpx.get(f"{release.url}{path}", headers={"host": "pigeonhole.example.com"}, timeout=30)
    assert page.status_code == 200
    assert "streamlit" in page.text.lower()


def test_the_first_training_is_promoted_under_the_gates_of_production(
    team: Outside, release: Release, url: str
) -> None:
    """The command needs no more than an admin's token, and ends when the model has sorted its samples."""
    chosen = ("--count", "24", "--difficulty", "0.1")
    said = pigeonhole("seed", "--url", url, "--token", team.token("machine-learning"), *chosen)
    assert said.returncode == 0, said.stdout + said.stderr
    status = release.kubectl.get("modeldeployment", "documents")["status"]
    assert status["stable"]["version"] == "1"
    gates = release.kubectl.get("modelpromotion", "documents-v1-1")["status"]["gates"]
    assert {"f1-floor": True}.items() <= {gate["name"]: gate["passed"] for gate in gates}.items()


def test_a_persons_documents_get_their_classes(team: Outside, url: str) -> None:
    with PlatformClient(url, team.token("hr")) as client:
        job = client.wait(client.submit_job("anne-martin", digital_documents(5, seed=90)).id, timeout=120)
        assert None not in classes_of(client, job.id).values()


def test_helm_test_and_the_doctor_find_nothing_wrong(release: Release) -> None:
    assert release.helm("test", release.name, "--logs").count("Phase:          Succeeded") == 2
    said = pigeonhole("doctor", "--cluster", "--namespace", release.kubectl.namespace)
    assert said.returncode == 0, said.stdout + said.stderr


def test_a_new_installation_finds_what_the_one_before_has_sorted(team: Outside, release: Release) -> None:
    release.helm("uninstall", release.name, "--wait")
    wait_until(lambda: not release.kubectl.list("inferenceservice"), "the InferenceService to be gone")
    assert release.kubectl.list("persistentvolumeclaim") == []
    release.install(team.values(), "--wait")
    hr = team.token("hr")
    with forwarded(release.kubectl, f"service/{release.name}-api", 8000) as url, PlatformClient(url, hr) as client:
        job = client.job_by_reference("anne-martin")
        assert job is not None
        before = classes_of(client, job.id)
        assert None not in before.values()
        # The operator brings the registry's champion back.
        again = client.wait(client.submit_job("once-more", digital_documents(5, seed=90)).id, timeout=240)
        assert classes_of(client, again.id) == before


def pigeonhole(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([PIGEONHOLE, *arguments], capture_output=True, text=True, timeout=600, check=False)
