"""Several operators: one acts, the others are ready to, and nothing is ever done by two."""

import pytest

from . import moments, outcomes
from .asking import identities, leads, probe
from .leading import LEASE_SECONDS, LONG, ONCE, SLACK_SECONDS, is_idle, latest, lease, led_by, standby
from .moments import Moment
from .shop import Shop

pytestmark = pytest.mark.e2e


def test_one_of_two_acts_and_the_other_is_ready_and_writes_nothing(shop: Shop) -> None:
    shop.serving("1")
    led_by(shop, shop.operator)
    other = standby(shop)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    outcomes.is_promoted(shop)
    assert is_idle(other)
    assert probe(other, "/livez") == probe(other, "/readyz") == (200, "ok")
    assert identities(other) == []
    assert outcomes.registry_writes(shop) == ONCE
    assert lease(shop)["leaseTransitions"] == 0


@pytest.mark.parametrize(
    "moment",
    [moments.begun, moments.phase("Mirroring"), moments.weight(50), moments.serves("2"), moments.stable("2")],
    ids=["begun", "mirroring", "half of the documents", "stable changes", "verifying"],
)
def test_the_other_goes_on_within_the_time_of_the_lease_when_the_leader_is_killed(shop: Shop, moment: Moment) -> None:
    shop.serving("1")
    led_by(shop, shop.operator)
    other = standby(shop)
    with shop.operator.killed_after(shop.recorder, moment) as killed:
        shop.candidate("2", macro_f1=0.95)
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        shop.waits(lambda: bool(killed), "the leader's end")
    led_by(shop, other)
    outcomes.is_promoted(shop)
    assert outcomes.registry_writes(shop) == ONCE
    assert lease(shop)["leaseTransitions"] == 1


def test_a_leader_that_stood_still_writes_nothing_any_more(shop: Shop) -> None:
    outcomes.begins(shop)
    led_by(shop, shop.operator)
    other = standby(shop)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    shop.operator.freeze()
    led_by(shop, other)
    outcomes.is_promoted(shop)
    before = latest(shop)
    shop.operator.thaw()
    shop.waits(lambda: "leadership_lost" in shop.operator.text, "the thawed one to know")
    shop.waits(lambda: probe(shop.operator, "/readyz")[0] == 200 and not leads(shop.operator), "it to stand by")
    assert leads(other)
    assert outcomes.registry_writes(shop) == ONCE
    outcomes.is_promoted(shop)
    assert latest(shop) == before


def test_one_that_stood_still_leads_again_when_the_other_ends(shop: Shop) -> None:
    shop.serving("1")
    led_by(shop, shop.operator)
    other = standby(shop)
    shop.operator.freeze()
    led_by(shop, other)
    shop.operator.thaw()
    shop.waits(lambda: "leadership_lost" in shop.operator.text, "the thawed one to know")
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    other.kill()
    led_by(shop, shop.operator)
    outcomes.is_promoted(shop)
    assert len(identities(shop.operator)) == 2
    assert outcomes.registry_writes(shop) == ONCE


def test_a_leader_that_is_stopped_hands_the_lease_over_at_once(shop: Shop) -> None:
    shop.serving("1", operator=False)
    shop.operator.start(**LONG)
    led_by(shop, shop.operator)
    other = standby(shop, **LONG)
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=outcomes.AGREES, answered=50)
    shop.waits(lambda: shop.weights() == [0, 50], "the candidate's share")
    assert shop.operator.stop() == 0
    # The Lease would be old after 300 s.
    led_by(shop, other, SLACK_SECONDS)
    outcomes.is_promoted(shop)
    assert outcomes.registry_writes(shop) == ONCE


def test_of_three_one_leads_and_of_the_two_that_are_left_one(shop: Shop) -> None:
    shop.serving("1")
    led_by(shop, shop.operator)
    others = [standby(shop), standby(shop)]
    with shop.operator.killed_after(shop.recorder, moments.phase("Mirroring")) as killed:
        shop.candidate("2", macro_f1=0.95)
        shop.metrics(agreement=outcomes.AGREES, answered=50)
        shop.waits(lambda: bool(killed), "the leader's end")
    shop.waits(lambda: any(leads(other) for other in others), "one to lead", LEASE_SECONDS + SLACK_SECONDS)
    leader, idle = sorted(others, key=leads, reverse=True)
    outcomes.is_promoted(shop)
    assert is_idle(idle)
    assert lease(shop)["holderIdentity"] == identities(leader)[-1]
    assert outcomes.registry_writes(shop) == ONCE
    leader.kill()
    led_by(shop, idle)
    shop.settles("Idle", stable="2")
    assert outcomes.registry_writes(shop) == ONCE
