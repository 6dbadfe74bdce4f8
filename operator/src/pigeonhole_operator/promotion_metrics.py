"""What the resources say of promotions, as metrics: read from their statuses at each scrape."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from pigeonhole_operator.cluster.cache import Cache, deployment_of, key_of
from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.cluster.parsing import parse_deployment, parse_promotion
from pigeonhole_operator.decision.observed import Deployment, Promotion
from pigeonhole_operator.resources.promotion import ENDS, Phase, PromotionStatus

_WHERE = ("namespace", "name")
_WAITS_FOR_A_PREDICTOR = frozenset({Phase.DEPLOYING, Phase.PROMOTING, Phase.VERIFYING, Phase.ROLLING_BACK})
_STATUSES = ("True", "False", "Unknown")


class PromotionResults:
    """Counts how attempts ended that this process saw end while it led; neither a restart nor a standby counts again.

    A new pair of result and reason is exported as 0 once before it is counted: Prometheus sees no increase in a series
    that begins.
    """

    def __init__(self, leads: Callable[[], bool]) -> None:
        self._leads = leads
        self._open: set[str] = set()
        self._counts: dict[tuple[str, str, str, str], int] = defaultdict(int)
        self._exported: set[tuple[str, str, str, str]] = set()

    def note(self, kind: str, raw: Raw) -> None:
        """Take in an object as it is now."""
        if kind != "ModelPromotion":
            return
        status = raw.get("status") or {}
        uid, phase = raw["metadata"]["uid"], status.get("phase", "")
        if phase not in ENDS:
            self._open.add(uid)
        elif uid in self._open:
            self._open.discard(uid)
            if self._leads():
                namespace = raw["metadata"]["namespace"]
                self._counts[namespace, deployment_of(raw), _snake(phase), status.get("reason", "")] += 1

    def forget(self, raw: Raw) -> None:
        """Forget an object that was deleted."""
        self._open.discard(raw["metadata"]["uid"])

    def family(self, deployments: Iterable[Raw]) -> Metric:
        """Return the counter, with a zero for each result of each ModelDeployment."""
        family = CounterMetricFamily(
            "pigeonhole_promotion_results", "Attempts by how they ended.", labels=(*_WHERE, "result", "reason")
        )
        # One sample for each series, also where an end has no reason: Prometheus drops a scrape's second one.
        rows = {(*key_of(raw), _snake(end), ""): 0 for raw in deployments for end in sorted(ENDS)}
        rows |= {labels: count if labels in self._exported else 0 for labels, count in self._counts.items()}
        for labels, count in rows.items():
            family.add_metric(labels, count)
        self._exported.update(rows)
        return family


class PromotionCollector(Collector):
    """Turns the statuses that the cache holds into metrics; the names are those of the ModelDeployments."""

    def __init__(self, cache: Cache, results: PromotionResults) -> None:
        self._cache = cache
        self._results = results

    def describe(self) -> Iterable[Metric]:
        """Return nothing: what there is depends on the resources."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield all metrics of promotions."""
        deployments = [
            found
            for raw in self._cache.all("ModelDeployment")
            if isinstance(found := parse_deployment(raw), Deployment)
        ]
        yield self._results.family(self._cache.all("ModelDeployment"))
        yield _weights(deployments)
        yield _conditions(deployments)
        yield from _attempts([(found, self._attempt(found)) for found in deployments])

    def _attempt(self, deployment: Deployment) -> Promotion | None:
        """Return the attempt that the status names."""
        named = deployment.status.promotion_ref
        raw = named and self._cache.get("ModelPromotion", deployment.namespace, named.name)
        found = parse_promotion(raw) if raw else None
        return found if isinstance(found, Promotion) else None


def _weights(deployments: Iterable[Deployment]) -> Metric:
    family = GaugeMetricFamily(
        "pigeonhole_promotion_canary_weight_percent", "The candidate's share of the documents.", labels=_WHERE
    )
    for found in deployments:
        family.add_metric((found.namespace, found.name), found.status.canary_weight)
    return family


def _conditions(deployments: Iterable[Deployment]) -> Metric:
    family = GaugeMetricFamily(
        "pigeonhole_promotion_condition",
        "1 for the status that a condition has, 0 for the others.",
        labels=(*_WHERE, "type", "status"),
    )
    for found in deployments:
        for condition in found.status.conditions:
            for status in _STATUSES:
                labels = (found.namespace, found.name, condition.type, status.lower())
                family.add_metric(labels, condition.status == status)
    return family


def _attempts(attempts: Iterable[tuple[Deployment, Promotion | None]]) -> Iterator[Metric]:
    starts = GaugeMetricFamily(
        "pigeonhole_promotion_phase_start_timestamp_seconds", "When the phase under way began.", labels=_WHERE
    )
    deadlines = GaugeMetricFamily(
        "pigeonhole_promotion_phase_deadline_seconds", "How long that phase may take.", labels=_WHERE
    )
    values = GaugeMetricFamily(
        "pigeonhole_promotion_check_value", "What a check found last.", labels=(*_WHERE, "check", "role")
    )
    for deployment, attempt in attempts:
        status = attempt.status if attempt else None
        if status is None or status.phase.ended:
            continue
        where = (deployment.namespace, deployment.name)
        starts.add_metric(where, status.phase_started_at.timestamp())
        if (deadline := _deadline(deployment, status)) is not None:
            deadlines.add_metric(where, deadline.total_seconds())
        for check in status.checks:
            if check.value is not None:
                values.add_metric((*where, check.name, "candidate"), check.value)
        if (golden := status.golden) is not None and golden.documents:
            values.add_metric((*where, "golden", "candidate"), golden.candidate_right / golden.documents)
            values.add_metric((*where, "golden", "stable"), golden.stable_right / golden.documents)
    yield from (starts, deadlines, values)


def _deadline(deployment: Deployment, status: PromotionStatus) -> timedelta | None:
    """Return how long the phase may take; None for one that waits for a person, be it for days."""
    if status.phase is Phase.AWAITING_APPROVAL or status.suspended_at is not None:
        return None
    spec = deployment.spec
    return spec.target.ready_timeout if status.phase in _WAITS_FOR_A_PREDICTOR else spec.canary.progress_deadline


def _snake(phase: str) -> str:
    return "".join(f"_{char.lower()}" if char.isupper() else char for char in phase).removeprefix("_")
