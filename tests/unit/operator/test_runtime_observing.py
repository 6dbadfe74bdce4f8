"""One look: who is asked, how often, and what becomes of those who do not answer."""

import asyncio
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pigeonhole_operator.brain import Brain, Sources
from pigeonhole_operator.cluster.cache import Cache
from pigeonhole_operator.cluster.errors import Unreachable
from pigeonhole_operator.decision.needs import Needs
from pigeonhole_operator.decision.observed import (
    Artefact,
    Evaluation,
    ModelVersion,
    Observed,
    Problem,
    Registry,
    Replay,
    Routing,
    Served,
)
from pigeonhole_operator.decision.plan import Plan
from pigeonhole_operator.knowing import Known, know
from pigeonhole_operator.observing import Observer
from pigeonhole_operator.registry_polls import RegistryPolls
from pigeonhole_operator.settings import OperatorSettings
from pigeonhole_operator.sources.ports import SourceError

from .runtime_cluster import RecordingCluster
from .runtime_objects import NAMESPACE, deployment, promotion, service
from .runtime_sources import FakeOthers, FakeRegistry
from .runtime_time import FakeTime

pytestmark = pytest.mark.unit
NOW = datetime(2026, 11, 28, 12, 0, 0, tzinfo=UTC)
KEY = (NAMESPACE, "documents")
VERSIONS = {name: ModelVersion(name, f"run{name}", f"s3://models/{name}", "digest") for name in ("1", "2")}
EVERYTHING = Needs(
    versions=frozenset({"1"}),
    evaluations=frozenset({"2"}),
    artefacts=frozenset({"2"}),
    routing=True,
    served_stable=True,
    served_candidate=True,
    readings=True,
    replay=True,
)
ROUTING = {"routing.json": '{"generation": 3, "stable": {"host": "documents-predictor"}, "candidate": null}'}


@dataclass
class Stage:
    """A deployment with an attempt under way, and sources to ask about it."""

    needs: Needs = EVERYTHING
    registry: FakeRegistry = field(default_factory=lambda: FakeRegistry({"champion": "1"}, dict(VERSIONS)))
    others: FakeOthers = field(default_factory=FakeOthers)
    cluster: RecordingCluster = field(default_factory=RecordingCluster)
    time: FakeTime = field(default_factory=FakeTime)
    cache: Cache = field(default_factory=Cache)

    def __post_init__(self) -> None:
        self.cache.put("ModelDeployment", deployment())
        self.cache.put("ModelPromotion", promotion(phase="Canary"))
        self.cache.put("InferenceService", service())
        self.cluster.hold("ConfigMap", {"metadata": {"name": "documents-routing"}, "data": ROUTING})
        others = self.others
        sources = Sources(self.registry, others, others, others, others, lambda *_: "")
        queries = {"errors": {"hits": "q1", "total": "q2"}, "drift": {"value": "q3"}}
        brain = Brain(lambda _: Plan(), lambda *_: self.needs, lambda *_: queries)
        self.polls = RegistryPolls(self.registry, self.time, lambda: NOW)
        self.observer = Observer(self.cluster, sources, brain, self.polls, self.time, lambda: NOW, OperatorSettings())

    async def look(self, field_conflict: str | None = None, failure: Problem | None = None) -> Observed:
        known = know(self.cache, KEY)
        assert isinstance(known, Known)
        return await self.observer.look(known, field_conflict, failure)


def test_a_look_brings_all_that_is_needed() -> None:
    observed = asyncio.run(Stage().look("kubectl", Problem("Why", "Not.")))
    assert isinstance(observed.registry, Registry)
    assert observed.registry.aliases == {"champion": "1"}
    assert set(observed.registry.versions) == {"1", "2"}
    assert isinstance(observed.routing, Routing)
    assert observed.routing.generation == 3
    assert observed.served_stable == Served("1", "digest")
    assert observed.evaluations == {"2": Evaluation({"f1": 0.9})}
    assert observed.artefacts == {"2": Artefact("digest", "signature")}
    assert observed.readings == {"errors": {"hits": None, "total": None}, "drift": {"value": None}}
    assert observed.replay == Replay(1, 10, None)
    assert (observed.field_conflict, observed.failure) == ("kubectl", Problem("Why", "Not."))
    assert (observed.now, observed.conflict) == (NOW, None)


def test_nobody_is_asked_what_is_not_needed() -> None:
    stage = Stage(Needs())
    observed = asyncio.run(stage.look())
    assert (stage.others.calls, stage.registry.calls, stage.cluster.calls) == ([], ["aliases"], [])
    assert (observed.routing, observed.readings, observed.replay, observed.served_stable) == (None, None, None, None)


@pytest.mark.parametrize(
    ("down", "where"),
    [
        ("look", "artefacts"),
        ("served documents-predictor", "served_stable"),
        ("served documents-candidate-predictor", "served_candidate"),
        ("replay", "replay"),
    ],
)
def test_a_source_that_fails_is_a_problem_and_the_others_answer(down: str, where: str) -> None:
    observed = asyncio.run(Stage(others=FakeOthers({down})).look())
    found: Any = getattr(observed, where)
    assert (found["2"] if where == "artefacts" else found).reason == "Down"
    problems = [name for name in vars(observed) if isinstance(getattr(observed, name), Problem)]
    assert problems == ([] if where == "artefacts" else [where])


