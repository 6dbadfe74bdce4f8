"""The operator's life, from top to bottom: start, watch, lead, work, stop."""

import asyncio
import signal
import socket
from collections.abc import Awaitable
from contextlib import suppress
from datetime import UTC, datetime
from uuid import uuid4

from lightkube.core.exceptions import ConfigError
from prometheus_client import REGISTRY

from pigeonhole.errors import PigeonholeError
from pigeonhole.telemetry import get_logger
from pigeonhole_operator.brain import Brain, Sources
from pigeonhole_operator.clocks import steady
from pigeonhole_operator.cluster.cache import Cache, Key, key_of, model_of
from pigeonhole_operator.cluster.errors import ClusterError
from pigeonhole_operator.cluster.kube import LightkubeCluster, connect
from pigeonhole_operator.executing import Executor
from pigeonhole_operator.health import Health, Heartbeat
from pigeonhole_operator.http_server import HttpServer
from pigeonhole_operator.informer import Informer
from pigeonhole_operator.installing import install
from pigeonhole_operator.leadership import Leadership
from pigeonhole_operator.metrics import LAST_RECONCILED, LEADER, QUEUE_DEPTH
from pigeonhole_operator.observing import Observer
from pigeonhole_operator.promotion_metrics import PromotionCollector, PromotionResults
from pigeonhole_operator.reconciling import Reconciler
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.watching import watch
from pigeonhole_operator.work_queue import Backoff, WorkQueue
from pigeonhole_operator.writing import ClusterWriter, RegistryWriter

_log = get_logger(__name__)
_IDLE_MARK_SECONDS = 30.0
_KOPF_SECONDS = 10.0


