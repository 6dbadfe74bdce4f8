"""What the operator remembers of the cluster."""

import asyncio

import pytest

from pigeonhole_operator.cluster.cache import Cache, Key
from pigeonhole_operator.cluster.errors import ClusterError, Forbidden, Unreachable
from pigeonhole_operator.informer import Informer
from pigeonhole_operator.knowing import Known, know

from .runtime_cluster import RecordingCluster
from .runtime_objects import NAMESPACE, deployment, promotion, service
from .runtime_time import FakeTime

pytestmark = pytest.mark.unit
KEY = (NAMESPACE, "documents")


def test_an_older_version_does_not_replace_a_newer_one() -> None:
    cache = Cache()
    assert cache.put("ModelDeployment", deployment(version=12))
    assert not cache.put("ModelDeployment", deployment(version=9))
    assert not cache.put("ModelDeployment", deployment(version=12))
    found = cache.get("ModelDeployment", *KEY)
    assert found is not None
    assert found["metadata"]["resourceVersion"] == "12"


def test_versions_are_compared_as_numbers() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment(version=9))
    assert cache.put("ModelDeployment", deployment(version=10))


def test_a_late_deletion_does_not_remove_what_was_made_anew() -> None:
    cache, old = Cache(), deployment(version=5)
    new = deployment(version=9)
    new["metadata"]["uid"] = "new"
    cache.put("ModelDeployment", new)
    assert not cache.remove("ModelDeployment", old)
    assert cache.get("ModelDeployment", *KEY) is not None


def test_a_list_brings_what_was_missed_and_takes_what_is_gone() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment("gone", version=5))
    cache.put("ModelDeployment", deployment("old", version=6))
    differences = cache.resync("ModelDeployment", (deployment("old", version=8), deployment("new", version=7)), 20)
    assert differences.count == 3
    assert [raw["metadata"]["name"] for raw in differences.gone] == ["gone"]
    assert {raw["metadata"]["name"] for raw in cache.all("ModelDeployment")} == {"old", "new"}


def test_a_list_does_not_take_what_was_made_after_it() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment(version=25))
    assert cache.resync("ModelDeployment", (), 20).count == 0
    assert cache.get("ModelDeployment", *KEY) is not None


def test_promotions_are_found_by_their_deployment_until_they_are_gone() -> None:
    cache, raw = Cache(), promotion()
    cache.put("ModelPromotion", raw)
    assert [found["metadata"]["name"] for found in cache.promotions_of(*KEY)] == ["documents-v2-1"]
    cache.remove("ModelPromotion", raw)
    assert cache.promotions_of(*KEY) == ()


def test_a_service_concerns_the_deployments_that_want_it_and_so_does_its_candidate() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment("a", target="documents"))
    cache.put("ModelDeployment", deployment("b", target="documents"))
    cache.put("ModelDeployment", deployment("c", target="letters"))
    both = ((NAMESPACE, "a"), (NAMESPACE, "b"))
    assert cache.owners("InferenceService", service("documents")) == both
    assert cache.owners("InferenceService", service("documents-candidate")) == both
    assert cache.owners("InferenceService", service("unknown")) == ()


def test_a_target_whose_own_name_ends_in_candidate_is_found() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment("a", target="best-candidate"))
    assert cache.owners("InferenceService", service("best-candidate")) == ((NAMESPACE, "a"),)


def known(cache: Cache, name: str) -> Known:
    found = know(cache, (NAMESPACE, name))
    assert isinstance(found, Known)
    return found


def test_of_two_deployments_for_one_target_the_older_has_it() -> None:
    cache, young = Cache(), deployment("a")
    young["metadata"]["creationTimestamp"] = "2026-11-28T09:00:01Z"
    cache.put("ModelDeployment", young)
    cache.put("ModelDeployment", deployment("b"))
    assert (known(cache, "a").conflict, known(cache, "b").conflict) == ("b", None)


def test_who_has_a_target_keeps_it_though_another_is_older() -> None:
    cache, target = Cache(), service()
    target["metadata"]["annotations"]["pigeonhole.dev/owner"] = "b"
    for name, created in (("a", "2020-01-01T00:00:00Z"), ("b", "2026-01-01T00:00:00Z")):
        raw = deployment(name)
        raw["metadata"]["creationTimestamp"] = created
        cache.put("ModelDeployment", raw)
    cache.put("InferenceService", target)
    assert (known(cache, "a").conflict, known(cache, "b").conflict) == ("b", None)


