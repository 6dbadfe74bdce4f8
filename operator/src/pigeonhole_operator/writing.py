"""The actions of a plan, each as the requests that it takes; what the API server answers is known at once."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.cache import Cache
from pigeonhole_operator.cluster.errors import AlreadyExists, Conflict, Forbidden, Invalid, NotFound
from pigeonhole_operator.cluster.kinds import (
    ConfigMap,
    InferenceService,
    Kind,
    ModelDeployment,
    ModelPromotion,
    Raw,
    named,
)
from pigeonhole_operator.cluster.kube import KubePort
from pigeonhole_operator.cluster.objects import (
    candidate_body,
    deployment_status_body,
    event_body,
    promotion_body,
    promotion_status_body,
    routing_body,
    stable_body,
)
from pigeonhole_operator.cluster.parsing import parse_promotion
from pigeonhole_operator.decision.names import stable_service
from pigeonhole_operator.decision.observed import Deployment, Promotion
from pigeonhole_operator.decision.plan import (
    ApplyCandidate,
    ApplyRouting,
    ApplyStable,
    CreatePromotion,
    DeleteAlias,
    DeleteCandidate,
    DeletePromotion,
    Emit,
    SetAlias,
    TagVersion,
    WritePromotion,
    WriteStatus,
)
from pigeonhole_operator.metrics import ACTION_FAILURES
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.sources.ports import RegistryPort

_log = get_logger(__name__)


@dataclass
class Writes:
    """The ModelDeployment that a plan is for, and the resource versions that the plan's own writes led to, by name.

    A plan knows the versions that were seen; what it writes twice has another one the second time.
    """

    deployment: Deployment
    status_version: str = ""
    promotion_versions: dict[str, str] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        """Return the namespace of all that is written."""
        return self.deployment.namespace


class ClusterWriter:
    """Writes to the API server, and puts its answers into the cache."""

    def __init__(self, cluster: KubePort, cache: Cache, now: Callable[[], datetime]) -> None:
        self._cluster = cluster
        self._cache = cache
        self._now = now

    async def create_promotion(self, writes: Writes, action: CreatePromotion) -> None:
        """Create an attempt; one of that name and the same spec is the same attempt."""
        try:
            raw = await self._cluster.create_promotion(promotion_body(writes.deployment, action))
        except AlreadyExists:
            raw = await self._cluster.get(ModelPromotion, writes.namespace, action.name)
            there = parse_promotion(raw)
            self._cache.put("ModelPromotion", raw)
            if not isinstance(there, Promotion) or there.spec != action.spec:
                raise Conflict(f"Another promotion has the name {action.name}.") from None
        self._wrote_promotion(writes, raw)

    async def write_promotion(self, writes: Writes, action: WritePromotion) -> None:
        """Write an attempt's journal, if nobody else did since it was looked at."""
        version = writes.promotion_versions.get(action.name, action.resource_version)
        body = promotion_status_body(writes.namespace, action.name, version, action.status)
        self._wrote_promotion(writes, await self._cluster.apply_status(ModelPromotion, body))

    async def delete_promotion(self, writes: Writes, action: DeletePromotion) -> None:
        """Delete an old attempt."""
        await self._delete(ModelPromotion, writes.namespace, action.name, action.uid)

    async def apply_stable(self, writes: Writes, action: ApplyStable) -> None:
        """Have the stable InferenceService, which must be there, serve a release."""
        stored = self._service(writes, action.service)
        body = stable_body(stored, action.release)
        self._cache.put("InferenceService", await self._cluster.apply(InferenceService, body, force=action.force))

    async def apply_candidate(self, writes: Writes, action: ApplyCandidate) -> None:
        """Have the candidate's InferenceService, which is all the operator's own, serve a release."""
        stable = self._service(writes, stable_service(writes.deployment))
        body = candidate_body(stable, writes.deployment, action.service, action.release)
        self._cache.put("InferenceService", await self._cluster.apply(InferenceService, body, force=True))

    async def delete_candidate(self, writes: Writes, action: DeleteCandidate) -> None:
        """Delete the candidate's InferenceService."""
        await self._delete(InferenceService, writes.namespace, action.service, action.uid)

    async def apply_routing(self, writes: Writes, action: ApplyRouting) -> None:
        """Write the transformer's routing, whoever wrote it before."""
        body = routing_body(writes.namespace, action.config_map, action.routing)
        await self._cluster.apply(ConfigMap, body, force=True)

    async def write_status(self, writes: Writes, action: WriteStatus) -> None:
        """Write the ModelDeployment's status, if nobody changed it since it was looked at."""
        deployment = writes.deployment
        version = writes.status_version or deployment.resource_version
        raw = await self._cluster.apply_status(
            ModelDeployment, deployment_status_body(deployment, version, action.status)
        )
        writes.status_version = raw["metadata"]["resourceVersion"]
        self._cache.put("ModelDeployment", raw)

    async def emit(self, writes: Writes, action: Emit) -> None:
        """Record an Event; one that the API server does not want holds nothing up."""
        about = self._cache.get("ModelDeployment", writes.namespace, writes.deployment.name)
        if about is None:
            return
        await self.record(about, action)

    async def record(self, about: Raw, event: Emit) -> None:
        """Record an Event about a ModelDeployment, once for each key."""
        try:
            await self._cluster.create_event(event_body(about, event, self._now()))
        except AlreadyExists:
            return
        except (Forbidden, Invalid, NotFound) as error:
            ACTION_FAILURES.labels("Emit", error.code).inc()
            _log.warning("event_refused", reason=error.code, refused=event.reason)

    def _service(self, writes: Writes, name: str) -> Raw:
        raw = self._cache.get("InferenceService", writes.namespace, name)
        if raw is None:
            raise NotFound(f"There is no InferenceService {name}.")
        return raw

    def _wrote_promotion(self, writes: Writes, raw: Raw) -> None:
        writes.promotion_versions[raw["metadata"]["name"]] = raw["metadata"]["resourceVersion"]
        self._cache.put("ModelPromotion", raw)

    async def _delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        try:
            await self._cluster.delete(kind, namespace, name, uid)
        except NotFound:
            self._cache.forget(named(kind), namespace, name)


class RegistryWriter:
    """Writes to the registry, and has it polled anew after that."""

    def __init__(self, registry: RegistryPort, polls: RegistryPolls) -> None:
        self._registry = registry
        self._polls = polls

    async def write(self, writes: Writes, action: SetAlias | DeleteAlias | TagVersion) -> None:
        """Set or take an alias, or tag a version."""
        model = writes.deployment.spec.source.model_name
        try:
            match action:
                case SetAlias():
                    await self._registry.set_alias(model, action.alias, action.version)
                case TagVersion():
                    await self._registry.tag(model, action.version, dict(action.tags))
                case DeleteAlias():
                    # Somebody may have given it to another version meanwhile.
                    if (await self._registry.aliases(model)).get(action.alias) == action.version:
                        await self._registry.delete_alias(model, action.alias)
        finally:
            self._polls.hint(model)