def test_one_query_that_fails_is_the_problem_of_its_analysis_alone() -> None:
    observed = asyncio.run(Stage(others=FakeOthers({"read q2"}, readings={"q3": 0.5})).look())
    assert observed.readings is not None
    assert isinstance(observed.readings["errors"], Problem)
    assert observed.readings["drift"] == {"value": 0.5}


def test_a_registry_that_fails_leaves_the_evaluations_open() -> None:
    registry = FakeRegistry(error=SourceError("RegistryUnreachable", "No answer."))
    observed = asyncio.run(Stage(registry=registry).look())
    assert observed.registry == Problem("RegistryUnreachable", "No answer.")
    assert isinstance(observed.evaluations["2"], Problem)
    assert observed.served_stable == Served("1", "digest")


def test_a_version_that_is_gone_has_neither_evaluation_nor_artefact() -> None:
    observed = asyncio.run(Stage(registry=FakeRegistry({"champion": "1"})).look())
    assert isinstance(observed.registry, Registry)
    assert observed.registry.versions == {"1": None, "2": None}
    found = (observed.evaluations["2"], observed.artefacts["2"])
    assert [isinstance(one, Problem) and one.reason for one in found] == ["VersionMissing", "VersionMissing"]


@pytest.mark.parametrize(("fails", "reason"), [(True, "Unreachable"), (False, "RoutingMissing")])
def test_a_routing_that_cannot_be_had_is_a_problem(fails: bool, reason: str) -> None:
    stage = Stage()
    if fails:
        stage.cluster.fails["get ConfigMap"] = Unreachable("down")
    else:
        del stage.cluster.objects["ConfigMap", "documents-routing"]
    routing = asyncio.run(stage.look()).routing
    assert isinstance(routing, Problem)
    assert routing.reason == reason


def test_the_registry_is_polled_no_more_often_than_asked() -> None:
    async def test() -> None:
        stage = Stage()
        for seconds in (0, 10, 19, 1):
            stage.time.now += seconds
            await stage.look()
        assert stage.registry.calls.count("aliases") == 2
        assert stage.registry.calls.count("version 2") == 2

    asyncio.run(test())


def test_deployments_of_one_model_share_a_poll_also_at_the_same_time() -> None:
    async def test() -> None:
        stage = Stage(Needs())
        await asyncio.gather(*(stage.look() for _ in range(5)))
        assert stage.registry.calls == ["aliases"]

    asyncio.run(test())


def test_a_hint_makes_the_next_look_poll() -> None:
    async def test() -> None:
        stage = Stage(Needs())
        await stage.look()
        stage.polls.hint("another")
        await stage.look()
        assert stage.registry.calls == ["aliases"]
        stage.polls.hint("classifier")
        stage.registry.aliases_ = {"champion": "2"}
        observed = await stage.look()
        assert isinstance(observed.registry, Registry)
        assert observed.registry.aliases == {"champion": "2"}

    asyncio.run(test())


def test_a_registry_that_is_down_is_not_asked_at_each_look() -> None:
    async def test() -> None:
        stage = Stage(Needs(), registry=FakeRegistry(error=SourceError("RegistryUnreachable", "No answer.")))
        for _ in range(5):
            await stage.look()
        assert stage.registry.calls == ["aliases"]
        stage.registry.error = None
        stage.time.now += 30
        assert isinstance((await stage.look()).registry, Registry)

    asyncio.run(test())


def test_evaluations_and_artefacts_are_kept_for_a_while() -> None:
    async def test() -> None:
        stage = Stage()
        await stage.look()
        stage.time.now += 299
        await stage.look()
        stage.time.now += 2
        await stage.look()
        assert stage.registry.calls.count("evaluation 2") == 2
        assert stage.others.calls.count("look s3://models/2") == 2

    asyncio.run(test())


def test_what_failed_is_asked_again_at_once() -> None:
    async def test() -> None:
        stage = Stage(others=FakeOthers({"look"}))
        await stage.look()
        stage.others.down.clear()
        assert (await stage.look()).artefacts == {"2": Artefact("digest", "signature")}

    asyncio.run(test())


def test_an_interval_is_the_deployments_own() -> None:
    async def test() -> None:
        registry = FakeRegistry()
        time = FakeTime()
        polls = RegistryPolls(registry, time, lambda: NOW)
        await polls.look("model", timedelta(seconds=60))
        time.now += 30
        await polls.look("model", timedelta(seconds=60))
        assert registry.calls == ["aliases"]
        await polls.look("model", timedelta(seconds=30))
        assert registry.calls == ["aliases", "aliases"]

    asyncio.run(test())


def test_the_routing_is_read_seldom_at_rest_and_each_time_on_the_way() -> None:
    async def reads(phase: str) -> int:
        stage = Stage()
        stage.cache.put("ModelPromotion", promotion(phase=phase, version=21))
        for _ in range(3):
            await stage.look()
        return stage.cluster.calls.count("get ConfigMap documents-routing")

    assert asyncio.run(reads("Succeeded")) == 1
    assert asyncio.run(reads("Canary")) == 3


def test_a_routing_that_was_written_is_read_again() -> None:
    async def test() -> None:
        stage = Stage()
        stage.cache.put("ModelPromotion", promotion(phase="Succeeded", version=21))
        observed = await stage.look()
        stage.observer.wrote_routing(observed.deployment)
        await stage.look()
        assert stage.cluster.calls.count("get ConfigMap documents-routing") == 2

    asyncio.run(test())
