"""Candidates on their way: weights, checks, fallbacks, ends."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from pigeonhole_dashboards.board import add_row, board
from pigeonhole_dashboards.panels import Limit, Panel, Query, figure, lines

_NS = 'namespace=~"$namespace"'
_NAME = "{{namespace}}/{{name}}"


def promotions() -> Dashboard:
    """Return the dashboard of the promotions."""
    text = "Which version answers, which one is on trial, how it does, and how attempts ended."
    dashboard = board("promotions", "Promotions", text, hours=24)
    add_row(dashboard, "Now", _weight_now(), _phase_now(), _not_ready(), _needs_person())
    add_row(dashboard, "The attempt under way", _weight(), _phase(), _checks())
    add_row(dashboard, "Stable and candidate", _answers(), _agreement(), _fallbacks(), _breaker())
    return add_row(dashboard, "Ends and conditions", _ends(), _conditions(), _models())


def _weight_now() -> Panel:
    query = Query(f"max by (namespace, name) (pigeonhole_promotion_canary_weight_percent{{{_NS}}})", _NAME)
    return figure(
        "Candidate's share", "Share of the documents that the candidate answers.", "percent", query, good="blue"
    )


def _phase_now() -> Panel:
    query = Query(f"max(time() - pigeonhole_promotion_phase_start_timestamp_seconds{{{_NS}}})", "")
    return figure("In this phase", "How long the longest phase under way has taken.", "s", query, good="blue")


def _not_ready() -> Panel:
    query = Query(_holds("Ready", "false"), "")
    text = "ModelDeployments whose stable version does not serve as it should."
    return figure("Not ready", text, "short", query, limits=[Limit(1)])


def _needs_person() -> Panel:
    query = Query(_holds("Stalled", "true"), "")
    return figure("Stalled", "ModelDeployments that need a person.", "short", query, limits=[Limit(1)])


def _holds(kind: str, status: str) -> str:
    return f'sum(max by (namespace, name) (pigeonhole_promotion_condition{{{_NS},type="{kind}",status="{status}"}}))'


def _weight() -> Panel:
    asked = Query(
        f"max by (namespace, name) (pigeonhole_promotion_canary_weight_percent{{{_NS}}})", f"{_NAME} asked for"
    )
    force = "max by (namespace) (pigeonhole_routing_candidate_weight_percent"
    query = Query(f'{force}{{{_NS},job="pigeonhole-transformer"}})', "{{namespace}} in force")
    text = "The share that the operator asks for, and the one that the transformers go by."
    return lines("Candidate's share", text, "percent", asked, query, most=100)


def _phase() -> Panel:
    by = "max by (namespace, name)"
    spent = Query(f"{by} (time() - pigeonhole_promotion_phase_start_timestamp_seconds{{{_NS}}})", f"{_NAME} taken")
    allowed = Query(f"{by} (pigeonhole_promotion_phase_deadline_seconds{{{_NS}}})", f"{_NAME} allowed")
    text = "How long the phase has taken, and may take; one that waits for an approval has no deadline."
    return lines("Phase", text, "s", spent, allowed)


def _checks() -> Panel:
    query = f"max by (namespace, name, check, role) (pigeonhole_promotion_check_value{{{_NS}}})"
    text = "What each check found last. Shares are from 0 to 1; a query of your own may be anything."
    return lines("Checks", text, "none", Query(query, _NAME + " {{check}} {{role}}"))


def _answers() -> Panel:
    query = f"sum by (role, model_version) (rate(pigeonhole_predictions_total{{{_NS}}}[$__rate_interval])) * 3600"
    text = "Documents an hour that each version answered."
    return lines("Answers an hour", text, "short", Query(query, "{{role}} {{model_version}}"), stacked=True)


def _agreement() -> Panel:
    query = f"sum by (model_version, agree) (increase(pigeonhole_shadow_comparisons_total{{{_NS}}}[1h]))"
    text = "Texts of an hour that both versions scored, by whether they name the same class."
    return lines("Agreement", text, "short", Query(query, "{{model_version}} {{agree}}"), stacked=True)


def _fallbacks() -> Panel:
    query = f"sum by (model_version, reason) (increase(pigeonhole_candidate_fallbacks_total{{{_NS}}}[1h]))"
    text = "Documents of the candidate's share that stable had to answer within an hour, by reason."
    return lines("Fallbacks", text, "short", Query(query, "{{model_version}} {{reason}}"), stacked=True)


def _breaker() -> Panel:
    query = f'max by (namespace) (pigeonhole_candidate_breaker_open{{{_NS},job="pigeonhole-transformer"}})'
    text = "1 while a transformer leaves the candidate alone after failures."
    return lines("Candidate left alone", text, "short", Query(query, "{{namespace}}"), limits=[Limit(1)], most=1)


def _ends() -> Panel:
    query = f"sum by (namespace, name, result, reason) (increase(pigeonhole_promotion_results_total{{{_NS}}}[1h])) > 0"
    text = "Attempts that ended within an hour, by result and reason."
    return lines("Ends", text, "short", Query(query, _NAME + " {{result}} {{reason}}"))


def _conditions() -> Panel:
    bad = f'pigeonhole_promotion_condition{{{_NS},type=~"Drifted|Stalled|Suspended",status="true"}}'
    lost = f'pigeonhole_promotion_condition{{{_NS},type=~"Ready|.+Reachable|TargetReady",status="false"}}'
    text = "Conditions that want a look, while they hold."
    queries = [Query(f"max by (namespace, name, type) ({each}) > 0", _NAME + " {{type}}") for each in (bad, lost)]
    return lines("Conditions", text, "short", *queries, most=1)


def _models() -> Panel:
    query = f'max by (model, version, role) (pigeonhole_model_info{{{_NS},job="pigeonhole-transformer"}})'
    text = "Versions that answered, by role, as the transformers know them."
    return lines("Versions", text, "short", Query(query, "{{role}} {{model}} {{version}}"), most=1)
