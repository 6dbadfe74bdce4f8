"""One look: whatever a decision about a ModelDeployment needs, asked at once; a source that fails is a Problem."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from pigeonhole_operator.brain import Brain, Queries, Sources
from pigeonhole_operator.cluster.errors import ClusterError, NotFound
from pigeonhole_operator.cluster.kinds import ConfigMap
from pigeonhole_operator.cluster.kube import KubePort
from pigeonhole_operator.cluster.parsing import parse_routing
from pigeonhole_operator.decision.names import candidate_service, predictor_host, routing_config_map, stable_service
from pigeonhole_operator.decision.needs import Needs
from pigeonhole_operator.decision.observed import (
    Artefact,
    Deployment,
    Evaluation,
    ModelVersion,
    Observed,
    Problem,
    Promotion,
    Reading,
    Registry,
    Replay,
    Routing,
    Served,
)
from pigeonhole_operator.decision.reconcile import under_way
from pigeonhole_operator.knowing import Known
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.remembering import Remembered
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.ports import SourceError

_T = TypeVar("_T")
_MOST_ROUTINGS = 10_000
_VERSION_MISSING = Problem("VersionMissing", "The registry has no such version.")
_NO_ATTEMPT = Problem("NotAsked", "No attempt is under way.")


class Observer:
    """Asks the sources, for one ModelDeployment after another."""

    def __init__(
        self,
        cluster: KubePort,
        sources: Sources,
        brain: Brain,
        polls: RegistryPolls,
        clock: Callable[[], float],
        now: Callable[[], datetime],
        settings: OperatorSettings,
    ) -> None:
        self._cluster = cluster
        self._sources = sources
        self._brain = brain
        self._polls = polls
        self._now = now
        self._evaluations: Remembered[tuple[str, str, str], Evaluation] = Remembered(clock, settings.artefact_seconds)
        self._artefacts: Remembered[str, Artefact] = Remembered(clock, settings.artefact_seconds)
        self._routings: Remembered[tuple[str, str], Routing | Problem] = Remembered(
            clock, settings.routing_seconds, _MOST_ROUTINGS
        )

    async def look(self, known: Known, field_conflict: str | None, failure: Problem | None) -> Observed:
        """Return all that is to be known for the next decision; it takes as long as the slowest source.

        Args:
            known: What the cache holds.
            field_conflict: Who has fields that the last plan was to write.
            failure: Why the last plan ended early.
        """
        deployment, now = known.deployment, self._now()
        model = deployment.spec.source.model_name
        registry = await self._polls.look(model, deployment.spec.source.poll_interval)
        needs = self._brain.needs(deployment, known.promotions, known.target, known.candidate, registry, now)
        if isinstance(registry, Registry):
            versions = sorted(needs.versions | needs.evaluations | needs.artefacts)
            registry = await self._polls.with_versions(model, registry, versions)
        observed = Observed(
            now=now,
            deployment=deployment,
            conflict=known.conflict,
            field_conflict=field_conflict,
            failure=failure,
            promotions=known.promotions,
            registry=registry,
            target=known.target,
            candidate=known.candidate,
        )
        return await self._answered(observed, needs)

    async def routing_of(self, deployment: Deployment) -> Routing | Problem:
        """Return the routing as it is now."""
        return await self._read_routing(deployment.namespace, routing_config_map(deployment))

    def wrote_routing(self, deployment: Deployment) -> None:
        """Have the routing of a ModelDeployment read again by the next look."""
        self._routings.forget((deployment.namespace, routing_config_map(deployment)))

    async def _answered(self, observed: Observed, needs: Needs) -> Observed:
        """Return the look with what is needed of the sources, which are all asked at the same time."""
        deployment, model = observed.deployment, observed.deployment.spec.source.model_name
        found = observed.registry.versions if isinstance(observed.registry, Registry) else {}
        stable, candidate = stable_service(deployment), candidate_service(deployment)
        attempt = under_way(observed.promotions)
        async with asyncio.TaskGroup() as group:
            ask = group.create_task
            routing = ask(self._routing(deployment, attempt)) if needs.routing else None
            served = ask(self._served(deployment, stable)) if needs.served_stable else None
            tried = ask(self._served(deployment, candidate)) if needs.served_candidate else None
            evaluations = ask(_each(needs.evaluations, lambda name: self._evaluation(model, found.get(name))))
            artefacts = ask(_each(needs.artefacts, lambda name: self._artefact(found.get(name))))
            readings = ask(self._readings(deployment, attempt, observed.now)) if needs.readings else None
            replay = ask(self._replay(deployment, attempt)) if needs.replay else None
        return replace(
            observed,
            routing=_result(routing),
            served_stable=_result(served),
            served_candidate=_result(tried),
            evaluations=evaluations.result(),
            artefacts=artefacts.result(),
            readings=_result(readings),
            replay=_result(replay),
        )

    async def _routing(self, deployment: Deployment, attempt: Promotion | None) -> Routing | Problem:
        """Return the routing; it cannot be watched, and while nothing goes on it is seldom read."""
        key = deployment.namespace, routing_config_map(deployment)
        if attempt is None:
            return await self._routings.get(key, lambda: self._read_routing(*key))
        return await self._routings.renew(key, lambda: self._read_routing(*key))

    async def _read_routing(self, namespace: str, name: str) -> Routing | Problem:
        try:
            return parse_routing(await self._cluster.get(ConfigMap, namespace, name))
        except NotFound:
            return Problem("RoutingMissing", f"There is no ConfigMap {name}.")
        except ClusterError as error:
            return Problem(error.code, error.message)

    async def _served(self, deployment: Deployment, service: str) -> Served | Problem:
        ask = self._sources.predictors.served(deployment.namespace, predictor_host(service))
        return await _answer(ask)

    async def _evaluation(self, model: str, version: ModelVersion | None) -> Evaluation | Problem:
        if version is None:
            return _VERSION_MISSING
        key = (model, version.version, version.run_id)
        return await _answer(self._evaluations.get(key, lambda: self._sources.registry.evaluation(version)))

    async def _artefact(self, version: ModelVersion | None) -> Artefact | Problem:
        if version is None:
            return _VERSION_MISSING
        uri = version.storage_uri
        return await _answer(self._artefacts.get(uri, lambda: self._sources.artefacts.look(uri)))

    async def _readings(
        self, deployment: Deployment, attempt: Promotion | None, now: datetime
    ) -> Mapping[str, Mapping[str, Reading] | Problem]:
        queries: Queries = {} if attempt is None else self._brain.queries(deployment, attempt, now)
        return await _each(queries, lambda name: self._read(queries[name]))

    async def _read(self, queries: Mapping[str, str]) -> Mapping[str, Reading] | Problem:
        """Return the readings of one analysis, or why one of them could not be had."""
        try:
            found = await asyncio.gather(*(self._sources.metrics.read(query) for query in queries.values()))
        except SourceError as error:
            return error.problem
        return dict(zip(queries, found, strict=True))

    async def _replay(self, deployment: Deployment, attempt: Promotion | None) -> Replay | Problem:
        if attempt is None:
            return _NO_ATTEMPT
        return await _answer(self._sources.replays.progress(deployment, attempt))


def _result(task: asyncio.Task[_T] | None) -> _T | None:
    return None if task is None else task.result()


async def _each(names: Collection[str], ask: Callable[[str], Awaitable[_T]]) -> dict[str, _T]:
    answers = await asyncio.gather(*(ask(name) for name in names))
    return dict(zip(names, answers, strict=True))


async def _answer(ask: Awaitable[_T]) -> _T | Problem:
    try:
        return await ask
    except SourceError as error:
        return error.problem
