"""The operator itself: who leads, how much it does, what fails."""

from grafana_foundation_sdk.builders.dashboard import Dashboard

from pigeonhole_dashboards.board import add_row, board
from pigeonhole_dashboards.panels import Limit, Panel, Query, figure, lines

_NS = 'namespace=~"$namespace"'


def operator_itself() -> Dashboard:
    """Return the dashboard of the operator."""
    dashboard = board("operator", "Operator", "Does the operator work? Leadership, looks, failures and its queue.")
    add_row(dashboard, "Now", _leaders(), _last_look(), _waiting(), _error_share())
    add_row(dashboard, "Work", _looks(), _duration(), _queue())
    return add_row(dashboard, "Failures and resources", _failures(), _leadership(), _memory())


def _leaders() -> Panel:
    query = Query(f"min(sum by (namespace) (pigeonhole_operator_leader{{{_NS}}}))", "")
    text = "Processes that lead, in the namespace with the fewest; there should be one."
    return figure("Leaders", text, "short", query, limits=[Limit(1, "green"), Limit(2)], good="red")


def _last_look() -> Panel:
    query = Query(f"max({_since_last_look()})", "")
    text = "Since the last look at anything; from five minutes on there is an alert."
    return figure("Last look", text, "s", query, limits=[Limit(120, "orange"), Limit(300)])


def _since_last_look() -> str:
    return f"time() - max by (namespace) (pigeonhole_operator_last_reconcile_timestamp_seconds{{{_NS}}})"


def _waiting() -> Panel:
    query = Query(f"sum(pigeonhole_operator_queue_depth{{{_NS}}})", "")
    return figure("Waiting", "ModelDeployments that wait for a worker.", "short", query, limits=[Limit(20, "orange")])


def _error_share() -> Panel:
    failed = f'sum(increase(pigeonhole_operator_reconcile_total{{{_NS},result="error"}}[1h]))'
    everything = f"sum(increase(pigeonhole_operator_reconcile_total{{{_NS}}}[1h]))"
    text = "Share of the looks of an hour that ended in an error; from 20 % on there is an alert."
    query = Query(f"({failed} or vector(0)) / ({everything} > 0)", "")
    return figure("Errors", text, "percentunit", query, limits=[Limit(0.05, "orange"), Limit(0.2)])


def _looks() -> Panel:
    query = f"sum by (kind, result) (rate(pigeonhole_operator_reconcile_total{{{_NS}}}[$__rate_interval]))"
    text = "Looks a second, by result. A conflict is no error: what was seen is not so any more."
    return lines("Looks", text, "ops", Query(query, "{{kind}} {{result}}"), stacked=True)


def _duration() -> Panel:
    metric = "pigeonhole_operator_reconcile_duration_seconds_bucket"
    buckets = f"sum by (le) (rate({metric}{{{_NS}}}[$__rate_interval]))"
    queries = [Query(f"histogram_quantile({share}, {buckets})", name) for name, share in (("p50", 0.5), ("p95", 0.95))]
    return lines("Time for a look", "Time for a look and what follows from it.", "s", *queries, limits=[Limit(60)])


def _queue() -> Panel:
    depth = Query(f"max by (namespace) (pigeonhole_operator_queue_depth{{{_NS}}})", "{{namespace}}")
    return lines("Queue", "ModelDeployments that wait for a worker.", "short", depth)


def _failures() -> Panel:
    query = f"sum by (action, reason) (increase(pigeonhole_operator_action_failures_total{{{_NS}}}[$__rate_interval]))"
    text = "Actions that failed, by what they were and why."
    return lines("Failed actions", text, "short", Query(query, "{{action}} {{reason}}"), stacked=True)


def _leadership() -> Panel:
    query = Query(f"max by (namespace, pod) (pigeonhole_operator_leader{{{_NS}}})", "{{namespace}}/{{pod}}")
    return lines("Who leads", "1 for the process that leads.", "short", query, most=1)


def _memory() -> Panel:
    memory = f'process_resident_memory_bytes{{job="pigeonhole-operator",{_NS}}}'
    query = Query(f"max by (namespace, pod) ({memory})", "{{namespace}}/{{pod}}")
    return lines("Memory", "Resident memory of the operator's processes.", "bytes", query)
