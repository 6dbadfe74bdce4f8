"""One version after another: what the attempt before leaves to the next one."""

import pytest

from .invariants import CANDIDATE
from .reading import (
    AGREES,
    DISAGREES,
    FAST,
    SHADOW,
    WHOLE_WAY,
    attempt,
    attempts,
    ends,
    forced,
    goes,
    most_at_once,
    quarantined,
    recent,
    shows,
    tells,
)
from .shop import Shop

pytestmark = pytest.mark.e2e
TAKEN_BACK = ["Gating", "DeployingCanary", "Mirroring", "RollingBack", "RolledBack"]


def promoted(shop: Shop, version: str) -> None:
    """Ask for a version that is good, and wait until it serves; the wish is gone then."""
    shop.registered(version)
    shop.changes({"request": {"version": version, "reason": "it is good"}})
    shop.settles("Idle", stable=version)
    shop.changes({"request": None})


def test_a_worse_version_after_a_good_one_is_refused(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    promoted(shop, "2")
    shop.candidate("3", macro_f1=0.87)
    ends(shop, "documents-v3-1", "Rejected", "GatesFailed")
    assert attempt(shop, "documents-v3-1")[0]["previous"]["version"] == "2"
    tells(shop, "3", "Gating", "Rejected")
    shows(shop, ("Progressing", "False", "GatesFailed"), ("Ready", "True", "ServingStable"))
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.registry.aliases() == {"champion": "2", "previous": "1", "candidate": "3"}


def test_a_version_that_disagrees_after_a_good_one_is_taken_back(shop: Shop) -> None:
    shop.serving("1", spec=SHADOW)
    shop.candidate("2")
    shop.metrics(agreement=AGREES)
    ends(shop, "documents-v2-1", "Succeeded", "")
    shop.candidate("3")
    shop.metrics(agreement=DISAGREES)
    ends(shop, "documents-v3-1", "RolledBack", "AnalysisFailed")
    goes(shop, "documents-v3-1", *TAKEN_BACK)
    tells(shop, "3", *TAKEN_BACK)
    shows(
        shop,
        ("Progressing", "False", "CandidateQuarantined"),
        ("AnalysisHealthy", "False", "AboveMax"),
        ("Ready", "True", "ServingStable"),
    )
    assert "disagreement: " in shop.condition("AnalysisHealthy")["message"]
    assert quarantined(shop) == [("3", "AnalysisFailed")]
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.uris(CANDIDATE) == [shop.uri("2"), "", shop.uri("3"), ""]
    assert shop.answers_as("2")
    assert shop.registry.aliases() == {"champion": "2", "previous": "1", "candidate": "3"}


@pytest.mark.parametrize(
    ("behaves", "end"), [("", ("Rejected", "GatesFailed")), ("altered", ("RolledBack", "DigestMismatch"))]
)
def test_a_good_version_after_a_bad_one_becomes_champion(shop: Shop, behaves: str, end: tuple[str, str]) -> None:
    shop.serving("1", spec=FAST)
    shop.candidate("2", behaves=behaves, macro_f1=0.9 if behaves else 0.5)
    ends(shop, "documents-v2-1", *end)
    shop.candidate("3")
    shop.settles("Idle", stable="3")
    goes(shop, "documents-v3-1", *WHOLE_WAY)
    assert shop.uris() == [shop.uri("1"), shop.uri("3")]
    assert shop.registry.aliases() == {"champion": "3", "previous": "1"}
    assert recent(shop) == ["1"]
    assert most_at_once(shop) == 1
    shows(shop, ("Progressing", "False", "Succeeded"), ("GatesPassed", "True", "GatesPassed"))


def test_two_bad_versions_one_after_the_other_leave_everything_as_it_was(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    shop.candidate("2", macro_f1=0.5)
    ends(shop, "documents-v2-1", "Rejected", "GatesFailed")
    shop.candidate("3", behaves="altered")
    ends(shop, "documents-v3-1", "RolledBack", "DigestMismatch")
    assert (shop.uris(), shop.weights()) == ([shop.uri("1")], [0])
    assert quarantined(shop) == [("3", "DigestMismatch")]
    assert shop.registry.aliases() == {"champion": "1", "candidate": "3"}
    shows(shop, ("Progressing", "False", "CandidateQuarantined"), ("Ready", "True", "ServingStable"))


def test_the_version_before_may_be_a_candidate_again(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    promoted(shop, "2")
    shop.registry.alias("candidate", "1")
    shop.settles("Idle", stable="1")
    assert attempt(shop, "documents-v1-1")[0]["trigger"] == "Alias"
    goes(shop, "documents-v1-1", *WHOLE_WAY)
    assert shop.registry.aliases() == {"champion": "1", "previous": "2"}
    assert recent(shop) == ["2"]
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")]


def test_a_version_in_quarantine_is_tried_again_with_another_retry_tag_only(shop: Shop) -> None:
    shop.serving("1", spec=SHADOW)
    shop.candidate("2", tags={"promotion_retry": "first"})
    shop.metrics(agreement=DISAGREES)
    ends(shop, "documents-v2-1", "RolledBack", "AnalysisFailed")
    shows(shop, ("Progressing", "False", "CandidateQuarantined"))
    assert shop.status["quarantined"][0]["retryTag"] == "first"
    shop.metrics(agreement=AGREES)
    shop.registry.tag("2", "promotion_retry", "second")
    ends(shop, "documents-v2-2", "Succeeded", "")
    assert attempts(shop) == [("documents-v2-1", "RolledBack"), ("documents-v2-2", "Succeeded")]
    assert quarantined(shop) == []
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}


def test_without_quarantine_the_cooldown_alone_holds_a_version_back(shop: Shop) -> None:
    shop.serving("1", spec={**FAST, "rollback": {"quarantine": False, "cooldown": "5m"}})
    shop.candidate("2", behaves="altered")
    ends(shop, "documents-v2-1", "RolledBack", "DigestMismatch")
    shop.settles("Cooldown", stable="1")
    shows(shop, ("Progressing", "False", "Cooldown"))
    assert quarantined(shop) == []
    shop.changes({"rollback": {"cooldown": "0s"}})
    ends(shop, "documents-v2-2", "RolledBack", "DigestMismatch")
    assert most_at_once(shop) == 1


def test_of_ended_attempts_only_the_latest_are_kept(shop: Shop) -> None:
    shop.serving("1", spec={"historyLimit": 1})
    for version in ("2", "3"):
        shop.registered(version)
        forced(shop, version)
    gone = "documents-v2-1"
    shop.waits(lambda: shop.recorder.now("ModelPromotion", gone) is None, f"the end of {gone}")
    assert shop.recorder.now("ModelPromotion", "documents-v3-1")
    assert shop.registry.tags("2")["promotion_name"] == gone


def test_a_stable_version_that_is_deleted_serves_on_and_says_so(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    shop.settles("Idle", stable="1")
    shop.registered("2")
    shop.registry.delete("1")
    shop.sees("Ready", "True", "StableVersionDeleted")
    assert "is not in the registry any more" in shop.said("StableVersionDeleted")[0]
    assert ("Warning", "StableVersionDeleted") in shop.events()
    assert shop.uris() == [shop.uri("1")]
    assert shop.answers_as("1")
    forced(shop, "2")
    shows(shop, ("Ready", "True", "ServingStable"))
    assert shop.registry.aliases() == {"champion": "2"}
