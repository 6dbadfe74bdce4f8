"""What becomes of a version, from its alias to its end, in a world without a cluster."""

from dataclasses import replace

import pytest

from pigeonhole_operator.decision.observed import Routing
from pigeonhole_operator.decision.plan import ApplyRouting

from .world import Model, World

pytestmark = pytest.mark.unit


def shop() -> World:
    """A world in which version 1 serves and the operator knows it."""
    world = World()
    world.add(Model("1"))
    world.serve("1")
    world.run(10)
    return world


def test_the_champion_is_taken_over_without_any_change() -> None:
    world = shop()
    assert world.status.stable is not None
    assert world.status.stable.version == "1"
    assert world.promotions == {}
    assert world.target is not None
    assert world.conditions["Ready"] == ("True", "ServingStable")
    assert world.routing is not None
    assert (world.routing.stable_version, world.routing.candidate) == ("1", None)


def test_a_better_candidate_becomes_the_champion() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.95))
    world.aliases["candidate"] = "2"
    world.run(300)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.aliases == {"champion": "2", "previous": "1"}
    assert world.status.stable is not None
    assert world.status.stable.version == "2"
    assert world.running == {"documents": "2"}
    assert world.routing is not None
    assert (world.routing.stable_version, world.routing.candidate) == ("2", None)
    assert world.conditions["Ready"] == ("True", "ServingStable")
    assert world.conditions["Progressing"] == ("False", "Succeeded")
    assert [event.reason for event in world.events.values()] == [
        "Gating",
        "DeployingCanary",
        "Mirroring",
        "Canary",
        "Canary",
        "Promoting",
        "Verifying",
        "Succeeded",
    ]
    assert world.models["2"].tags["promotion_result"] == "Succeeded"


def test_the_first_event_of_an_attempt_tells_of_no_question_that_nobody_asked() -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(300)
    assert [event.message for event in world.events.values() if event.reason == "Gating"] == ["Version 2, attempt 1"]


def promoted(world: World, number: str) -> None:
    world.aliases["candidate"] = number
    world.run(300)
    assert world.status.stable is not None
    assert world.status.stable.version == number


def test_an_attempt_begins_without_a_word_of_what_was_not_asked_yet() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.95))
    world.aliases["candidate"] = "2"
    world.run(60)
    told = [event.message for event in world.events.values() if event.reason == "Gating"]
    assert told == ["Version 2, attempt 1"]


def test_a_worse_version_is_stopped_at_the_gate_and_nothing_moves() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.5))
    world.aliases["candidate"] = "2"
    world.run(120)
    assert world.phase("documents-v2-1") == "Rejected"
    assert world.candidate is None
    assert world.conditions["GatesPassed"] == ("False", "GatesFailed")
    assert world.conditions["Progressing"] == ("False", "GatesFailed")
    assert world.conditions["Ready"] == ("True", "ServingStable")
    assert list(world.promotions) == ["documents-v2-1"]
    tags = world.models["2"].tags
    assert (tags["promotion_result"], tags["promotion_reason"]) == ("Rejected", "GatesFailed")
    assert "macro_f1 is 0.5" in tags["promotion_message"]


def test_a_refused_version_is_judged_anew_when_somebody_changes_its_tags() -> None:
    world = shop()
    world.edit(gates=[{"name": "reviewed", "tag": {"key": "data_review", "value": "passed"}}])
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(120)
    assert world.phase("documents-v2-1") == "Rejected"
    world.models["2"].tags["data_review"] = "passed"
    world.run(300)
    assert world.phase("documents-v2-2") == "Succeeded"


def test_a_version_that_waits_for_approval_and_fails_stricter_gates_is_refused_once() -> None:
    world = shop()
    world.edit(approval="Manual")
    world.add(Model("2", macro_f1=0.9))
    world.aliases["candidate"] = "2"
    world.run(60)
    assert world.status.state == "AwaitingApproval"
    world.edit(gates=[{"name": "f1", "metric": {"key": "macro_f1", "min": 0.99}}])
    world.run(600)
    assert {name: world.phase(name) for name in world.promotions} == {"documents-v2-1": "Rejected"}
    # Rules that are no other ones are no reason to judge it again.
    world.edit(historyLimit=7)
    world.run(600)
    assert list(world.promotions) == ["documents-v2-1"]
    world.edit(approval="Automatic", gates=[{"name": "f1", "metric": {"key": "macro_f1", "min": 0.8}}])
    world.run(600)
    assert world.phase("documents-v2-2") == "Succeeded"


def test_a_refused_version_that_a_person_asks_for_once_more_is_judged_once_more() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.1))
    for attempt, reason in enumerate(("a try", "the report was mended"), 1):
        world.edit(request={"version": "2", "reason": reason})
        world.run(300)
        assert world.phase(f"documents-v2-{attempt}") == "Rejected"
        assert len(world.promotions) == attempt


