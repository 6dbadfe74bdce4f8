"""The follower's life: look at the registry, roll the champion out, answer probes, until told to stop."""

import asyncio
import signal
from collections.abc import Callable, Mapping

from aiohttp import web
from prometheus_client import REGISTRY
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.errors import ClusterError
from pigeonhole_operator.cluster.kinds import Deployment
from pigeonhole_operator.cluster.kube import KubePort
from pigeonhole_operator.decision.observed import ModelVersion, Problem
from pigeonhole_operator.following.rollout import Target, next_rollout, rollout_body
from pigeonhole_operator.following.settings import FollowerSettings
from pigeonhole_operator.metrics import LAST_RECONCILED, LEADER, RECONCILED
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.ports import RegistryPort, SourceError

_KIND = "Deployment"
_LOOKS_UNTIL_DEAD = 30
"""So many pauses without a look, whatever came of it, are a process that hangs."""
_log = get_logger(__name__)


class Follower:
    """Follows one alias of a registered model with one Deployment."""

    def __init__(
        self,
        cluster: KubePort,
        registry: RegistryPort,
        model: str,
        target: Target,
        settings: FollowerSettings,
        clock: Callable[[], float],
    ) -> None:
        self._cluster = cluster
        self._registry = registry
        self._model = model
        self._target = target
        self._settings = settings
        self._clock = clock
        self._looked_at = clock()
        self._told: str | None = None

    @property
    def is_dead(self) -> bool:
        """Tell whether it has not looked for so long that a new process should."""
        return self._clock() - self._looked_at > _LOOKS_UNTIL_DEAD * self._settings.seconds

    async def run(self) -> None:
        """Look from time to time, for ever; a failure costs that look alone."""
        while True:
            await self.look()
            await asyncio.sleep(self._settings.seconds)

    async def look(self) -> str:
        """Look once, do what is to be done, and return what came of it: `success`, `changed` or `error`."""
        result = await self._roll_out()
        RECONCILED.labels(_KIND, result).inc()
        self._looked_at = self._clock()
        return result

    async def _roll_out(self) -> str:
        try:
            found = await self._decide()
            if isinstance(found, Problem):
                return self._fail(found)
            if found is not None:
                await self._cluster.apply(Deployment, rollout_body(self._target, found), force=True)
                _log.info("rolled_out", version=found["PIGEONHOLE_MODEL_VERSION"], deployment=self._target.deployment)
        except SourceError as error:
            return self._fail(error.problem)
        except ClusterError as error:
            return self._fail(Problem(error.code, error.message))
        self._told = None
        LAST_RECONCILED.set_to_current_time()
        return "success" if found is None else "changed"

    async def _decide(self) -> Mapping[str, str] | Problem | None:
        champion = await self._champion()
        stored = await self._cluster.get(Deployment, self._target.namespace, self._target.deployment)
        return next_rollout(self._target, self._model, champion, stored)

    async def _champion(self) -> ModelVersion | None:
        version = (await self._registry.aliases(self._model)).get(self._settings.alias)
        return None if version is None else await self._registry.version(self._model, version)

    def _fail(self, problem: Problem) -> str:
        if self._told != problem.message:
            # The same one is told once, not with every look.
            _log.warning("not_rolled_out", reason=problem.reason, message=problem.message)
            self._told = problem.message
        return "error"


async def serve(follower: Follower, settings: OperatorSettings) -> None:
    """Follow and answer probes until SIGTERM or SIGINT.

    Raises:
        OSError: The port is taken.
    """
    stop, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(_application(follower), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, settings.host, settings.port).start()
    LEADER.set(1)
    async with asyncio.TaskGroup() as group:
        following = group.create_task(follower.run())
        await stop.wait()
        following.cancel()
    await runner.cleanup()


def _application(follower: Follower) -> web.Application:
    async def alive(_: web.Request) -> web.Response:
        return web.Response(text="hangs", status=503) if follower.is_dead else web.Response(text="ok")

    async def metrics(_: web.Request) -> web.Response:
        return web.Response(body=generate_latest(REGISTRY), headers={"Content-Type": CONTENT_TYPE_LATEST})

    application = web.Application()
    application.add_routes([web.get("/livez", alive), web.get("/readyz", alive), web.get("/metrics", metrics)])
    return application
