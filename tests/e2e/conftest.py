"""The cluster of the end-to-end tests, and what stands in for KServe's controller on it."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from .kubectl import Kubectl, cluster_address
from .stand_in import StandIn, running_stand_in


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn]:
    """KServe's CRDs, and the stand-in for its controller, for all namespaces until the session ends."""
    with running_stand_in(tmp_path_factory.mktemp("kserve") / "stand-in.log") as stand_in:
        yield stand_in


@pytest.fixture(scope="module")
def kubectl() -> Iterator[Kubectl]:
    """kubectl in a namespace made for the test module, which is deleted after it."""
    cluster_address("KUBECONFIG")
    kubectl = Kubectl(f"standin-{uuid4().hex[:8]}")
    kubectl("create", "namespace", kubectl.namespace)
    try:
        yield kubectl
    finally:
        kubectl("delete", "namespace", kubectl.namespace, "--wait=false")
