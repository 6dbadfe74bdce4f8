"""What the operator measures of itself; what it measures of promotions is derived from their statuses."""

from prometheus_client import Counter, Gauge, Histogram

_SECONDS = (0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)

RECONCILED = Counter("pigeonhole_operator_reconcile", "Looks at an object, by their result.", ("kind", "result"))
RECONCILE_SECONDS = Histogram(
    "pigeonhole_operator_reconcile_duration_seconds", "Time for a look and what follows from it.", buckets=_SECONDS
)
LAST_RECONCILED = Gauge(
    "pigeonhole_operator_last_reconcile_timestamp_seconds",
    "When a look was last over, or it was last clear that there is nothing to look at.",
)
QUEUE_DEPTH = Gauge("pigeonhole_operator_queue_depth", "ModelDeployments that wait for a worker.")
LEADER = Gauge("pigeonhole_operator_leader", "1 while this process leads, else 0.")
ACTION_FAILURES = Counter(
    "pigeonhole_operator_action_failures", "Actions that failed, by what they were and why.", ("action", "reason")
)
