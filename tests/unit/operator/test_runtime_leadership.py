"""Who leads, and until when."""

import asyncio
from dataclasses import dataclass, field

import pytest

from pigeonhole_operator.cluster.errors import Unreachable
from pigeonhole_operator.leadership import Leadership, LeaseRecord, Move, decide, parse_lease
from pigeonhole_operator.settings import OperatorSettings

from .runtime_cluster import RecordingCluster
from .runtime_time import FakeTime, started

pytestmark = pytest.mark.unit
SETTINGS = OperatorSettings(lease_seconds=15, lease_renew_seconds=10, lease_retry_seconds=2)


def record(holder: str) -> LeaseRecord:
    return LeaseRecord(holder, "2026-11-28T10:00:00.000000Z", 0, 15)


@pytest.mark.parametrize(
    ("lease", "unchanged", "move"),
    [
        (None, 0, Move.CREATE),
        (record("me"), 0, Move.RENEW),
        (record("me"), 1000, Move.RENEW),
        (record(""), 0, Move.TAKE),
        (record("other"), 0, Move.WAIT),
        (record("other"), 14.9, Move.WAIT),
        (record("other"), 15, Move.TAKE),
    ],
)
def test_what_is_done_about_a_lease(lease: LeaseRecord | None, unchanged: float, move: Move) -> None:
    assert decide(lease, unchanged, "me") is move


def test_a_lease_with_nothing_in_it_is_nobodys() -> None:
    lease = parse_lease({"metadata": {}, "spec": None}, 15)
    assert (lease.holder, lease.seconds) == ("", 15)


@dataclass
class Candidate:
    """A process that tries for the Lease, one attempt at a time."""

    leadership: Leadership
    told: list[str] = field(default_factory=list)

    async def attempt(self) -> bool:
        await self.leadership._attempt()
        self.leadership._tell()
        return self.leadership.is_leader()


def candidate(cluster: RecordingCluster, time: FakeTime, name: str) -> Candidate:
    told: list[str] = []
    leadership = Leadership(cluster, name, SETTINGS, time, lambda: told.append("gained"), lambda: told.append("lost"))
    return Candidate(leadership, told)


def test_the_first_leads_and_the_second_waits() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        assert await first.attempt()
        assert not await second.attempt()
        assert (first.told, second.told) == (["gained"], [])

    asyncio.run(test())


def test_a_lease_that_is_renewed_is_never_taken() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        for _ in range(30):
            assert await first.attempt()
            assert not await second.attempt()
            time.now += 2

    asyncio.run(test())


def test_a_lease_that_stays_as_it_is_is_taken_when_it_is_old_and_not_before() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        await first.attempt()
        await second.attempt()
        time.now += 14.9
        assert not await second.attempt()
        time.now += 0.1
        assert await second.attempt()
        assert not first.leadership.is_leader()
        assert cluster.objects["Lease", "pigeonhole-operator"]["spec"]["leaseTransitions"] == 1

    asyncio.run(test())


def test_a_lease_is_only_as_old_as_it_was_seen_to_be() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        await candidate(cluster, time, "first").attempt()
        cluster.objects["Lease", "pigeonhole-operator"]["spec"]["renewTime"] = "1999-01-01T00:00:00.000000Z"
        time.now += 3600
        second = candidate(cluster, time, "second")
        assert not await second.attempt(), "a clock of somebody else was believed"
        time.now += 15
        assert await second.attempt()

    asyncio.run(test())


def test_never_do_two_lead_whatever_the_first_one_cannot_reach() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        await first.attempt()
        led_last = took = None
        for _ in range(40):
            cluster.fails["lease"] = Unreachable("cut off")
            if await first.attempt():
                led_last = time.now
            cluster.fails.clear()
            if await second.attempt():
                took = took or time.now
            assert not (first.leadership.is_leader() and second.leadership.is_leader())
            time.now += 0.5
        assert led_last is not None
        assert took is not None
        assert took - led_last >= 5
        assert first.told == ["gained", "lost"]

    asyncio.run(test())


