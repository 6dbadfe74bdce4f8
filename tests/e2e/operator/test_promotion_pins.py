"""What a pin does: a person says which version serves, whatever the aliases say."""

import pytest

from .invariants import CANDIDATE
from .reading import (
    AGREES,
    AT_ONCE,
    DISAGREES,
    FAST,
    HELD,
    SHADOW,
    WHOLE_WAY,
    attempt,
    attempts,
    ends,
    forced,
    goes,
    quarantined,
    recent,
    shows,
    tells,
    until,
)
from .shop import Shop

pytestmark = pytest.mark.e2e


def pinned(shop: Shop, version: str, reason: str = "incident 42") -> None:
    """Pin a version; the pin before may have skipped gates."""
    shop.changes({"pin": {"version": version, "reason": reason, "skipGates": None}})


def test_a_version_that_served_lately_is_back_at_once(shop: Shop) -> None:
    shop.serving("1")
    shop.registered("2")
    forced(shop, "2")
    # What it was refused for before does not matter: it served.
    shop.changes({"gates": [{"name": "f1-floor", "metric": {"key": "macro_f1", "min": 0.99}}]})
    pinned(shop, "1")
    shop.settles("Pinned", stable="1")
    asked, journal = attempt(shop, "documents-v1-1")
    assert (asked["trigger"], asked["direct"], asked["reason"]) == ("Restore", True, "incident 42")
    assert [gate["name"] for gate in journal["gates"]] == ["artefact"]
    goes(shop, "documents-v1-1", *AT_ONCE)
    tells(shop, "1", *AT_ONCE)
    assert (shop.uris(CANDIDATE), shop.weights()) == ([], [0])
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")]
    assert shop.registry.aliases() == {"champion": "1", "previous": "2"}
    shows(shop, ("Progressing", "False", "Pinned"), ("Ready", "True", "ServingStable"))
    assert shop.answers_as("1")


def test_a_version_outside_the_window_goes_the_whole_way(shop: Shop) -> None:
    shop.serving("1", spec={**FAST, "rollback": {"window": 0}})
    shop.registered("2")
    forced(shop, "2")
    assert recent(shop) == ["1"]
    pinned(shop, "1")
    shop.settles("Pinned", stable="1")
    asked, journal = attempt(shop, "documents-v1-1")
    assert (asked["trigger"], asked["direct"]) == ("Pin", False)
    assert [gate["name"] for gate in journal["gates"]] == ["artefact", "f1-floor", "f1-vs-champion"]
    goes(shop, "documents-v1-1", *WHOLE_WAY)


def test_the_recent_versions_tell_what_to_go_back_to(shop: Shop) -> None:
    shop.serving("1")
    for version in ("2", "3"):
        shop.registered(version)
        forced(shop, version)
    assert recent(shop) == ["2", "1"]
    pinned(shop, recent(shop)[0])
    shop.settles("Pinned", stable="2")
    assert recent(shop) == ["3", "1"]
    assert attempt(shop, "documents-v2-2")[0]["trigger"] == "Restore"
    assert shop.uris() == [shop.uri(version) for version in ("1", "2", "3", "2")]
    assert shop.registry.aliases() == {"champion": "2", "previous": "3"}


