"""A world for the operator's decisions: it observes, it carries out plans as far as they get, and time passes in it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from pigeonhole_operator.decision.needs import needs
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
    Routing,
    Served,
    Service,
)
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
from pigeonhole_operator.decision.reconcile import reconcile
from pigeonhole_operator.resources.deployment_spec import DeploymentSpec, parse_deployment_spec
from pigeonhole_operator.resources.deployment_status import DeploymentStatus, Release

START = datetime(2026, 11, 1, tzinfo=UTC)
SPEC: dict[str, Any] = {
    "source": {"modelName": "document-classifier", "pollInterval": "15s"},
    "target": {"inferenceService": "documents", "readyTimeout": "60s"},
    "gates": [{"name": "f1", "metric": {"key": "macro_f1", "min": 0.8, "maxRegression": 0.02}}],
    "canary": {
        "interval": "10s",
        "progressDeadline": "10m",
        "failureLimit": 1,
        "steps": [
            {"weight": 0, "mirror": True, "minSamples": 50, "duration": "10s"},
            {"weight": 20, "mirror": True, "minSamples": 50, "duration": "10s"},
            {"weight": 60, "mirror": True, "minSamples": 50, "duration": "10s"},
        ],
    },
    "rollback": {"cooldown": "1m"},
}


@dataclass
class Model:
    """A version: its scores, and how it behaves in use."""

    number: str
    macro_f1: float = 0.9
    disagrees: bool = False
    crashes: bool = False
    digest: str = ""
    loaded_digest: str = ""
    tags: dict[str, str] = field(default_factory=dict)

    @property
    def uri(self) -> str:
        return f"s3://models/{self.number}"


class ActionFailed(Exception):
    """An action that the world does not carry out."""


class World:
    """One ModelDeployment and all that it deals with."""

    def __init__(self, spec: Mapping[str, Any] = SPEC) -> None:
        self.now = START
        self.spec: dict[str, Any] = dict(spec)
        self.generation = 1
        self.status = DeploymentStatus()
        self.models: dict[str, Model] = {}
        self.deleted: set[str] = set()
        self.aliases: dict[str, str] = {}
        self.promotions: dict[str, Promotion] = {}
        self.target: Service | None = None
        self.candidate: Service | None = None
        self.routing: Routing | None = Routing(1, "documents-predictor", None, None)
        self.running: dict[str, str] = {}
        """Which version a service's pods really have."""
        self.registry_down = False
        self.metrics_down = False
        self.samples = 100.0
        self.events: dict[str, Emit] = {}
        self.failure: Problem | None = None
        self.field_conflict: str | None = None
        self._versions = 0
        self._parsed: tuple[int, DeploymentSpec] | None = None

    # What people and machines around the operator do.

    def add(self, model: Model) -> Model:
        model.digest = model.digest or f"digest-{model.number}"
        model.loaded_digest = model.loaded_digest or model.digest
        self.models[model.number] = model
        return model

    def serve(self, number: str) -> None:
        """Have a version serve as if it had been promoted long ago."""
        self.target = _service("documents", Release(version=number, storage_uri=self.models[number].uri), "")
        self.running["documents"] = number
        self.aliases["champion"] = number

    def edit(self, **changes: Any) -> None:
        """Change the spec; None takes a field out."""
        merged = {**self.spec, **changes}
        self.spec = {key: value for key, value in merged.items() if value is not None}
        self.generation += 1

    def pods_start(self) -> None:
        """Let the pods of every service become what is asked for, where the model lets them."""
        for name in ("target", "candidate"):
            service: Service | None = getattr(self, name)
            if service is None:
                continue
            wanted = self.models.get(service.version)
            starts = wanted is not None and wanted.uri == service.storage_uri and not wanted.crashes
            if starts:
                self.running[service.name] = service.version
            ready = service.name in self.running
            setattr(self, name, replace(service, ready=ready))

    # What the operator sees and does.

    def observe(self) -> Observed:
        registry: Registry | Problem = Problem("RegistryUnreachable", "MLflow does not answer.")
        deployment = self.deployment
        promotions = tuple(self.promotions.values())
        if not self.registry_down:
            registry = Registry(self.now, dict(self.aliases))
        asked = needs(deployment, promotions, self.target, self.candidate, registry, self.now)
        if isinstance(registry, Registry):
            registry = replace(registry, versions={number: self._version(number) for number in asked.versions})
        return Observed(
            now=self.now,
            deployment=deployment,
            failure=self.failure,
            field_conflict=self.field_conflict,
            promotions=promotions,
            registry=registry,
            target=self.target,
            candidate=self.candidate,
            routing=self.routing or Problem("RoutingMissing", "There is no ConfigMap documents-routing."),
            served_stable=self._served("documents") if asked.served_stable else None,
            served_candidate=self._served("documents-candidate") if asked.served_candidate else None,
            evaluations={number: self._evaluation(number) for number in asked.evaluations},
            artefacts={number: self._artefact(number) for number in asked.artefacts},
            readings=self._readings() if asked.readings else None,
        )

    def step(self, fail_at: int | None = None, *, after_effect: bool = False) -> Plan:
        """Look once and do what follows, up to a failure before or after the effect of an action."""
        plan = reconcile(self.observe())
        self.failure = None
        for number, action in enumerate(plan.actions):
            if number == fail_at and not after_effect:
                break
            try:
                self._do(action)
            except ActionFailed as error:
                self.failure = Problem(str(error), "It failed.")
                break
            if number == fail_at:
                break
        return plan

    def run(self, seconds: float, *, pods: bool = True) -> None:
        """Let time pass, with a look each second at most where one is due."""
        end = self.now + timedelta(seconds=seconds)
        while self.now < end:
            wait = self.step().requeue_after or timedelta(seconds=5)
            if pods:
                self.pods_start()
            self.now = min(end, self.now + max(wait, timedelta(seconds=1)))
        self.step()

    @property
    def deployment(self) -> Deployment:
        if self._parsed is None or self._parsed[0] != self.generation:
            self._parsed = self.generation, parse_deployment_spec(self.spec)
        return Deployment("shop", "documents", "uid", self.generation, "1", "2026-11-01", self._parsed[1], self.status)

    @property
    def conditions(self) -> dict[str, tuple[str, str]]:
        return {found.type: (found.status, found.reason) for found in self.status.conditions}

    @property
    def unfinished(self) -> list[Promotion]:
        return [found for found in self.promotions.values() if found.status is None or not found.status.phase.ended]

    def phase(self, name: str) -> str:
        status = self.promotions[name].status
        return status.phase.value if status else "New"

    def _version(self, number: str) -> ModelVersion | None:
        model = self.models.get(number)
        if model is None or number in self.deleted:
            return None
        return ModelVersion(number, f"run-{number}", model.uri, model.digest, tags=dict(model.tags))

    def _evaluation(self, number: str) -> Evaluation | Problem:
        if self.registry_down:
            return Problem("RegistryUnreachable", "MLflow does not answer.")
        model = self.models[number]
        return Evaluation({"macro_f1": model.macro_f1})

    def _artefact(self, number: str) -> Artefact | Problem:
        return Artefact(self.models[number].digest, "signature")

    def _served(self, service: str) -> Served | Problem:
        number = self.running.get(service)
        if number is None:
            return Problem("PredictorUnreachable", "Nothing answers.")
        return Served(number, self.models[number].loaded_digest)

    def _readings(self) -> Mapping[str, Mapping[str, Reading] | Problem]:
        names = [check.name for check in self.deployment.spec.canary.analysis]
        if self.metrics_down:
            problem = Problem("MetricsUnreachable", "Prometheus does not answer.")
            return dict.fromkeys([*names, "_step"], problem)
        number = self.candidate.version if self.candidate else ""
        bad = number in self.models and self.models[number].disagrees
        share = 0.9 if bad else 0.02
        found: dict[str, Mapping[str, Reading] | Problem] = {
            name: {"hits": self.samples * share, "others": self.samples * (1 - share)} for name in names
        }
        if "errors" in found:
            found["errors"] = {"hits": 0.0, "others": self.samples}
        return {**found, "_step": {"samples": self.samples}}

    def _do(self, action: Action) -> None:
        match action:
            case CreatePromotion() | WritePromotion() | DeletePromotion():
                self._keep_journal(action)
            case SetAlias() | DeleteAlias() | TagVersion():
                self._tell_registry(action)
            case WriteStatus():
                self.status = action.status
            case Emit():
                self.events.setdefault(action.key, action)
            case _:
                self._change_serving(action)

    def _keep_journal(self, action: CreatePromotion | WritePromotion | DeletePromotion) -> None:
        if isinstance(action, CreatePromotion):
            self._versions += 1
            assert action.name not in self.promotions, "an attempt is begun twice"
            moment = f"{self._versions:06}"
            self.promotions[action.name] = Promotion(action.name, action.name, moment, moment, action.spec, None)
        elif isinstance(action, WritePromotion):
            self.promotions[action.name] = replace(self.promotions[action.name], status=action.status)
        else:
            del self.promotions[action.name]

    def _change_serving(self, action: ApplyStable | ApplyCandidate | DeleteCandidate | ApplyRouting) -> None:
        if isinstance(action, ApplyStable):
            assert self.target is not None
            self.target = _asked(self.target, action.release)
        elif isinstance(action, ApplyCandidate):
            fresh = _service(action.service, action.release, "documents", ready=False)
            self.candidate = _asked(self.candidate, action.release) if self.candidate else fresh
        elif isinstance(action, DeleteCandidate):
            self.candidate = None
            self.running.pop("documents-candidate", None)
        elif self.routing is None:
            raise ActionFailed("RoutingMissing")
        else:
            assert action.routing.generation > self.routing.generation
            self.routing = action.routing

    def _tell_registry(self, action: SetAlias | DeleteAlias | TagVersion) -> None:
        # MLflow drops the aliases of a version with it, so that taking one away always succeeds.
        if self.registry_down or (action.version in self.deleted and not isinstance(action, DeleteAlias)):
            raise ActionFailed("RegistryUnreachable")
        if isinstance(action, TagVersion):
            self.models[action.version].tags.update(dict(action.tags))
        elif isinstance(action, SetAlias):
            self.aliases[action.alias] = action.version
        elif self.aliases.get(action.alias) == action.version:
            del self.aliases[action.alias]


def _service(name: str, release: Release, owner: str, *, ready: bool = True) -> Service:
    return Service(name, f"uid-{name}", 1, ready, "", release.storage_uri, release.version, owner, {})


def _asked(service: Service, release: Release) -> Service:
    """Return a service after an apply: ready with what it had before, until its pods are others."""
    if (service.storage_uri, service.version) == (release.storage_uri, release.version):
        return service
    changed = replace(service, storage_uri=release.storage_uri, version=release.version, owner="documents")
    return replace(changed, generation=service.generation + 1)