def test_a_version_that_disagrees_in_shadow_is_taken_back_and_not_tried_again() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.95, disagrees=True))
    world.aliases["candidate"] = "2"
    world.run(600)
    assert list(world.promotions) == ["documents-v2-1"]
    assert world.phase("documents-v2-1") == "RolledBack"
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.reason, status.from_phase) == ("AnalysisFailed", "Mirroring")
    assert [(item.version, item.reason) for item in world.status.quarantined] == [("2", "AnalysisFailed")]
    assert world.conditions["Progressing"] == ("False", "CandidateQuarantined")
    assert world.candidate is None
    assert world.aliases["champion"] == "1"


def test_another_value_of_the_retry_tag_frees_a_version() -> None:
    world = shop()
    model = world.add(Model("2", macro_f1=0.95, disagrees=True))
    world.aliases["candidate"] = "2"
    world.run(600)
    model.disagrees = False
    model.tags["promotion_retry"] = "labels mended"
    world.run(600)
    assert world.phase("documents-v2-2") == "Succeeded"
    assert world.status.quarantined == ()


def test_a_version_that_gets_documents_again_is_not_in_quarantine() -> None:
    world = shop()
    model = world.add(Model("2", macro_f1=0.95, disagrees=True))
    world.aliases["candidate"] = "2"
    world.run(600)
    assert [item.version for item in world.status.quarantined] == ["2"]
    world.samples = 0
    model.tags["promotion_retry"] = "labels mended"
    world.run(60)
    assert world.phase("documents-v2-2") == "Mirroring"
    assert world.routing is not None
    assert world.routing.candidate is not None
    assert world.status.quarantined == ()


def test_a_candidate_that_never_becomes_ready_is_taken_back() -> None:
    world = shop()
    world.add(Model("2", crashes=True))
    world.aliases["candidate"] = "2"
    world.run(200)
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.phase, status.reason) == ("RolledBack", "CandidateNotReady")


def test_a_predictor_that_has_loaded_other_files_gets_no_document() -> None:
    world = shop()
    world.add(Model("2", loaded_digest="other"))
    world.aliases["candidate"] = "2"
    world.run(100)
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.phase, status.reason) == ("RolledBack", "DigestMismatch")
    assert "Mirroring" not in [passage.phase for passage in status.journal]


def test_without_documents_it_waits_and_at_the_deadline_goes_back() -> None:
    world = shop()
    world.samples = 0
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(300)
    assert world.phase("documents-v2-1") == "Mirroring"
    assert world.conditions["AnalysisHealthy"] == ("Unknown", "NoData")
    world.run(500)
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.phase, status.reason) == ("RolledBack", "InsufficientSamples")


def test_without_metrics_the_weight_is_never_raised() -> None:
    world = shop()
    world.metrics_down = True
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(200)
    assert world.phase("documents-v2-1") == "Mirroring"
    assert world.status.state == "Held"
    assert world.conditions["MetricsReachable"] == ("False", "MetricsUnreachable")
    world.metrics_down = False
    world.run(300)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.conditions["MetricsReachable"] == ("True", "MetricsAnswer")
    told = [event.reason for event in world.events.values() if event.reason.startswith("Metrics")]
    assert told == ["MetricsUnreachable", "MetricsAnswer"]


def test_a_canary_that_passes_at_its_first_checks_has_shown_that_metrics_answer() -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(300)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.conditions["MetricsReachable"] == ("True", "MetricsAnswer")


def reasons_over_time(world: World, seconds: int) -> set[tuple[str, str]]:
    """Return all that `Progressing` says while time passes."""
    told = set()
    for _ in range(seconds):
        world.run(1)
        told.add(world.conditions["Progressing"])
    return told


def on_trial_without_documents() -> World:
    world = shop()
    world.add(Model("2"))
    world.samples = 0
    world.aliases["candidate"] = "2"
    world.run(60)
    assert world.phase("documents-v2-1") == "Mirroring"
    return world


@pytest.mark.parametrize("samples", [0.0, 100.0])
def test_a_trial_says_all_the_time_that_it_waits_for_its_routing(samples: float) -> None:
    world = on_trial_without_documents()
    world.samples, world.routing = samples, None
    world.run(1)
    assert reasons_over_time(world, 30) == {("True", "RoutingMissing")}
    world.samples, world.routing = 100.0, Routing(1, "documents-predictor", None, None)
    world.run(120)
    assert world.phase("documents-v2-1") == "Succeeded"


@pytest.mark.parametrize("policy", ["Report", "Ignore"])
def test_a_trial_says_that_it_waits_for_a_routing_which_it_may_not_write(policy: str) -> None:
    world = on_trial_without_documents()
    world.edit(driftPolicy=policy)
    world.samples, world.routing = 100.0, Routing(90, "documents-predictor", "1", None)
    world.run(1)
    assert reasons_over_time(world, 30) == {("True", "RoutingChanged")}
    world.edit(driftPolicy="Correct")
    world.run(120)
    assert world.phase("documents-v2-1") == "Succeeded"


