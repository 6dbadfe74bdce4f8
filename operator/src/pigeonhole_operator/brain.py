"""What the runtime is built around: the three pure functions that decide, and the sources that they are about."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from pigeonhole_operator.decision.needs import Needs
from pigeonhole_operator.decision.observed import Deployment, Observed, Problem, Promotion, Registry, Service
from pigeonhole_operator.decision.plan import Plan
from pigeonhole_operator.sources.ports import (
    ArtefactPort,
    MetricsPort,
    PredictorPort,
    RegistryPort,
    ReplayPort,
    VerifyWebhook,
)

Queries = Mapping[str, Mapping[str, str]]
"""PromQL by the name of the analysis and that of the query."""


class NeedsOf(Protocol):
    """Says what has to be found out."""

    def __call__(
        self,
        deployment: Deployment,
        promotions: Sequence[Promotion],
        target: Service | None,
        candidate: Service | None,
        registry: Registry | Problem,
        now: datetime,
    ) -> Needs:
        """Return the questions that a decision needs answered."""


@dataclass(frozen=True)
class Brain:
    """The operator's mind."""

    reconcile: Callable[[Observed], Plan]
    needs: NeedsOf
    queries: Callable[[Deployment, Promotion, datetime], Queries]


@dataclass(frozen=True)
class Sources:
    """The world outside the cluster's API."""

    registry: RegistryPort
    artefacts: ArtefactPort
    metrics: MetricsPort
    predictors: PredictorPort
    replays: ReplayPort
    verify_webhook: VerifyWebhook
