"""Whether an operator lives and is ready, and that it never asks for a right that its Role does not give."""

import re

import pytest
from lightkube import ApiError

from . import outcomes
from .asking import leads, measured, probe, samples
from .cluster import Cluster
from .loop_thread import LoopThread
from .manifests import ACCOUNT, SERVICE
from .recorder import status_of
from .shop import Shop

pytestmark = pytest.mark.e2e
LOOKS = "pigeonhole_operator_reconcile_total"


def test_a_leader_and_a_standby_are_both_alive_and_ready(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    other = shop.another_operator()
    other.start()
    shop.waits(lambda: probe(other, "/readyz")[0] == 200, "the standby to be ready")
    assert [leads(shop.operator), leads(other)] == [True, False]
    for operator in (shop.operator, other):
        assert (probe(operator, "/livez"), probe(operator, "/readyz")) == ((200, "ok"), (200, "ok"))
    assert shop.operator.stop() == 0
    assert probe(shop.operator, "/livez") == (0, "")


def test_a_process_that_may_not_list_any_more_is_not_alive(shop: Shop) -> None:
    shop.serving("1", operator=False)
    short = {"SILENCE_LIMIT_SECONDS": "3", "RESYNC_SECONDS": "1"}
    shop.operator.start(**{f"PIGEONHOLE_OPERATOR_{name}": value for name, value in short.items()})
    shop.settles("Idle", stable="1")
    assert probe(shop.operator, "/livez") == (200, "ok")
    shop.cluster.delete("RoleBinding", ACCOUNT, shop.namespace)
    shop.waits(lambda: probe(shop.operator, "/livez")[0] == 503, "the process to count as dead")
    assert "No event and no comparison" in probe(shop.operator, "/livez")[1]
    assert shop.is_ready(SERVICE)
    shop.operator.kill()
    shop.operator.log.unlink()


def test_a_whole_story_asks_for_no_right_that_the_role_does_not_give(shop: Shop, loop: LoopThread) -> None:
    outcomes.begins(shop)
    outcomes.is_promoted(shop)
    assert not re.search(r"forbidden|\b403\b", shop.operator.text, re.IGNORECASE)
    refused = [row for row in samples(shop.operator) if row.labels.get("reason") == "Forbidden" and row.value]
    assert refused == []
    assert measured(shop.operator, LOOKS, result="error") is None
    assert status_of(shop.promotions()[-1])["phase"] == "Succeeded"
    account = Cluster(loop, shop.kubeconfig)
    for kind in ("Secret", "Pod", "ConfigMap", "Deployment", "ServiceAccount", "Role"):
        with pytest.raises(ApiError) as error:
            account.listed(kind, shop.namespace)
        assert error.value.status.code == 403