class StartFailed(PigeonholeError):
    """The operator cannot start; the sentence says what is missing."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="start-failed")


class Stopped(PigeonholeError):
    """A part of the operator that is to run for ever ended; the process must be started anew."""

    def __init__(self, part: str) -> None:
        super().__init__(f"{part} ended by itself.", code="part-ended")
        self.part = part


class Operator:
    """The parts of a running operator, and their order in life and death."""

    def __init__(self, cluster: LightkubeCluster, brain: Brain, sources: Sources, settings: OperatorSettings) -> None:
        self._cluster = cluster
        self._settings = settings
        self._stop, self._unwatch, self._unwatched = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._queue: WorkQueue[Key] = WorkQueue(
            steady, backoff=Backoff(settings.backoff_seconds, settings.backoff_limit_seconds)
        )
        identity = f"{socket.gethostname()}_{uuid4().hex[:12]}"
        self._leadership = Leadership(cluster, identity, settings, steady, self._gained, self._lost)
        results = PromotionResults(self._leadership.is_leader)
        self._cache = Cache(results)
        self._collector = PromotionCollector(self._cache, results)
        self._informer = Informer(cluster, self._cache, settings.namespace, self._queue.add, steady)
        self._polls = RegistryPolls(sources.registry, steady, _now)
        self._reconciler = self._build_reconciler(brain, sources)
        self._heartbeat = Heartbeat(steady)
        self._health = Health(self._informer, self._queue, self._heartbeat, settings)
        self._server = HttpServer(self._health, REGISTRY, sources.verify_webhook, self._hinted, settings.max_body_bytes)

    def _build_reconciler(self, brain: Brain, sources: Sources) -> Reconciler:
        settings, cache, polls = self._settings, self._cache, self._polls
        observer = Observer(self._cluster, sources, brain, polls, steady, _now, settings)
        writer = ClusterWriter(self._cluster, cache, _now)
        executor = Executor(writer, RegistryWriter(sources.registry, polls), self._leadership.is_leader)
        return Reconciler(self._queue, cache, brain, observer, executor, writer, settings, steady)

    async def run(self) -> None:
        """Operate until SIGTERM or SIGINT.

        Raises:
            StartFailed: The cluster's objects cannot be read, or the port is taken.
            Stopped: A part failed.
        """
        self._take_signals()
        await self._start()
        await self._live()

    async def _start(self) -> None:
        QUEUE_DEPTH.set_function(lambda: self._queue.depth)
        LEADER.set_function(self._leadership.is_leader)
        REGISTRY.register(self._collector)
        try:
            port = await self._server.start(self._settings.host, self._settings.port)
        except OSError as error:
            raise StartFailed(f"Port {self._settings.port} cannot be listened on: {error.strerror}.") from error
        try:
            await self._install()
            await self._informer.resync()
        except ClusterError as error:
            await self._server.stop()
            raise StartFailed(f"The cluster's objects cannot be read: {error.message}") from error
        _log.info("started", port=port, deployments=len(self._cache.all("ModelDeployment")))

    async def _install(self) -> None:
        settings = self._settings
        if settings.objects_directory is not None and settings.namespace and settings.objects_owner:
            owner = await install(self._cluster, settings.objects_directory, settings.namespace, settings.objects_owner)
            if settings.lease_namespace == settings.namespace:
                self._leadership.belong_to(owner)

    async def _live(self) -> None:
        """Run all parts until the process is to stop, or one of them ends."""
        parts = {
            "the event loop's heartbeat": self._heartbeat.run(),
            "the comparison with lists": self._informer.run(self._settings.resync_seconds),
            "the idle mark": self._mark_idle(),
            "the leadership": self._leadership.run(),
            **{f"worker {number}": self._reconciler.run() for number in range(self._settings.workers)},
            # The last: when kopf ends, it cancels every task that is younger than it.
            "the watch": self._watch(),
        }
        tasks = [asyncio.create_task(part, name=name) for name, part in parts.items()]
        asked = asyncio.create_task(self._stop.wait())
        try:
            done, _ = await asyncio.wait([asked, *tasks], return_when=asyncio.FIRST_COMPLETED)
            # kopf takes signals too, before it has started; then it ends as if it had been told to.
            ended = next((task for task in tasks if task in done and not self._stop.is_set()), None)
            await self._end(tasks[:-1])
        finally:
            for task in (asked, *tasks):
                task.cancel()
        if ended is not None:
            raise Stopped(ended.get_name()) from ended.exception()

    async def _watch(self) -> None:
        """Watch until told otherwise; kopf puts its own signal handlers in place of ours, and we ours again."""
        started = asyncio.Event()
        again = asyncio.create_task(self._retake_signals(started))
        try:
            await watch(self._informer.tell, self._settings.namespace, self._unwatch, started)
        finally:
            again.cancel()
            self._unwatched.set()

    async def _end(self, parts: list[asyncio.Task[None]]) -> None:
        """Stop in order: work in hand, the Lease, the server, the parts, the watch; what hangs is left behind."""
        self._health.stopping = True
        self._queue.close()
        await _no_longer_than(self._settings.stop_seconds, self._queue.idle())
        await self._leadership.release()
        await self._server.stop()
        # kopf waits some seconds for every task that is younger than it, and a waiting worker has such ones.
        for part in parts:
            part.cancel()
        await asyncio.gather(*parts, return_exceptions=True)
        self._unwatch.set()
        await _no_longer_than(_KOPF_SECONDS, self._unwatched.wait())
        await self._cluster.close()
        _log.info("stopped")

    async def _mark_idle(self) -> None:
        """Say that all is looked at while there is nothing to look at."""
        while True:
            if self._leadership.is_leader() and not self._cache.all("ModelDeployment"):
                LAST_RECONCILED.set_to_current_time()
            await asyncio.sleep(_IDLE_MARK_SECONDS)

    def _take_signals(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop.set)

    async def _retake_signals(self, started: asyncio.Event) -> None:
        await started.wait()
        self._take_signals()

    def _gained(self) -> None:
        if self._health.stopping:
            return
        self._queue.open()
        for raw in self._cache.all("ModelDeployment"):
            self._queue.add(key_of(raw))

    def _lost(self) -> None:
        self._queue.close()

    def _hinted(self, model: str) -> None:
        """Have all ModelDeployments of a registered model looked at, with a fresh poll."""
        self._polls.hint(model)
        for raw in self._cache.all("ModelDeployment"):
            if model_of(raw) == model:
                self._queue.add(key_of(raw))


def _now() -> datetime:
    return datetime.now(UTC)


async def _no_longer_than(seconds: float, wait: Awaitable[object]) -> None:
    # Not by asyncio.wait_for: the task that it makes would be cancelled by kopf.
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wait


async def operate(brain: Brain, sources: Sources, settings: OperatorSettings) -> None:
    """Operate the cluster that the environment names until SIGTERM or SIGINT.

    Raises:
        StartFailed: The cluster cannot be read, or the port is taken.
        Stopped: A part of the operator failed.
    """
    try:
        cluster = connect()
    except ConfigError as error:
        raise StartFailed(f"The cluster is not known: {error}") from error
    await Operator(cluster, brain, sources, settings).run()
