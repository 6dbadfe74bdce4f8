"""On a network that enforces policies: who reaches whom in a release, asked from inside its pods.

It is not among the others, since not every cluster's network does: `make e2e-network` (kind's does).
"""

import json
from collections.abc import Iterator

import pytest
from tests.chart.policies import CALLERS, PORTS
from tests.e2e.forwarding import forwarded
from tests.e2e.image_pods import pod, started
from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl

from .documents import classes_of, scans
from .release import Json, Release, demo_values, release_namespace
from .test_trial_with_kserve import PROMOTION

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1500), pytest.mark.usefixtures("stand_in")]
WITHOUT_PYTHON = {"postgresql", "s3"}
MONITORING = {"kubernetes.io/metadata.name": "monitoring"}
KNOCK = """
import json, socket, sys
def is_open(address):
    try:
        socket.create_connection(address, timeout=3).close()
    except OSError:
        return False
    return True
print(json.dumps([name for name, *address in json.loads(sys.argv[1]) if is_open(tuple(address))]))
"""


@pytest.fixture(scope="module", params=["deployments", "kserve"])
def release(request: pytest.FixtureRequest) -> Iterator[Release]:
    values = demo_values(
        request.param,
        ingress={"enabled": False},
        networkPolicy={"monitoringNamespaces": MONITORING},
        **({"promotion": PROMOTION} if request.param == "kserve" else {}),
    )
    with release_namespace({}) as release:
        release.install(values, "--wait", "--wait-for-jobs")
        yield release


@pytest.fixture(scope="module")
def pods(release: Release) -> dict[str, Json]:
    """A pod of each component by its name; KServe gives those of the model servers a label of its own."""
    found = {}
    for item in release.kubectl.list("pod"):
        labels = item["metadata"]["labels"]
        found[labels.get("component") or labels["app.kubernetes.io/component"]] = item
    return {component: found[component] for component in PORTS}


def reached(kubectl: Kubectl, name: str, pods: dict[str, Json]) -> set[str]:
    """Return the components that are reached from inside a pod."""
    addresses = [(component, item["status"]["podIP"], PORTS[component]) for component, item in pods.items()]
    said = kubectl("exec", name, "--", "python3", "-c", KNOCK, json.dumps(addresses))
    return set(json.loads(said.splitlines()[-1]))


@pytest.mark.parametrize("source", sorted(set(PORTS) - WITHOUT_PYTHON))
def test_a_component_reaches_those_it_calls_and_no_other(release: Release, pods: dict[str, Json], source: str) -> None:
    others = {component: item for component, item in pods.items() if component != source}
    allowed = {target for target, callers in CALLERS.items() if source in callers}
    assert reached(release.kubectl, pods[source]["metadata"]["name"], others) == allowed


def test_a_stranger_reaches_the_api_and_the_apps_alone(kubectl: Kubectl, pods: dict[str, Json]) -> None:
    if not kubectl.list("pod"):
        started(kubectl, "stranger", pod(pinned("predictor"), command=["sleep", "3600"]), 80)
    assert reached(kubectl, "stranger", pods) == {"api", "user-app", "admin-app"}


def test_documents_are_sorted_over_the_edges_that_are_left(release: Release) -> None:
    files, _ = scans(7, seed=91)
    with forwarded(release.kubectl, f"service/{release.name}-api", 8000) as release.url, release.client() as client:
        job = client.wait(client.submit_job("over-the-edges", files).id, timeout=240)
        assert None not in classes_of(client, job.id).values()


def test_helm_test_is_green_over_them(release: Release) -> None:
    assert release.helm("test", release.name, "--logs").count("Phase:          Succeeded") == 2
