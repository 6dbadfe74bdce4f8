"""What the end-to-end tests run on: the cluster, what stands in for KServe's controller, and the figures they read."""

from collections.abc import Callable, Iterator
from uuid import uuid4

import pytest

from .kubectl import Kubectl, cluster_address
from .operator.commons import Commons, shared

_FIGURE = "figure"


@pytest.fixture(scope="session")
def commons(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Iterator[Commons]:
    """What all processes of the tests share: KServe's CRDs and the stand-in for its controller, for all namespaces,
    and the servers of the operator's cases."""
    cluster_address("KUBECONFIG")
    own = tmp_path_factory.getbasetemp()
    # Each process of pytest-xdist has a folder below the one of the session.
    whole = own if worker_id == "master" else own.parent
    with shared(whole / "operator-commons") as commons:
        yield commons


@pytest.fixture(scope="session")
def stand_in(commons: Commons) -> str:
    """KServe's controller, as far as tests need it: the image by which it downloads models."""
    return commons.image


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


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Say something measured; all of it stands at the end of the run, whichever process measured it."""
    return lambda text: record_property(_FIGURE, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [report for kind in ("passed", "failed") for report in terminalreporter.getreports(kind)]
    figures = [value for report in reports for name, value in report.user_properties if name == _FIGURE]
    if figures:
        terminalreporter.section("figures")
        for text in figures:
            terminalreporter.write_line(str(text))