def test_leadership_lasts_from_the_start_of_the_renewal_not_from_its_answer() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first = candidate(cluster, time, "first")
        create = cluster.create_lease

        async def slowly(body: dict[str, object]) -> dict[str, object]:
            time.now += 4
            return await create(body)

        cluster.create_lease = slowly  # type: ignore[method-assign]
        assert await first.attempt()
        time.now += 5.9
        assert first.leadership.is_leader()
        time.now += 0.1
        assert not first.leadership.is_leader()

    asyncio.run(test())


def test_a_stolen_lease_ends_leadership_at_the_next_look_whatever_time_is_left() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first = candidate(cluster, time, "first")
        await first.attempt()
        cluster.objects["Lease", "pigeonhole-operator"]["spec"]["holderIdentity"] = "thief"
        time.now += 2
        assert not await first.attempt()
        assert first.told == ["gained", "lost"]

    asyncio.run(test())


def test_of_two_that_write_at_once_one_is_refused() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        await candidate(cluster, time, "gone").attempt()
        second, third = candidate(cluster, time, "second"), candidate(cluster, time, "third")
        for one in (second, third):
            await one.attempt()
        time.now += 15
        read = cluster.get_lease
        both = asyncio.Barrier(2)

        async def together(namespace: str, name: str) -> dict[str, object]:
            raw = await read(namespace, name)
            await both.wait()
            return raw

        cluster.get_lease = together  # type: ignore[method-assign]
        assert sorted(await asyncio.gather(second.attempt(), third.attempt())) == [False, True]

    asyncio.run(test())


def test_a_released_lease_is_taken_at_once() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        await first.attempt()
        assert not await second.attempt()
        await first.leadership.release()
        assert first.told == ["gained", "lost"]
        assert await second.attempt()

    asyncio.run(test())


def test_a_renewal_under_way_does_not_keep_the_lease_from_being_released() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first = candidate(cluster, time, "first")
        await first.attempt()
        replace, may_go_on = cluster.replace_lease, asyncio.Event()

        async def slowly(body: dict[str, object]) -> dict[str, object]:
            await may_go_on.wait()
            return await replace(body)

        cluster.replace_lease = slowly  # type: ignore[method-assign]
        renewing = await started(first.attempt())
        releasing = await started(first.leadership.release())
        may_go_on.set()
        await asyncio.gather(renewing, releasing)
        await first.attempt()
        assert cluster.objects["Lease", "pigeonhole-operator"]["spec"]["holderIdentity"] == ""
        assert not first.leadership.is_leader()

    asyncio.run(test())


def test_who_does_not_lead_does_not_release_somebody_elses_lease() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first, second = candidate(cluster, time, "first"), candidate(cluster, time, "second")
        await first.attempt()
        await second.attempt()
        await second.leadership.release()
        assert cluster.objects["Lease", "pigeonhole-operator"]["spec"]["holderIdentity"] == "first"

    asyncio.run(test())


def test_a_release_that_fails_is_no_failure() -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        first = candidate(cluster, time, "first")
        await first.attempt()
        cluster.fails["lease"] = Unreachable("down")
        await first.leadership.release()
        assert not first.leadership.is_leader()

    asyncio.run(test())


@pytest.mark.parametrize("before", [True, False], ids=["a Lease that is there", "a new Lease"])
def test_a_new_lease_goes_with_the_installation_and_one_that_is_there_stays_as_it_is(before: bool) -> None:
    async def test() -> None:
        cluster, time = RecordingCluster(), FakeTime()
        owner = {"apiVersion": "v1", "kind": "ConfigMap", "name": "release-serving", "uid": "u1"}
        if before:
            assert await candidate(cluster, time, "operator").attempt()
        owned = candidate(cluster, time, "operator")
        owned.leadership.belong_to(owner)
        for _ in range(2):
            assert await owned.attempt()
        metadata = cluster.objects["Lease", SETTINGS.lease_name]["metadata"]
        assert metadata.get("ownerReferences") == (None if before else [owner])

    asyncio.run(test())
