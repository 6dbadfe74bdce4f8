"""What a person's word and a predictor's own answer have to say before a version gets a document."""

import pytest

from .invariants import CANDIDATE
from .reading import FAST, WHOLE_WAY, attempts, ends, goes, quarantined, shows, tells, until
from .shop import Shop

pytestmark = pytest.mark.e2e
NAME = "documents-v2-1"
BY_HAND = {**FAST, "approval": "Manual"}


def test_a_version_waits_until_it_is_the_approved_one(shop: Shop) -> None:
    shop.serving("1", spec=BY_HAND)
    shop.candidate("2")
    until(shop, "AwaitingApproval", NAME)
    shop.settles("AwaitingApproval", stable="1")
    shows(shop, ("Progressing", "True", "AwaitingApproval"), ("GatesPassed", "True", "GatesPassed"))
    assert shop.condition("Progressing")["message"] == "approvedVersion has to name version 2."
    shop.changes({"approvedVersion": "1"})
    # Its generation is the newest: the wrong name has been looked at.
    shop.settles("AwaitingApproval", stable="1")
    assert (shop.journal(), shop.uris(CANDIDATE)) == (["Gating", "AwaitingApproval"], [])
    shop.changes({"approvedVersion": "2"})
    shop.settles("Idle", stable="2")
    way = ["Gating", "AwaitingApproval", *WHOLE_WAY[1:]]
    goes(shop, "documents-v2-1", *way)
    tells(shop, "2", *way)


def test_an_approval_beforehand_needs_no_waiting(shop: Shop) -> None:
    shop.serving("1", spec={**BY_HAND, "approvedVersion": "2"})
    shop.candidate("2")
    shop.settles("Idle", stable="2")
    goes(shop, "documents-v2-1", *WHOLE_WAY)


def test_a_newer_candidate_takes_the_place_of_one_that_waits(shop: Shop) -> None:
    shop.serving("1", spec=BY_HAND)
    shop.candidate("2")
    until(shop, "AwaitingApproval", NAME)
    shop.candidate("3")
    ends(shop, NAME, "Superseded", "SupersededByCandidate")
    until(shop, "AwaitingApproval", "documents-v3-1")
    goes(shop, NAME, "Gating", "AwaitingApproval", "Superseded")
    tells(shop, "2", "Gating", "AwaitingApproval", "Superseded")
    assert quarantined(shop) == []
    shop.changes({"approvedVersion": "2"})
    shop.settles("AwaitingApproval", stable="1")
    assert attempts(shop) == [(NAME, "Superseded"), ("documents-v3-1", "AwaitingApproval")]


def test_gates_that_become_stricter_refuse_one_that_waits(shop: Shop) -> None:
    shop.serving("1", spec=BY_HAND)
    shop.candidate("2")
    until(shop, "AwaitingApproval", NAME)
    shop.changes({"gates": [{"name": "f1-floor", "metric": {"key": "macro_f1", "min": 0.99}}]})
    ends(shop, NAME, "Rejected", "GatesFailed")
    shows(shop, ("GatesPassed", "False", "GatesFailed"), ("Progressing", "False", "GatesFailed"))
    assert shop.uris(CANDIDATE) == []


@pytest.mark.parametrize("fault", ["the registry's digest", "the files"])
def test_a_predictor_with_other_files_than_the_registered_ones_gets_no_document(shop: Shop, fault: str) -> None:
    shop.serving("1", spec=FAST)
    if fault == "the files":
        shop.candidate("2", behaves="altered")
    else:
        shop.candidate("2", digest="0" * 64)
    ends(shop, NAME, "RolledBack", "DigestMismatch")
    goes(shop, "documents-v2-1", "Gating", "DeployingCanary", "RollingBack", "RolledBack")
    tells(shop, "2", "Gating", "DeployingCanary", "RollingBack", "RolledBack")
    shows(shop, ("Progressing", "False", "CandidateQuarantined"), ("Ready", "True", "ServingStable"))
    assert (shop.weights(), shop.uris()) == ([0], [shop.uri("1")])
    assert shop.uris(CANDIDATE)[-1] == ""
    assert quarantined(shop) == [("2", "DigestMismatch")]
