"""A plan carried out: one action after another up to the first that fails, each only while this process leads."""

from collections.abc import Callable

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.errors import ClusterError
from pigeonhole_operator.decision.observed import Deployment
from pigeonhole_operator.decision.plan import (
    Action,
    ApplyCandidate,
    ApplyRouting,
    ApplyStable,
    CreatePromotion,
    DeleteAlias,
    DeleteCandidate,
    DeletePromotion,
    Emit,
    Plan,
    SetAlias,
    TagVersion,
    WritePromotion,
    WriteStatus,
)
from pigeonhole_operator.metrics import ACTION_FAILURES
from pigeonhole_operator.outcome import NOT_LEADING, Outcome, Result, failed_by
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.writing import ClusterWriter, RegistryWriter, Writes

_log = get_logger(__name__)


class Executor:
    """Carries out plans, in the cluster and in the registry."""

    def __init__(self, cluster: ClusterWriter, registry: RegistryWriter, is_leader: Callable[[], bool]) -> None:
        self._cluster = cluster
        self._registry = registry
        self.is_leader = is_leader

    async def execute(self, deployment: Deployment, plan: Plan) -> Outcome:
        """Do what a plan for a ModelDeployment says, and return how far that went."""
        writes = Writes(deployment)
        for action in plan.actions:
            if not self.is_leader():
                return NOT_LEADING
            try:
                await self._do(writes, action)
            except (ClusterError, SourceError) as error:
                name = type(action).__name__
                ACTION_FAILURES.labels(name, error.code).inc()
                _log.warning("action_failed", action=name, reason=error.code, deployment=deployment.name)
                return failed_by(error)
        again = plan.requeue_after
        return Outcome(Result.SUCCESS, again_after=None if again is None else again.total_seconds())

    async def _do(self, writes: Writes, action: Action) -> None:  # noqa: C901 - one line for each kind of action
        match action:
            case CreatePromotion():
                await self._cluster.create_promotion(writes, action)
            case WritePromotion():
                await self._cluster.write_promotion(writes, action)
            case DeletePromotion():
                await self._cluster.delete_promotion(writes, action)
            case ApplyStable():
                await self._cluster.apply_stable(writes, action)
            case ApplyCandidate():
                await self._cluster.apply_candidate(writes, action)
            case DeleteCandidate():
                await self._cluster.delete_candidate(writes, action)
            case ApplyRouting():
                await self._cluster.apply_routing(writes, action)
            case WriteStatus():
                await self._cluster.write_status(writes, action)
            case Emit():
                await self._cluster.emit(writes, action)
            case SetAlias() | DeleteAlias() | TagVersion():
                await self._registry.write(writes, action)