def test_a_promotion_ends_although_the_registry_is_away_for_a_while() -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    while not world.promotions or world.phase("documents-v2-1") != "Verifying":
        world.run(5)
    world.registry_down = True
    world.run(300)
    assert world.phase("documents-v2-1") == "Verifying"
    assert world.conditions["RegistryReachable"] == ("False", "RegistryUnreachable")
    assert world.conditions["Stalled"] == ("True", "PromotionNotRecorded")
    assert world.running == {"documents": "2"}
    world.registry_down = False
    world.run(60)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.conditions["Stalled"] == ("False", "NotStalled")
    assert world.aliases["champion"] == "2"


def test_a_newer_candidate_takes_the_place_of_one_on_trial() -> None:
    world = shop()
    world.add(Model("2"))
    world.add(Model("3"))
    world.aliases["candidate"] = "2"
    world.run(50)
    assert world.unfinished
    world.aliases["candidate"] = "3"
    world.run(400)
    assert world.phase("documents-v2-1") == "Superseded"
    assert world.phase("documents-v3-1") == "Succeeded"
    assert world.status.quarantined == ()


def test_a_version_that_served_before_can_be_pinned_at_once() -> None:
    world = shop()
    world.add(Model("2"))
    promoted(world, "2")
    world.edit(pin={"version": "1", "reason": "incident 42"})
    world.run(60)
    attempt = world.promotions["documents-v1-1"]
    assert (attempt.spec.trigger, attempt.spec.reason) == ("Restore", "incident 42")
    assert world.phase("documents-v1-1") == "Succeeded"
    assert world.aliases["champion"] == "1"
    assert world.status.state == "Pinned"


def test_a_pin_wins_over_a_candidate_on_trial() -> None:
    world = shop()
    world.add(Model("2"))
    world.add(Model("3"))
    promoted(world, "2")
    world.aliases["candidate"] = "3"
    world.run(50)
    assert world.unfinished
    world.edit(pin={"version": "1", "reason": "incident 42"})
    world.run(100)
    assert world.phase("documents-v3-1") == "Superseded"
    assert world.running == {"documents": "1"}


def test_a_pin_of_an_unproven_version_goes_the_whole_way_unless_it_skips_the_gates() -> None:
    world = shop()
    world.add(Model("2", macro_f1=0.5))
    world.edit(pin={"version": "2", "reason": "try it"})
    world.run(100)
    assert world.phase("documents-v2-1") == "Rejected"
    world.edit(pin={"version": "2", "reason": "try it", "skipGates": True})
    world.run(100)
    assert world.phase("documents-v2-2") == "Succeeded"
    assert world.promotions["documents-v2-2"].spec.trigger == "ForcedPin"


def test_suspended_on_trial_nothing_is_raised_and_a_bad_candidate_still_goes() -> None:
    world = shop()
    model = world.add(Model("2"))
    world.aliases["candidate"] = "2"
    while world.status.state != "Canary":
        world.run(5)
    weight = world.status.canary_weight
    world.edit(suspend=True)
    world.run(700)
    assert (world.status.state, world.conditions["Suspended"]) == ("Suspended", ("True", "Suspended"))
    assert world.routing is not None
    assert world.routing.candidate is not None
    assert world.routing.candidate.weight == weight
    model.disagrees = True
    world.run(60)
    assert world.phase("documents-v2-1") == "RolledBack"


def test_suspended_shows_also_when_nothing_is_on_trial_or_waits() -> None:
    world = shop()
    world.edit(suspend=True)
    world.run(30)
    assert world.status.state == "Suspended"
    world.edit(suspend=False)
    world.run(30)
    assert world.status.state == "Idle"


def test_the_time_of_a_suspension_does_not_count() -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(45)
    world.edit(suspend=True)
    world.run(2000)
    world.edit(suspend=False)
    world.run(300)
    assert world.phase("documents-v2-1") == "Succeeded"


def test_manual_approval_waits_for_the_version_that_it_names() -> None:
    world = shop()
    world.edit(approval="Manual", approvedVersion="1")
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(2000)
    assert world.status.state == "AwaitingApproval"
    assert world.candidate is None
    world.edit(approvedVersion="2")
    world.run(200)
    assert world.phase("documents-v2-1") == "Succeeded"