def test_an_owner_that_is_gone_has_nothing() -> None:
    cache, target = Cache(), service()
    target["metadata"]["annotations"]["pigeonhole.dev/owner"] = "long-gone"
    cache.put("ModelDeployment", deployment())
    cache.put("InferenceService", target)
    assert known(cache, "documents").conflict is None


def test_a_deployment_that_is_being_deleted_is_left_alone() -> None:
    cache, raw = Cache(), deployment()
    raw["metadata"]["deletionTimestamp"] = "2026-11-28T10:00:00Z"
    cache.put("ModelDeployment", raw)
    assert know(cache, KEY) is None


def test_nothing_is_decided_beside_a_journal_that_cannot_be_read() -> None:
    cache = Cache()
    cache.put("ModelDeployment", deployment())
    cache.put("ModelPromotion", promotion(phase="Teleporting"))
    assert not isinstance(know(cache, KEY), Known)


def informer(cluster: RecordingCluster, time: FakeTime) -> tuple[Informer, Cache, list[Key]]:
    cache, concerned = Cache(), list[Key]()
    return Informer(cluster, cache, None, concerned.append, time), cache, concerned


def test_news_concern_their_deployment_and_repetitions_nobody() -> None:
    told, _, concerned = informer(RecordingCluster(), FakeTime())
    told.tell("ModelDeployment", None, deployment(version=5))
    told.tell("ModelDeployment", "MODIFIED", deployment(version=5))
    assert concerned == [KEY]
    told.tell("ModelPromotion", "ADDED", promotion())
    assert concerned == [KEY, KEY]


def test_a_lost_deletion_is_found_by_the_next_list() -> None:
    async def test() -> None:
        cluster = RecordingCluster()
        told, cache, concerned = informer(cluster, FakeTime())
        cache.put("ModelDeployment", deployment())
        cache.put("InferenceService", service(version=30))
        cluster.hold("ModelDeployment", deployment())
        assert await told.resync() == 1
        assert cache.get("InferenceService", *KEY) is None
        assert concerned == [KEY]

    asyncio.run(test())


def test_watches_that_bring_nothing_while_lists_do_are_counted_as_dead() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        told, _, _ = informer(cluster, time)
        cluster.hold("ModelDeployment", deployment(version=1))
        await told.resync()
        assert told.missed == 0, "the first list is no comparison"
        for version in (2, 3, 4):
            cluster.hold("ModelDeployment", deployment(version=version))
            await told.resync()
        assert told.missed == 3
        await told.resync()
        assert told.missed == 3, "with nothing to tell, silence says nothing"
        told.tell("ModelDeployment", "MODIFIED", deployment(version=4))
        assert told.missed == 0

    asyncio.run(test())


def test_silence_is_measured_from_the_last_event_or_list() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        told, _, _ = informer(cluster, time)
        await time.pass_by(50)
        assert told.silent_seconds == 50
        await told.resync()
        assert told.silent_seconds == 0
        await time.pass_by(7)
        told.tell("ModelDeployment", "ADDED", deployment())
        assert told.silent_seconds == 0

    asyncio.run(test())


@pytest.mark.parametrize(("error", "silent"), [(Unreachable("down"), 0), (Forbidden("revoked"), 50)])
def test_an_api_server_that_is_down_is_no_silence_and_one_that_refuses_is(error: ClusterError, silent: float) -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        told, _, _ = informer(cluster, time)
        await time.pass_by(50)
        cluster.fails["list ModelDeployment"] = error
        comparing = asyncio.create_task(told.run(0))
        for _ in range(10):
            await asyncio.sleep(0)
        comparing.cancel()
        assert told.silent_seconds == silent

    asyncio.run(test())


def test_a_list_that_fails_leaves_the_cache_as_it_is() -> None:
    async def test() -> None:
        cluster = RecordingCluster()
        cluster.fails["list ModelDeployment"] = Unreachable("down")
        told, cache, _ = informer(cluster, FakeTime())
        cache.put("ModelDeployment", deployment())
        with pytest.raises(Unreachable):
            await told.resync()
        assert cache.get("ModelDeployment", *KEY) is not None
        assert not told.synced

    asyncio.run(test())
