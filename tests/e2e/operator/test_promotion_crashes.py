"""An operator that is killed after anything that it does: the next one ends it as if nothing had happened."""

import pytest

from . import moments, outcomes
from .fault_proxy import Fault
from .moments import Moment
from .recorder import status_of
from .shop import Shop

pytestmark = pytest.mark.e2e

GOING_UP = {
    "the attempt is begun": moments.begun,
    "its journal says DeployingCanary": moments.phase("DeployingCanary"),
    "the candidate is deployed": moments.deployed,
    "its journal says Mirroring": moments.phase("Mirroring"),
    "the status says Mirroring": moments.state("Mirroring"),
    "the candidate is in the routing": moments.weight(0),
    "its journal says Canary": moments.phase("Canary"),
    "the status says Canary": moments.state("Canary"),
    "half of the documents are the candidate's": moments.weight(50),
    "the Event of the promotion is told": moments.event("Promoting"),
    "its journal says Promoting": moments.phase("Promoting"),
    "stable is to serve it": moments.serves("2"),
    "the status says that it serves": moments.stable("2"),
    "its journal says Verifying": moments.phase("Verifying"),
    "the routing is stable's alone": moments.alone("2"),
    "the candidate is removed": moments.removed,
    "the Event of the end is told": moments.event("Succeeded"),
    "the status says Idle": moments.over,
    "its journal says Succeeded": moments.phase("Succeeded"),
    "its journal says that the registry knows": moments.reported,
}
GOING_BACK = {
    "the Event of the way back is told": moments.event("RollingBack"),
    "the status says RollingBack": moments.state("RollingBack"),
    "its journal says RollingBack": moments.phase("RollingBack"),
    "the routing is stable's alone": moments.alone("1"),
    "the candidate is removed": moments.removed,
    "the Event of the end is told": moments.event("RolledBack"),
    "the status says quarantine": moments.quarantine,
    "its journal says RolledBack": moments.phase("RolledBack"),
    "its journal says that the registry knows": moments.reported,
}
WRITTEN = {
    "the alias previous": ("POST", "registered-models/alias", 1),
    "the alias champion": ("POST", "registered-models/alias", 2),
    "the end of the alias candidate": ("DELETE", "registered-models/alias", 1),
    "its result as a tag": ("POST", "model-versions/set-tag", 1),
    "the last of its tags": ("POST", "model-versions/set-tag", 3),
}


@pytest.mark.parametrize("moment", GOING_UP.values(), ids=GOING_UP.keys())
def test_a_promotion_ends_once_though_the_operator_is_killed_when(shop: Shop, moment: Moment) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    with shop.operator.killed_after(shop.recorder, moment) as killed:
        shop.candidate("2", macro_f1=0.95)
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        shop.waits(lambda: bool(killed) and not shop.operator.runs, "the moment of its end")
    shop.operator.start()
    outcomes.is_promoted(shop)


@pytest.mark.parametrize(("method", "path", "number"), WRITTEN.values(), ids=WRITTEN.keys())
def test_a_promotion_ends_once_though_the_operator_is_killed_after_it_wrote(
    shop: Shop, method: str, path: str, number: int
) -> None:
    shop.serving("1")
    with shop.operator.killed_after_request(shop.mlflow_proxy, method, path, number) as killed:
        shop.candidate("2", macro_f1=0.95)
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        shop.waits(lambda: bool(killed) and not shop.operator.runs, "the moment of its end")
    assert [exchange.status for exchange in killed] == [200]
    shop.operator.start()
    outcomes.is_promoted(shop)


@pytest.mark.parametrize("moment", GOING_BACK.values(), ids=GOING_BACK.keys())
def test_a_candidate_is_taken_back_once_though_the_operator_is_killed_when(shop: Shop, moment: Moment) -> None:
    outcomes.begins(shop, outcomes.TAKEN_BACK)
    shop.reaches("Canary")
    with shop.operator.killed_after(shop.recorder, moment) as killed:
        outcomes.fails(shop)
        shop.waits(lambda: bool(killed) and not shop.operator.runs, "the moment of its end")
    shop.operator.start()
    outcomes.is_taken_back(shop)


def test_an_operator_that_is_stopped_in_a_canary_leaves_it_as_it_is(shop: Shop) -> None:
    outcomes.begins(shop)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    assert shop.operator.stop() == 0
    left = shop.recorder.changes[-1].revision
    assert shop.status["state"] == "Canary"
    assert shop.routing()["candidate"]["weight"] == 50
    shop.answers_as("2", "documents-candidate")
    assert [
        change for change in shop.recorder.changes if change.revision > left and change.kind != "InferenceService"
    ] == []
    shop.operator.start()
    outcomes.is_promoted(shop)


@pytest.mark.parametrize("phase", ["DeployingCanary", "Mirroring", "Canary"])
def test_another_candidate_that_came_while_nobody_looked_takes_the_place_of_the_one_on_trial(
    shop: Shop, phase: str
) -> None:
    shop.serving("1")
    with shop.operator.killed_after(shop.recorder, moments.phase(phase)) as killed:
        shop.candidate("2", macro_f1=0.95)
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        shop.waits(lambda: bool(killed) and not shop.operator.runs, "the moment of its end")
    # Version 2 gets nothing more to be judged by: it can only give way.
    shop.metrics("2")
    shop.prometheus_proxy.breaks(Fault.ERROR)
    shop.candidate("3", macro_f1=0.96)
    shop.operator.start()
    shop.waits(lambda: _phases(shop).get("documents-v2-1") == "Superseded", "version 2 to give way")
    shop.prometheus_proxy.heals()
    shop.metrics("3", agreement=outcomes.AGREES, answered=50)
    shop.settles("Idle", stable="3")
    ended = {"documents-v2-1": "Superseded", "documents-v3-1": "Succeeded"}
    shop.waits(lambda: _phases(shop) == ended, "the end of both")
    assert status_of(shop.promotions()[0])["reason"] == "SupersededByCandidate"
    assert shop.status.get("quarantined", []) == []
    assert shop.uris() == [shop.uri("1"), shop.uri("3")]
    assert shop.registry.aliases() == {"champion": "3", "previous": "1"}


def _phases(shop: Shop) -> dict[str, str]:
    return {item["metadata"]["name"]: status_of(item).get("phase", "") for item in shop.promotions()}
