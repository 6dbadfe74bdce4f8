"""What the suite plays in a quarter of an hour; what shows the same with other values is `further`."""

from collections.abc import Mapping

FURTHER_FILES = frozenset(
    {
        "test_harness",
        "test_promotion_metrics",
        "test_promotion_owners",
        "test_promotion_probes",
        "test_promotion_queries",
        "test_promotion_targets",
        "test_promotion_webhooks",
    }
)
"""What is not about the way of a version: the cases' own tools, ports, own queries, who else wants an object."""

_KEPT: Mapping[str, tuple[str, ...]] = {
    "test_a_promotion_ends_once_though_the_operator_is_killed_when": (
        "the attempt is begun",
        "the candidate is deployed",
        "the candidate is in the routing",
        "half of the documents are the candidate's",
        "the Event of the promotion is told",
        "stable is to serve it",
        "the status says that it serves",
        "the routing is stable's alone",
        "the candidate is removed",
        "its journal says Succeeded",
        "its journal says that the registry knows",
    ),
    "test_a_candidate_is_taken_back_once_though_the_operator_is_killed_when": (
        "its journal says RollingBack",
        "the routing is stable's alone",
        "the status says quarantine",
        "its journal says that the registry knows",
    ),
    "test_another_candidate_that_came_while_nobody_looked_takes_the_place_of_the_one_on_trial": ("Canary",),
    "test_the_other_goes_on_within_the_time_of_the_lease_when_the_leader_is_killed": (
        "half of the documents",
        "stable changes",
    ),
    "test_one_that_stood_still_leads_again_when_the_other_ends": (),
    "test_of_three_one_leads_and_of_the_two_that_are_left_one": (),
    "test_a_lease_that_nobody_renews_is_taken_back_whatever_it_says": ("by nobody",),
    "test_a_gate_is_passed": ("loss-on-the-same-documents", "class-chance"),
    "test_a_gate_refuses": ("floor", "class-loss", "class-gone", "same-signature"),
    "test_a_version_without_a_report_is_refused": ("gate0",),
    "test_an_answer_that_is_no_number_holds_the_weight": (
        "vector(0) / vector(0)-NoData-True",
        "sum(-MetricsRefused-False",
    ),
    "test_with_too_few_documents_the_weight_stays": (),
    "test_verdicts_on_one_model_alone_say_nothing": (),
    "test_doubt_waits_for_more_documents_which_decide": ("False",),
    "test_what_people_say_of_the_answers_decides": ("candidate0-Fail-AboveMax",),
    "test_a_candidate_that_does_not_come_up_in_time_never_gets_a_document": ("crash", "altered"),
    "test_a_version_that_fails_as_stable_alone_is_followed_by_the_one_before": ("as-7-as-stable",),
    "test_the_deadline_waits_for_people": ("Suspended",),
    "test_a_deployment_that_is_made_suspended_takes_over_what_serves_and_begins_nothing": (),
    "test_a_request_waits_until_it_is_resumed": (),
    "test_the_recent_versions_tell_what_to_go_back_to": (),
    "test_a_pin_waits_until_it_is_resumed": ("True",),
    "test_a_change_by_hand_is_treated_as_the_policy_says": (
        "files-Correct",
        "files-Report",
        "routing-Correct",
        "alias-Correct",
    ),
    "test_the_candidate_s_service_is_the_operator_s_own_under_each_policy": ("Report",),
    "test_a_routing_that_somebody_writes_during_a_trial_holds_it_unless_it_is_corrected": ("Correct", "Report"),
    "test_a_registry_that_fails_while_nothing_is_under_way_is_told_of_once": ("garbage",),
    "test_gates_wait_for_a_registry_that_fails_while_they_judge": ("garbage",),
    "test_a_canary_goes_on_without_the_registry_and_its_end_is_written_when_it_is_back": ("error",),
    "test_a_promotion_that_the_registry_does_not_take_is_stalled_and_recorded_in_the_end": ("answers nothing",),
    "test_metrics_that_cannot_be_had_hold_the_weight_where_it_is": ("slow", "garbage"),
    "test_a_share_is_not_raised_while_metrics_cannot_be_had": ("error",),
    "test_a_candidate_that_cannot_be_asked_is_not_tried_until_it_can": ("error",),
    "test_a_candidate_that_cannot_be_asked_any_more_is_taken_back": ("Mirroring",),
    "test_no_event_tells_of_what_was_not_asked_yet": (),
    "test_the_steps_are_those_of_the_list": ("weights3-phases3",),
    "test_an_approval_beforehand_needs_no_waiting": (),
    "test_a_candidate_whose_alias_goes_elsewhere_is_taken_out_of_the_canary": ("-CandidateWithdrawn",),
    "test_without_quarantine_the_cooldown_alone_holds_a_version_back": (),
    "test_one_that_is_made_again_after_promotions_knows_what_serves_and_not_what_was": (),
    "test_a_version_that_somebody_asks_for_goes_the_whole_way_without_a_second_poll": ("Manual",),
    "test_a_predictor_with_other_files_than_the_registered_ones_gets_no_document": ("the files",),
    "test_a_good_version_after_a_bad_one_becomes_champion": ("-end0",),
    "test_one_that_is_made_again_takes_over_and_tries_the_candidate_anew": ("True",),
    "test_a_stable_service_that_is_deleted_is_missed_and_taken_over_when_it_is_back": ("2",),
    "test_a_record_that_is_deleted_ends_the_trial_and_another_begins": ("Canary",),
}
KEPT = {function: frozenset(values) for function, values in _KEPT.items()}
"""The values that the suite plays of cases with many; none of cases that another one shows as well."""


def is_further(file: str, function: str, value: str | None) -> bool:
    """Tell whether a case is left out of the suite, by the name of its file, its function and its value's id."""
    return file in FURTHER_FILES or (function in KEPT and value not in KEPT[function])


def named(case: str) -> tuple[str, str | None]:
    """Return the function and its value's id of a case's name, as pytest writes it."""
    function, bracket, value = case.partition("[")
    return function, value.removesuffix("]") if bracket else None
