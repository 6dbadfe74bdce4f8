"""The ways by which a version comes to serve."""

from typing import Any

import pytest
from tests.e2e.kubectl import Kubectl

from . import manifests
from .invariants import CANDIDATE
from .manifests import SERVICE
from .reading import AT_ONCE, FAST, HELD, WHOLE_WAY, attempt, attempts, ends, goes, recent, shows, tells, until
from .shop import Shop

pytestmark = pytest.mark.e2e
AT_REST = (
    ("Ready", "True", "ServingStable"),
    ("RegistryReachable", "True", "RegistryAnswers"),
    ("TargetReady", "True", "TargetReady"),
    ("Drifted", "False", "AsWritten"),
    ("Stalled", "False", "NotStalled"),
    ("Suspended", "False", "Active"),
)


def unknown(shop: Shop, serves: str, champion: str | None = None) -> None:
    """Let a registered version be served that no operator has put there, and let an operator find it."""
    made = {number: shop.registered(number) for number in ("1", "2")}[serves]
    if champion:
        shop.registry.alias("champion", champion)
    shop.cluster.create(manifests.service(shop.namespace, serves, made.uri, made.run_id))
    shop.operator.start()
    shop.deploys(FAST)


def test_a_better_candidate_goes_the_whole_way_and_becomes_champion(shop: Shop) -> None:
    shop.serving("1")
    shop.candidate("2", macro_f1=0.95)
    shop.metrics(agreement=(100, 2), answered=50)
    shop.settles("Idle", stable="2")
    ends(shop, "documents-v2-1", "Succeeded", "")
    whole_way = ["Gating", "DeployingCanary", "Mirroring", "Canary", "Promoting", "Verifying", "Succeeded"]
    goes(shop, "documents-v2-1", *whole_way)
    tells(shop, "2", *whole_way)
    assert shop.weights() == [0, 50, 0]
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.uris(CANDIDATE) == [shop.uri("2"), ""]
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    assert shop.answers_as("2")["digest"] == shop.status["stable"]["digest"]
    assert recent(shop) == ["1"]
    shows(
        shop,
        *AT_REST,
        ("Progressing", "False", "Succeeded"),
        ("GatesPassed", "True", "GatesPassed"),
        ("AnalysisHealthy", "True", "AnalysisPassed"),
        ("MetricsReachable", "True", "MetricsAnswer"),
    )


def test_no_event_tells_of_what_was_not_asked_yet(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    shop.candidate("2", macro_f1=0.95)
    shop.settles("Idle", stable="2")
    assert shop.said("Gating") == ["Version 2, attempt 1"]


@pytest.mark.parametrize("approval", ["Automatic", "Manual"])
def test_a_version_that_somebody_asks_for_goes_the_whole_way_without_a_second_poll(shop: Shop, approval: str) -> None:
    shop.serving("1", spec={**FAST, "approval": approval})
    shop.registered("2", macro_f1=0.95)
    shop.changes({"request": {"version": "2", "reason": "the new invoices"}})
    shop.settles("Idle", stable="2")
    ends(shop, "documents-v2-1", "Succeeded", "")
    asked, _ = attempt(shop, "documents-v2-1")
    assert (asked["trigger"], asked["reason"]) == ("Request", "the new invoices")
    goes(shop, "documents-v2-1", *WHOLE_WAY)
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    shows(shop, ("Progressing", "False", "Succeeded"))


def test_a_pinned_version_that_never_served_goes_the_whole_way(shop: Shop) -> None:
    shop.serving("1", spec=FAST)
    shop.registered("2", macro_f1=0.95)
    shop.changes({"pin": {"version": "2", "reason": "audit"}})
    shop.settles("Pinned", stable="2")
    asked, journal = attempt(shop, "documents-v2-1")
    assert (asked["trigger"], asked["reason"], asked["direct"]) == ("Pin", "audit", False)
    assert [gate["name"] for gate in journal["gates"]] == ["artefact", "f1-floor", "f1-vs-champion"]
    goes(shop, "documents-v2-1", *WHOLE_WAY)
    assert shop.weights() == [0, 50, 0]
    shows(shop, ("Progressing", "False", "Pinned"))


def test_a_forced_pin_skips_gates_and_canary_and_not_the_look_at_the_files(shop: Shop) -> None:
    shop.serving("1")
    shop.registered("2", macro_f1=0.1)
    shop.changes({"pin": {"version": "2", "reason": "by order", "skipGates": True}})
    shop.settles("Pinned", stable="2")
    asked, journal = attempt(shop, "documents-v2-1")
    assert (asked["trigger"], asked["direct"]) == ("ForcedPin", True)
    assert [gate["name"] for gate in journal["gates"]] == ["artefact"]
    goes(shop, "documents-v2-1", *AT_ONCE)
    assert (shop.weights(), shop.uris(CANDIDATE)) == ([0], [])
    assert shop.answers_as("2")
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}


