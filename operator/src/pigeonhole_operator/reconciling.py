"""One turn of the loop for one ModelDeployment: know, look, decide, act; and when to look again."""

import asyncio
from collections.abc import Callable

from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_operator.brain import Brain
from pigeonhole_operator.cluster.cache import Cache, Key
from pigeonhole_operator.cluster.errors import ClusterError, Unreachable
from pigeonhole_operator.cluster.parsing import Invalid
from pigeonhole_operator.decision.observed import Problem
from pigeonhole_operator.decision.plan import ApplyRouting, Emit, Plan
from pigeonhole_operator.decision.routing import let_go
from pigeonhole_operator.executing import Executor
from pigeonhole_operator.knowing import Known, know
from pigeonhole_operator.metrics import LAST_RECONCILED, RECONCILE_SECONDS, RECONCILED
from pigeonhole_operator.observing import Observer
from pigeonhole_operator.outcome import Outcome, Result
from pigeonhole_operator.recollecting import Recollections
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.work_queue import WorkQueue
from pigeonhole_operator.writing import ClusterWriter

_log = get_logger(__name__)
_KIND = "ModelDeployment"
_TOO_SLOW = Outcome(Result.ERROR, failure=Problem("LookTooSlow", "The sources did not answer in time."))


class Reconciler:
    """Works on keys; several of its runs may go on at once."""

    def __init__(
        self,
        queue: WorkQueue[Key],
        cache: Cache,
        brain: Brain,
        observer: Observer,
        executor: Executor,
        writer: ClusterWriter,
        settings: OperatorSettings,
        clock: Callable[[], float],
    ) -> None:
        self._queue = queue
        self._cache = cache
        self._brain = brain
        self._observer = observer
        self._executor = executor
        self._writer = writer
        self._settings = settings
        self._clock = clock
        self._recollections = Recollections(clock, settings.conflict_seconds)

    async def run(self) -> None:
        """Work on one key after another, for ever."""
        while True:
            key = await self._queue.take()
            with bind_context(namespace=key[0], deployment=key[1]):
                await self._work(key)

    async def _work(self, key: Key) -> None:
        started = self._clock()
        outcome = Outcome(Result.ERROR)
        try:
            outcome = await self._turn(key)
        except Exception:  # noqa: BLE001 - one ModelDeployment's fault must not end the work on the others
            _log.exception("reconcile_failed")
        finally:
            # Also for one that was cancelled: nobody works on it any more.
            self._conclude(key, outcome)
            RECONCILED.labels(_KIND, outcome.result).inc()
            RECONCILE_SECONDS.observe(self._clock() - started)
            LAST_RECONCILED.set_to_current_time()

    async def _turn(self, key: Key) -> Outcome:
        known = know(self._cache, key)
        if known is None:
            return await self._leave(key)
        if isinstance(known, Invalid):
            return await self._refuse(key, known)
        return await self._decide(key, known)

    async def _leave(self, key: Key) -> Outcome:
        """Forget a ModelDeployment that is gone, and take what it had on trial out of the routing.

        What belongs to it the cluster collects by itself; the routing is the service's, and stays.
        """
        if (deployment := self._recollections.on_trial(key)) is not None:
            routing = await self._observer.routing_of(deployment)
            if isinstance(routing, Problem) and routing.reason == Unreachable.reason:
                return Outcome(Result.ERROR, failure=routing)
            outcome = await self._executor.execute(deployment, Plan(let_go(deployment, routing)))
            if outcome.result in (Result.CONFLICT, Result.ERROR):
                return outcome
        self._recollections.forget(key)
        return Outcome(Result.GONE)

    async def _decide(self, key: Key, known: Known) -> Outcome:
        recollection = self._recollections.of(key, known)
        try:
            async with asyncio.timeout(self._settings.look_seconds):
                observed = await self._observer.look(known, recollection.field_conflict, recollection.failure)
        except TimeoutError:
            return _TOO_SLOW
        plan = self._brain.reconcile(observed)
        outcome = await self._executor.execute(known.deployment, plan)
        self._recollections.note(key, known, plan, outcome)
        if any(isinstance(action, ApplyRouting) for action in plan.actions):
            self._observer.wrote_routing(known.deployment)
        if outcome.failure is not None and outcome.again_after is not None:
            # A person has to do something, and the status may be the very thing that could not be written.
            why = outcome.failure
            await self._tell(key, Emit(f"refused/{why.message}", "Warning", f"Request{why.reason}", why.message))
        return outcome

    async def _refuse(self, key: Key, invalid: Invalid) -> Outcome:
        """Say at the ModelDeployment that it, or something of it, cannot be read; it is left as it is."""
        _log.warning("invalid_object", object=invalid.name, field=invalid.field)
        await self._tell(key, Emit(f"invalid/{invalid.message}", "Warning", "InvalidObject", invalid.message))
        return Outcome(Result.INVALID, again_after=self._settings.idle_seconds)

    async def _tell(self, key: Key, event: Emit) -> None:
        """Record an Event at the ModelDeployment; that it fails too is no matter."""
        about = self._cache.get(_KIND, *key)
        if about is None or not self._executor.is_leader():
            return
        try:
            await self._writer.record(about, event)
        except ClusterError as error:
            _log.warning("event_failed", reason=error.code)

    def _conclude(self, key: Key, outcome: Outcome) -> None:
        match outcome.result:
            case Result.SUCCESS:
                after = self._settings.idle_seconds if outcome.again_after is None else outcome.again_after
                self._queue.finished(key, min(after, self._settings.idle_seconds))
            case Result.GONE | Result.NOT_LEADING:
                self._queue.finished(key)
            case Result.INVALID:
                self._queue.finished(key, outcome.again_after)
            case Result.CONFLICT | Result.ERROR:
                self._queue.failed(key, outcome.again_after or 0.0)
