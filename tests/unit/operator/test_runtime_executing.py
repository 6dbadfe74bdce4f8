"""Plans carried out, up to the first action that fails."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pigeonhole_operator.cluster.cache import Cache
from pigeonhole_operator.cluster.errors import ClusterError, Conflict, FieldConflict, Forbidden, Unreachable
from pigeonhole_operator.decision.observed import Routing
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
from pigeonhole_operator.executing import Executor
from pigeonhole_operator.outcome import Outcome, Result
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.resources.promotion import Phase, PromotionSpec, PromotionStatus, Trigger
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.writing import ClusterWriter, RegistryWriter

from .runtime_cluster import RecordingCluster
from .runtime_objects import NAMESPACE, RELEASE, deployment, parsed, promotion, service
from .runtime_sources import FakeRegistry
from .runtime_time import FakeTime

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
SPEC = PromotionSpec(deployment="documents", attempt=1, generation=1, trigger=Trigger.ALIAS, release=RELEASE)
JOURNAL = PromotionStatus(phase=Phase.GATING, started_at=NOW, phase_started_at=NOW)
EMIT = Emit("promoted-2", "Normal", "Promoted", "Version 2 serves.")


@dataclass
class Stage:
    """A cluster with a deployment and its service, and an executor that works on it."""

    cluster: RecordingCluster = field(default_factory=RecordingCluster)
    registry: FakeRegistry = field(default_factory=FakeRegistry)
    cache: Cache = field(default_factory=Cache)
    leads_for: int = 1000

    def __post_init__(self) -> None:
        for kind, raw in (("ModelDeployment", deployment()), ("InferenceService", service())):
            self.hold(kind, raw)

    def hold(self, kind: str, raw: dict[str, Any]) -> None:
        self.cluster.hold(kind, raw)
        self.cache.put(kind, raw)

    def _leads(self) -> bool:
        self.leads_for -= 1
        return self.leads_for >= 0

    def execute(self, *actions: Action, again: timedelta | None = None) -> Outcome:
        polls = RegistryPolls(self.registry, FakeTime(), lambda: NOW)
        writer = ClusterWriter(self.cluster, self.cache, lambda: NOW)
        executor = Executor(writer, RegistryWriter(self.registry, polls), self._leads)
        return asyncio.run(executor.execute(parsed(deployment()), Plan(actions, again)))

    def cached(self, kind: str, name: str) -> Mapping[str, Any]:
        raw = self.cache.get(kind, NAMESPACE, name)
        assert raw is not None
        return raw


def test_actions_are_done_in_their_order() -> None:
    stage = Stage()
    routing = ApplyRouting("documents-routing", Routing(1, "documents-predictor", "1", None))
    outcome = stage.execute(
        CreatePromotion("documents-v2-1", SPEC),
        ApplyCandidate("documents-candidate", RELEASE),
        routing,
        ApplyStable("documents", RELEASE, force=False),
        SetAlias("champion", "2"),
        WriteStatus(DeploymentStatus(state="Idle")),
        EMIT,
        again=timedelta(seconds=30),
    )
    assert outcome == Outcome(Result.SUCCESS, again_after=30)
    assert stage.cluster.calls == [
        "create ModelPromotion documents-v2-1",
        "apply InferenceService documents-candidate",
        "apply ConfigMap documents-routing",
        "apply InferenceService documents",
        "status ModelDeployment documents",
        "event Promoted",
    ]
    assert stage.cluster.forced == [True, True, False]
    assert stage.registry.calls == ["set champion=2"]


def test_what_the_server_answers_is_known_at_once() -> None:
    stage = Stage()
    stage.execute(ApplyStable("documents", RELEASE, force=False), WriteStatus(DeploymentStatus(state="Canary")))
    model = stage.cached("InferenceService", "documents")["spec"]["predictor"]["model"]
    assert model["storageUri"] == "s3://models/2"
    assert stage.cached("ModelDeployment", "documents")["status"]["state"] == "Canary"


def test_nothing_is_done_after_an_action_that_fails() -> None:
    stage = Stage()
    stage.cluster.fails["apply InferenceService"] = Unreachable("down")
    outcome = stage.execute(ApplyStable("documents", RELEASE, force=False), SetAlias("champion", "2"), EMIT)
    assert outcome.result is Result.ERROR
    assert outcome.failure is not None
    assert outcome.failure.reason == "Unreachable"
    assert stage.registry.calls == []
    assert stage.cluster.calls == ["apply InferenceService documents"]


def test_leadership_is_asked_before_each_action() -> None:
    stage = Stage(leads_for=1)
    outcome = stage.execute(SetAlias("champion", "2"), WriteStatus(DeploymentStatus()))
    assert outcome.result is Result.NOT_LEADING
    assert stage.registry.calls == ["set champion=2"]
    assert stage.cluster.calls == []


@pytest.mark.parametrize(
    ("error", "result", "managers", "again"),
    [
        (FieldConflict("owned", ("kubectl", "argocd")), Result.CONFLICT, "kubectl, argocd", None),
        (Conflict("stale"), Result.CONFLICT, None, None),
        (Forbidden("no"), Result.ERROR, None, 60),
        (Unreachable("down"), Result.ERROR, None, None),
    ],
)
def test_each_failure_says_what_follows(
    error: ClusterError, result: Result, managers: str | None, again: float | None
) -> None:
    stage = Stage()
    stage.cluster.fails["apply InferenceService"] = error
    outcome = stage.execute(ApplyStable("documents", RELEASE, force=False))
    assert (outcome.result, outcome.field_conflict, outcome.again_after) == (result, managers, again)


def test_force_is_passed_on() -> None:
    stage = Stage()
    stage.execute(ApplyStable("documents", RELEASE, force=True))
    assert stage.cluster.forced == [True]


def test_a_status_written_twice_holds_for_what_the_first_writing_led_to() -> None:
    stage = Stage()
    outcome = stage.execute(WriteStatus(DeploymentStatus(state="A")), WriteStatus(DeploymentStatus(state="B")))
    assert outcome.result is Result.SUCCESS
    assert stage.cached("ModelDeployment", "documents")["status"]["state"] == "B"


def test_a_status_is_not_written_over_what_somebody_else_wrote() -> None:
    stage = Stage()
    stage.cluster.hold("ModelDeployment", deployment(version=11))
    assert stage.execute(WriteStatus(DeploymentStatus(state="A"))).result is Result.CONFLICT
    assert "status" not in stage.cluster.objects["ModelDeployment", "documents"]


def test_the_journal_of_an_attempt_that_was_just_created_can_be_written() -> None:
    stage = Stage()
    outcome = stage.execute(CreatePromotion("documents-v2-1", SPEC), WritePromotion("documents-v2-1", "", JOURNAL))
    assert outcome.result is Result.SUCCESS
    assert stage.cached("ModelPromotion", "documents-v2-1")["status"]["phase"] == "Gating"


def test_an_attempt_that_is_there_with_the_same_spec_is_the_same_attempt() -> None:
    stage = Stage()
    stage.execute(CreatePromotion("documents-v2-1", SPEC))
    assert stage.execute(CreatePromotion("documents-v2-1", SPEC)).result is Result.SUCCESS


def test_an_attempt_that_is_there_with_another_spec_is_a_conflict_and_known_from_then_on() -> None:
    stage = Stage()
    stage.cluster.hold("ModelPromotion", promotion("documents-v2-1"))
    other = SPEC.model_copy(update={"attempt": 2})
    assert stage.execute(CreatePromotion("documents-v2-1", other)).result is Result.CONFLICT
    assert stage.cached("ModelPromotion", "documents-v2-1")["spec"]["attempt"] == 1


def test_deleting_what_is_gone_is_done() -> None:
    stage = Stage()
    stage.cache.put("ModelPromotion", promotion())
    assert stage.execute(DeletePromotion("documents-v2-1", "uid-documents-v2-1")).result is Result.SUCCESS
    assert stage.cache.get("ModelPromotion", NAMESPACE, "documents-v2-1") is None


def test_a_candidate_that_is_another_one_is_not_deleted() -> None:
    stage = Stage()
    stage.hold("InferenceService", service("documents-candidate"))
    assert stage.execute(DeleteCandidate("documents-candidate", "old-uid")).result is Result.CONFLICT
    assert ("InferenceService", "documents-candidate") in stage.cluster.objects


def test_a_target_that_is_not_there_is_never_made() -> None:
    stage = Stage()
    outcome = stage.execute(ApplyStable("letters", RELEASE, force=True))
    assert outcome.failure is not None
    assert outcome.failure.reason == "NotFound"
    assert stage.cluster.calls == []


def test_the_same_event_twice_is_one() -> None:
    stage = Stage()
    assert stage.execute(EMIT, EMIT).result is Result.SUCCESS
    assert sum(kind == "Event" for kind, _ in stage.cluster.objects) == 1


def test_an_event_that_is_refused_holds_nothing_up() -> None:
    stage = Stage()
    stage.cluster.fails["event"] = Forbidden("no events")
    assert stage.execute(EMIT, WriteStatus(DeploymentStatus(state="A"))).result is Result.SUCCESS


def test_an_alias_is_taken_away_only_from_the_version_that_was_seen() -> None:
    stage = Stage(registry=FakeRegistry(aliases_={"candidate": "3"}))
    stage.execute(DeleteAlias("candidate", "2"))
    assert stage.registry.calls == ["aliases"]
    stage.execute(DeleteAlias("candidate", "3"))
    assert stage.registry.calls == ["aliases", "aliases", "delete candidate"]


def test_a_registry_that_fails_is_told_to_the_next_decision() -> None:
    stage = Stage(registry=FakeRegistry(error=SourceError("RegistryUnreachable", "No answer.")))
    outcome = stage.execute(TagVersion("2", (("promotion", "Succeeded"),)))
    assert outcome.failure is not None
    assert outcome.failure.reason == "RegistryUnreachable"