def test_the_first_version_is_gated_and_needs_no_canary(shop: Shop) -> None:
    unknown(shop, serves="1")
    shop.sees("Ready", "False", "NoStableVersion")
    shop.registry.alias("candidate", "2")
    shop.settles("Idle", stable="2")
    asked, journal = attempt(shop, "documents-v2-1")
    assert (asked["trigger"], asked["direct"]) == ("Alias", True)
    assert [gate["name"] for gate in journal["gates"]] == ["artefact", "f1-floor", "f1-vs-champion"]
    goes(shop, "documents-v2-1", *AT_ONCE)
    assert (shop.weights(), shop.uris(CANDIDATE)) == ([0], [])
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    shows(shop, *AT_REST, ("Progressing", "False", "Succeeded"))
    assert ("Warning", "NoStableVersion") in shop.events()


def test_a_first_version_that_is_too_bad_leaves_the_service_as_it_is(shop: Shop) -> None:
    unknown(shop, serves="1")
    shop.candidate("3", macro_f1=0.5)
    ends(shop, "documents-v3-1", "Rejected", "GatesFailed")
    shows(shop, ("Ready", "False", "NoStableVersion"), ("GatesPassed", "False", "GatesFailed"))
    assert shop.uris() == [shop.uri("1")]
    assert shop.registry.aliases() == {"candidate": "3"}


def test_a_champion_that_serves_already_is_taken_over_without_any_change(shop: Shop) -> None:
    shop.serving("1")
    shop.settles("Idle", stable="1")
    shows(shop, *AT_REST, ("Progressing", "False", "Idle"))
    assert attempts(shop) == []
    assert (shop.uris(), shop.uris(CANDIDATE), shop.weights()) == ([shop.uri("1")], [], [0])
    assert shop.registry.aliases() == {"champion": "1"}
    assert {change.item["metadata"]["generation"] for change in shop.recorder.of("InferenceService", SERVICE)} == {1}
    assert (shop.status["stable"]["version"], recent(shop)) == ("1", [])


def test_a_champion_that_does_not_serve_yet_is_put_there_at_once(shop: Shop) -> None:
    unknown(shop, serves="1", champion="2")
    shop.settles("Idle", stable="2")
    asked, journal = attempt(shop, "documents-v2-1")
    assert (asked["trigger"], asked["direct"]) == ("Adoption", True)
    assert [gate["name"] for gate in journal["gates"]] == ["artefact"]
    goes(shop, "documents-v2-1", *AT_ONCE)
    assert shop.uris() == [shop.uri("1"), shop.uri("2")]
    assert shop.registry.aliases() == {"champion": "2", "previous": "1"}
    shows(shop, *AT_REST)


@pytest.mark.parametrize(
    ("weights", "phases"),
    [
        ([0], ["Mirroring"]),
        ([100], ["Canary"]),
        ([5, 100], ["Canary", "Canary"]),
        ([0, 1, 99], ["Mirroring", "Canary", "Canary"]),
    ],
)
def test_the_steps_are_those_of_the_list(shop: Shop, weights: list[int], phases: list[str]) -> None:
    steps: list[dict[str, Any]] = [{"weight": weight, "duration": "1s"} for weight in weights]
    shop.serving("1", spec={"canary": {"steps": steps, "analysis": []}})
    shop.registered("2")
    shop.changes({"request": {"version": "2", "reason": "its steps"}})
    shop.settles("Idle", stable="2")
    goes(shop, "documents-v2-1", "Gating", "DeployingCanary", *phases, "Promoting", "Verifying", "Succeeded")
    raised = [weight for weight in weights if weight]
    assert shop.weights() == ([0, *raised, 0] if raised else [0])


def test_the_columns_of_kubectl_tell_how_it_stands(shop: Shop) -> None:
    shop.serving("1", spec=HELD)
    shop.candidate("2")
    until(shop, "Canary", "documents-v2-1", lambda: shop.status["canaryWeight"] == 50)
    kubectl = Kubectl(shop.namespace)
    head, row = (line.split() for line in kubectl("get", "mdep").splitlines())
    assert head == ["NAME", "MODEL", "STABLE", "CANDIDATE", "WEIGHT", "STATE", "READY", "AGE"]
    assert row[:-1] == [SERVICE, shop.namespace, "1", "2", "50", "Canary", "True"]
    _, row = (line.split() for line in kubectl("get", "mpromo").splitlines())
    assert row[:6] == ["documents-v2-1", SERVICE, "2", "Alias", "Canary", "50"]
    shop.changes(FAST)
    shop.settles("Idle", stable="2")
    _, row = (line.split() for line in kubectl("get", "mdep", "-o", "wide").splitlines())
    assert row[:6] == [SERVICE, shop.namespace, "2", "0", "Idle", "True"]
    assert row[-1] == "ServingStable"