def test_a_change_by_hand_is_set_right_reported_or_left() -> None:
    for policy, served, drifted in (("Correct", "1", "False"), ("Report", "7", "True"), ("Ignore", "7", "False")):
        world = shop()
        world.edit(driftPolicy=policy)
        world.run(70)
        world.add(Model("7"))
        assert world.target is not None
        world.target = world.target.__class__(
            **{**vars(world.target), "storage_uri": "s3://models/7", "version": "7", "generation": 9}
        )
        world.run(70)
        assert world.target.version == served
        assert world.conditions["Drifted"][0] == drifted


def test_who_changes_things_all_the_time_is_corrected_once_a_minute() -> None:
    world = shop()
    corrections = 0
    for _ in range(24):
        world.aliases["champion"] = "9"
        world.run(5)
        corrections += world.aliases["champion"] == "1"
    assert 1 <= corrections <= 3
    assert world.conditions["Drifted"] == ("True", "AliasChanged")


def test_the_first_candidate_of_an_empty_target_serves_once_its_gates_are_passed() -> None:
    world = World()
    world.add(Model("1"))
    world.serve("1")
    del world.aliases["champion"]
    world.add(Model("2"))
    world.run(20)
    assert world.conditions["Ready"] == ("False", "NoStableVersion")
    world.aliases["candidate"] = "2"
    world.run(100)
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.conditions["Ready"] == ("True", "ServingStable")


def test_a_champion_that_does_not_serve_yet_is_brought_in_without_a_trial() -> None:
    world = World()
    world.add(Model("1"))
    world.serve("1")
    world.add(Model("2"))
    world.aliases["champion"] = "2"
    world.run(60)
    assert world.promotions["documents-v2-1"].spec.trigger == "Adoption"
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.running == {"documents": "2"}


def test_a_stable_version_that_does_not_come_up_is_taken_back_and_the_one_before_restored() -> None:
    world = shop()
    model = world.add(Model("2"))
    world.aliases["candidate"] = "2"
    while not world.promotions or world.phase("documents-v2-1") != "Promoting":
        world.step()
        world.pods_start()
        world.now += world.step().requeue_after or world.now - world.now
    model.crashes = True
    world.run(200)
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.phase, status.reason) == ("RolledBack", "StableNotReady")
    assert world.running == {"documents": "1"}
    assert world.aliases["champion"] == "1"


def test_old_attempts_are_forgotten_beyond_the_limit() -> None:
    world = shop()
    world.edit(historyLimit=2)
    for number in ("2", "3", "4", "5"):
        world.add(Model(number))
        promoted(world, number)
    world.run(30)
    assert sorted(world.promotions) == ["documents-v4-1", "documents-v5-1"]
    assert [release.version for release in world.status.recent] == ["4", "3", "2", "1"]


def test_a_version_that_is_deleted_on_trial_is_given_up_and_one_that_serves_is_kept() -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    world.run(50)
    world.deleted.add("2")
    del world.aliases["candidate"]
    world.run(60)
    status = world.promotions["documents-v2-1"].status
    assert status is not None
    assert (status.phase, status.reason) == ("Superseded", "VersionDeleted")
    world.deleted.add("1")
    world.run(30)
    assert world.conditions["Ready"] == ("True", "StableVersionDeleted")
    assert [event.kind for event in world.events.values() if event.reason == "StableVersionDeleted"] == ["Warning"]


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("fail_at", range(8))
def test_a_promotion_that_is_cut_off_at_each_action_ends_all_the_same(fail_at: int, after_effect: bool) -> None:
    world = shop()
    world.add(Model("2"))
    world.aliases["candidate"] = "2"
    for _ in range(200):
        world.step(fail_at, after_effect=after_effect)
        plan = world.step()
        world.pods_start()
        world.now += plan.requeue_after or world.now - world.now
    assert world.phase("documents-v2-1") == "Succeeded"
    assert world.aliases == {"champion": "2", "previous": "1"}
    assert len({event.reason for event in world.events.values()}) == 7


@pytest.mark.parametrize("policy", ["Report", "Ignore"])
def test_a_way_back_ends_although_somebody_else_wrote_the_routing(policy: str) -> None:
    world = shop()
    world.edit(driftPolicy=policy)
    world.add(Model("2", macro_f1=0.95))
    world.aliases["candidate"] = "2"
    while world.status.state != "Canary":
        world.run(5)
    assert world.routing is not None
    world.routing = replace(world.routing, stable_host="by-hand")
    world.run(30)
    del world.aliases["candidate"]
    world.run(120)
    assert world.phase("documents-v2-1") == "Superseded"
    assert world.routing.candidate is None
    assert world.candidate is None


def test_a_routing_that_somebody_else_made_is_written_at_once_and_nothing_stalls() -> None:
    world = World()
    world.edit(driftPolicy="Report")
    world.add(Model("1"))
    world.serve("1")
    world.field_conflict = None
    plan = world.step()
    written = [action for action in plan.actions if isinstance(action, ApplyRouting)]
    assert len(written) == 1
    assert world.conditions["Stalled"] == ("False", "NotStalled")