def test_a_pin_takes_the_place_of_a_version_on_trial(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    until(shop, "Canary", "documents-v2-1")
    shop.registered("3", macro_f1=0.1)
    forced(shop, "3", "by order")
    ends(shop, "documents-v2-1", "Superseded", "SupersededByPin")
    ends(shop, "documents-v3-1", "Succeeded", "")
    assert shop.journal("documents-v2-1")[-3:] == ["Canary", "RollingBack", "Superseded"]
    assert shop.weights() == [0, 50, 0]
    assert shop.uris() == [shop.uri("1"), shop.uri("3")]
    assert shop.uris(CANDIDATE) == [shop.uri("2"), ""]
    assert quarantined(shop) == []
    assert shop.registry.aliases() == {"champion": "3", "previous": "1", "candidate": "2"}


def test_a_pin_of_the_serving_version_keeps_every_other_away_until_it_is_gone(shop: Shop) -> None:
    shop.serving("1", spec={**FAST, "pin": {"version": "1", "reason": "audit"}})
    shop.settles("Pinned", stable="1")
    shows(shop, ("Progressing", "False", "Pinned"))
    shop.candidate("2")
    shop.waits(lambda: shop.status.get("pending", {}).get("version") == "2", "the candidate to be seen")
    assert attempts(shop) == []
    shop.changes({"pin": None})
    shop.settles("Idle", stable="2")
    assert attempt(shop, "documents-v2-1")[0]["trigger"] == "Alias"


def test_a_pin_that_is_removed_midway_leaves_nothing(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.registered("2")
    pinned(shop, "2")
    until(shop, "Canary", "documents-v2-1")
    shop.changes({"pin": None})
    ends(shop, "documents-v2-1", "Superseded", "PinRemoved")
    shop.settles("Idle", stable="1")
    assert (shop.weights(), shop.uris()) == ([0, 50, 0], [shop.uri("1")])
    assert shop.uris(CANDIDATE) == [shop.uri("2"), ""]
    shows(shop, ("Progressing", "False", "PinRemoved"), ("Ready", "True", "ServingStable"))
    assert attempt(shop, "documents-v2-1")[0]["reason"] == "incident 42"


def test_a_pin_frees_a_quarantined_version(shop: Shop) -> None:
    shop.serving("1", spec=SHADOW)
    shop.candidate("2")
    shop.metrics(agreement=DISAGREES)
    ends(shop, "documents-v2-1", "RolledBack", "AnalysisFailed")
    shows(shop, ("Progressing", "False", "CandidateQuarantined"))
    shop.metrics(agreement=AGREES)
    pinned(shop, "2")
    shop.settles("Pinned", stable="2")
    ends(shop, "documents-v2-2", "Succeeded", "")
    assert attempt(shop, "documents-v2-2")[0]["trigger"] == "Pin"
    assert quarantined(shop) == []


def test_a_pin_of_a_version_that_does_not_exist_changes_nothing(shop: Shop) -> None:
    shop.serving("1")
    pinned(shop, "99")
    shows(shop, ("Progressing", "False", "VersionMissing"), ("Ready", "True", "ServingStable"))
    assert shop.condition("Progressing")["message"] == "The registry has no version 99."
    assert (attempts(shop), shop.uris()) == ([], [shop.uri("1")])


def test_a_pin_that_never_becomes_ready_is_taken_back_and_not_tried_again(shop: Shop) -> None:
    shop.serving("1", spec={"target": {"readyTimeout": "5s"}})
    shop.registered("2", behaves="unready")
    pinned(shop, "2")
    ends(shop, "documents-v2-1", "RolledBack", "CandidateNotReady")
    shows(shop, ("Progressing", "False", "CandidateNotReady"), ("Ready", "True", "ServingStable"))
    assert (shop.uris(), shop.weights()) == ([shop.uri("1")], [0])
    # It stays so though a candidate comes: the pin is still there.
    shop.candidate("3")
    shop.waits(lambda: shop.status.get("pending", {}).get("version") == "3", "the candidate to be seen")
    assert attempts(shop) == [("documents-v2-1", "RolledBack")]
    assert shop.registry.aliases() == {"champion": "1", "candidate": "3"}


def test_a_forced_pin_whose_predictor_has_other_files_gives_the_version_before_back(shop: Shop) -> None:
    shop.serving("1")
    shop.registered("2", digest="0" * 64)
    shop.changes({"pin": {"version": "2", "reason": "by order", "skipGates": True}})
    ends(shop, "documents-v2-1", "RolledBack", "DigestMismatch")
    goes(shop, "documents-v2-1", "Gating", "Promoting", "RollingBack", "RolledBack")
    assert shop.uris() == [shop.uri("1"), shop.uri("2"), shop.uri("1")]
    shows(shop, ("Progressing", "False", "DigestMismatch"), ("Ready", "True", "ServingStable"))
    assert shop.registry.aliases() == {"champion": "1"}
    assert (shop.status["stable"]["version"], recent(shop)) == ("1", [])
    assert shop.answers_as("1")
