"""What the cases of the operator run on: shared servers, and a world for each case."""

from collections.abc import Generator, Iterator
from pathlib import Path

import pytest
from lightkube import AsyncClient

from .cluster import Cluster, watching_client
from .commons import Commons
from .loop_thread import LoopThread
from .shop import Shop
from .suite import is_further, named

_FOLDER = Path(__file__).parent
_SHOP = pytest.StashKey[Shop]()


@pytest.fixture(scope="session")
def loop() -> Iterator[LoopThread]:
    loop = LoopThread()
    yield loop
    loop.close()


@pytest.fixture(scope="session")
def watcher(commons: Commons, loop: LoopThread) -> Iterator[AsyncClient]:
    client = loop.call(watching_client())
    yield client
    loop.call(client.close())


@pytest.fixture(scope="session")
def cluster(commons: Commons, loop: LoopThread) -> Iterator[Cluster]:
    cluster = Cluster(loop)
    yield cluster
    cluster.close()


@pytest.fixture
def shop(
    request: pytest.FixtureRequest,
    commons: Commons,
    cluster: Cluster,
    loop: LoopThread,
    watcher: AsyncClient,
    tmp_path: Path,
) -> Iterator[Shop]:
    """A case's world; at the end of each case the invariants of all have to hold."""
    shop = Shop(commons, cluster, loop, watcher, tmp_path)
    request.node.stash[_SHOP] = shop
    try:
        yield shop
        broken = shop.violations()
        assert not broken, "\n".join([*broken, shop.seen()])
    finally:
        shop.close()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what the suite leaves out."""
    for item in items:
        if item.path.parent == _FOLDER and is_further(item.path.stem, *named(item.name)):
            item.add_marker("further")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.when == "call" and report.failed and (shop := item.stash.get(_SHOP, None)) is not None:
        report.sections.append(("the case's world", shop.seen()))
    return report
