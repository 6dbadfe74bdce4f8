"""Turns of the loop: what one plan came to is known to the next decision, and no fault stops the others."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from prometheus_client import REGISTRY

from pigeonhole_operator.brain import Brain, Sources
from pigeonhole_operator.cluster.cache import Cache, Key
from pigeonhole_operator.cluster.errors import FieldConflict, Forbidden, Unreachable
from pigeonhole_operator.cluster.objects import routing_body
from pigeonhole_operator.decision.needs import Needs
from pigeonhole_operator.decision.observed import Observed, Problem, RoutedCandidate, Routing
from pigeonhole_operator.decision.plan import ApplyStable, Plan, WriteStatus
from pigeonhole_operator.executing import Executor
from pigeonhole_operator.observing import Observer
from pigeonhole_operator.reconciling import Reconciler
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.resources.deployment_status import DeploymentStatus
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.work_queue import Backoff, WorkQueue
from pigeonhole_operator.writing import ClusterWriter, RegistryWriter

from .runtime_cluster import RecordingCluster
from .runtime_objects import NAMESPACE, RELEASE, deployment, metadata, promotion, service
from .runtime_sources import FakeOthers, FakeRegistry
from .runtime_time import FakeTime, settle

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
KEY = (NAMESPACE, "documents")


@dataclass
class Stage:
    """A loop with one worker, and the decisions that it asked for."""

    decide: Callable[[Observed], Plan]
    cluster: RecordingCluster = field(default_factory=RecordingCluster)
    cache: Cache = field(default_factory=Cache)
    time: FakeTime = field(default_factory=FakeTime)
    looks: list[Observed] = field(default_factory=list)

    def __post_init__(self) -> None:
        for kind, raw in (("ModelDeployment", deployment()), ("InferenceService", service())):
            self.cluster.hold(kind, raw)
            self.cache.put(kind, raw)
        self.queue: WorkQueue[Key] = WorkQueue(self.time, self.time.sleep, Backoff(1, 300), lambda: 1.0)
        registry, others, settings = FakeRegistry(), FakeOthers(), OperatorSettings()
        sources = Sources(registry, others, others, others, others, lambda *_: "")
        brain = Brain(self._decided, lambda *_: Needs(), lambda *_: {})
        polls = RegistryPolls(registry, self.time, lambda: NOW)
        writer = ClusterWriter(self.cluster, self.cache, lambda: NOW)
        self.reconciler = Reconciler(
            self.queue,
            self.cache,
            brain,
            Observer(self.cluster, sources, brain, polls, self.time, lambda: NOW, OperatorSettings()),
            Executor(writer, RegistryWriter(registry, polls), lambda: True),
            writer,
            settings,
            self.time,
        )

    def _decided(self, observed: Observed) -> Plan:
        self.looks.append(observed)
        return self.decide(observed)

    async def begin(self, *names: str) -> asyncio.Task[None]:
        self.queue.open()
        for name in names:
            self.queue.add((NAMESPACE, name))
        worker = asyncio.create_task(self.reconciler.run())
        await settle()
        return worker


def counted(result: str) -> float:
    labels = {"kind": "ModelDeployment", "result": result}
    return REGISTRY.get_sample_value("pigeonhole_operator_reconcile_total", labels) or 0.0


def test_a_plan_says_when_to_look_again() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan((), timedelta(seconds=10)))
        await stage.begin("documents")
        assert len(stage.looks) == 1
        await stage.time.pass_by(9)
        assert len(stage.looks) == 1
        await stage.time.pass_by(1)
        assert len(stage.looks) == 2

    asyncio.run(test())


@pytest.mark.parametrize("wish", [None, timedelta(days=1)])
def test_nothing_is_left_unlooked_at_for_long(wish: timedelta | None) -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan((), wish))
        await stage.begin("documents")
        await stage.time.pass_by(OperatorSettings().idle_seconds)
        assert len(stage.looks) == 2

    asyncio.run(test())


def test_fields_of_somebody_else_are_told_to_each_look_until_they_could_be_written() -> None:
    async def test() -> None:
        stage = Stage(lambda seen: Plan((ApplyStable("documents", RELEASE, force=seen.field_conflict is not None),)))
        stage.cluster.fails["apply InferenceService"] = FieldConflict("owned", ("kubectl",))
        await stage.begin("documents")
        await stage.time.pass_by(1)
        assert [look.field_conflict for look in stage.looks] == [None, "kubectl"]
        assert stage.cluster.forced == []
        stage.cluster.fails.clear()
        await stage.time.pass_by(2)
        stage.queue.add(KEY)
        await settle()
        assert [look.field_conflict for look in stage.looks] == [None, "kubectl", "kubectl", None]
        assert stage.cluster.forced == [True, False]

    asyncio.run(test())


def test_fields_of_somebody_else_stay_theirs_while_nobody_tries_and_nothing_changes() -> None:
    async def test() -> None:
        tries = [True, False, False, False]
        stage = Stage(lambda _: Plan((ApplyStable("documents", RELEASE, force=False),) if tries.pop(0) else ()))
        stage.cluster.fails["apply InferenceService"] = FieldConflict("owned", ("kubectl",))
        await stage.begin("documents")
        await stage.time.pass_by(1)
        changed = service(version=31)
        stage.cache.put("InferenceService", changed)
        stage.queue.add(KEY)
        await settle()
        changed = service(version=32)
        changed["metadata"]["generation"] = 2
        stage.cache.put("InferenceService", changed)
        stage.queue.add(KEY)
        await settle()
        assert [look.field_conflict for look in stage.looks] == [None, "kubectl", "kubectl", None]

    asyncio.run(test())


def test_a_failure_is_told_to_the_next_look_and_forgotten_after_a_success() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan((ApplyStable("documents", RELEASE, force=False),)))
        stage.cluster.fails["apply InferenceService"] = Unreachable("down")
        before = counted("error")
        await stage.begin("documents")
        stage.cluster.fails.clear()
        await stage.time.pass_by(1)
        stage.queue.add(KEY)
        await settle()
        assert [look.failure for look in stage.looks] == [None, Problem("Unreachable", "down"), None]
        assert counted("error") - before == 1

    asyncio.run(test())


def test_failures_are_tried_again_ever_more_slowly() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan((WriteStatus(DeploymentStatus()),)))
        stage.cluster.fails["status ModelDeployment"] = Unreachable("down")
        await stage.begin("documents")
        moments = [0.0]
        for _ in range(300):
            await stage.time.pass_by(0.5)
            if len(stage.looks) > len(moments):
                moments.append(stage.time.now - 1000)
        assert moments == [0, 1, 3, 7, 15, 31, 63, 127]

    asyncio.run(test())


def test_a_decision_that_breaks_is_counted_and_does_not_stop_the_work_on_others() -> None:
    async def test() -> None:
        def decide(seen: Observed) -> Plan:
            if seen.deployment.name == "documents":
                raise KeyError("a fault")
            return Plan()

        stage = Stage(decide)
        stage.cache.put("ModelDeployment", deployment("letters", target="letters"))
        before = counted("error")
        worker = await stage.begin("documents", "letters")
        assert {look.deployment.name for look in stage.looks} == {"documents", "letters"}
        assert counted("error") - before == 1
        assert not worker.done()
        await stage.time.pass_by(1)
        assert len(stage.looks) == 3

    asyncio.run(test())


def test_sources_that_hang_end_a_look() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan())

        async def hang(*_: object) -> Observed:
            await asyncio.Event().wait()
            raise AssertionError

        stage.reconciler._settings = OperatorSettings(look_seconds=0.01)
        stage.reconciler._observer.look = hang  # type: ignore[method-assign, assignment]
        before = counted("error")
        await stage.begin("documents")
        await asyncio.sleep(0.05)
        assert counted("error") - before == 1

    asyncio.run(test())


def test_an_object_that_cannot_be_read_is_said_once_and_left_alone() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan())
        stage.cache.put("ModelPromotion", promotion(phase="Teleporting"))
        await stage.begin("documents")
        stage.queue.add(KEY)
        await settle()
        assert stage.looks == []
        events = [raw for (kind, _), raw in stage.cluster.objects.items() if kind == "Event"]
        assert [event["reason"] for event in events] == ["InvalidObject"]
        assert "status.phase" in events[0]["message"]

    asyncio.run(test())


def test_a_write_that_is_refused_is_said_in_an_event_as_the_status_may_be_what_is_refused() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan((WriteStatus(DeploymentStatus()),)))
        stage.cluster.fails["status ModelDeployment"] = Forbidden("patch is forbidden")
        await stage.begin("documents")
        stage.queue.add(KEY)
        await settle()
        events = [raw for (kind, _), raw in stage.cluster.objects.items() if kind == "Event"]
        assert [(event["reason"], event["message"]) for event in events] == [("RequestForbidden", "patch is forbidden")]

    asyncio.run(test())


def test_a_deployment_that_is_gone_is_not_looked_at_again() -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan())
        stage.cache.forget("ModelDeployment", *KEY)
        await stage.begin("documents")
        await stage.time.pass_by(10_000)
        assert stage.looks == []
        assert stage.queue.depth == 0

    asyncio.run(test())


def routing(candidate: str | None) -> dict[str, Any]:
    found = candidate and RoutedCandidate(candidate, "2", 40.0, shadow=True)
    body = routing_body(NAMESPACE, "documents-routing", Routing(7, "documents-predictor", "1", found or None))
    return {**body, "metadata": {**metadata("documents-routing", 50), **body["metadata"]}}


def routed(stage: Stage) -> tuple[int, Any]:
    content = json.loads(stage.cluster.objects["ConfigMap", "documents-routing"]["data"]["routing.json"])
    return content["generation"], content["candidate"]


@pytest.mark.parametrize("fails", ["get ConfigMap", "apply ConfigMap"])
@pytest.mark.parametrize(
    ("phase", "candidate", "left"),
    [
        ("Canary", "documents-candidate-predictor", (8, None)),
        ("Canary", None, (7, None)),
        # Somebody else's candidate is theirs; so is the routing while nothing was on trial.
        ("Canary", "another", (7, "another")),
        ("Succeeded", "documents-candidate-predictor", (7, "documents-candidate-predictor")),
    ],
)
def test_a_deployment_that_goes_takes_its_candidate_out_of_the_routing(
    phase: str, candidate: str | None, left: tuple[int, str | None], fails: str
) -> None:
    async def test() -> None:
        stage = Stage(lambda _: Plan())
        stage.cluster.hold("ConfigMap", routing(candidate))
        stage.cache.put("ModelPromotion", promotion(phase=phase))
        await stage.begin("documents")
        stage.cache.forget("ModelDeployment", *KEY)
        stage.cluster.fails[fails] = Unreachable("down")
        stage.queue.add(KEY)
        await settle()
        stage.cluster.fails.clear()
        await stage.time.pass_by(10)
        generation, found = routed(stage)
        assert (generation, found and found["host"]) == left
        assert len(stage.looks) == 1
        # It is forgotten: whatever is written there later is left alone.
        stage.cluster.hold("ConfigMap", routing("documents-candidate-predictor"))
        stage.queue.add(KEY)
        await settle()
        assert routed(stage)[0] == 7

    asyncio.run(test())
