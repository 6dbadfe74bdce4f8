"""Bounded work."""

import asyncio
import threading
import time

import pytest

from pigeonhole_serving.errors import ServingError
from pigeonhole_serving.slots import Slots

pytestmark = pytest.mark.unit


def soon() -> float:
    return time.monotonic() + 30


def test_work_beyond_slots_and_queue_is_refused() -> None:
    async def run() -> None:
        slots = Slots("test", slots=1, queue_size=1)
        with slots.admit(1), slots.admit(1):
            assert slots.is_full
            with pytest.raises(ServingError) as raised, slots.admit(1):
                pass
            assert (raised.value.status, raised.value.reason) == (503, "overloaded")
        assert not slots.is_full

    asyncio.run(run())


def test_work_that_belongs_together_gets_all_its_places_or_none() -> None:
    async def run() -> None:
        slots = Slots("test", slots=2, queue_size=1)
        with slots.admit(2):
            with pytest.raises(ServingError), slots.admit(2):
                pass
            with slots.admit(1):
                assert slots.is_full
        with slots.admit(5):
            assert slots.is_full

    asyncio.run(run())


def test_no_more_runs_at_once_than_there_are_slots() -> None:
    running, most, lock = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        time.sleep(0.01)
        with lock:
            running -= 1

    async def run() -> None:
        slots = Slots("test", slots=2, queue_size=10)
        await asyncio.gather(*(slots.run(work, deadline=soon()) for _ in range(8)))

    asyncio.run(run())
    assert most == 2


def test_waiting_for_a_slot_ends_at_the_deadline() -> None:
    release = threading.Event()

    async def run() -> None:
        slots = Slots("test", slots=1, queue_size=1)
        busy = asyncio.create_task(slots.run(lambda: release.wait(30), deadline=soon()))
        await asyncio.sleep(0)
        with pytest.raises(ServingError) as raised:
            await slots.run(lambda: None, deadline=time.monotonic())
        assert (raised.value.status, raised.value.reason) == (504, "timeout")
        release.set()
        assert await busy

    asyncio.run(run())


def test_a_caller_that_leaves_does_not_free_the_slot_of_work_that_goes_on() -> None:
    release = threading.Event()

    async def run() -> None:
        slots = Slots("test", slots=1, queue_size=1)
        leaving = asyncio.create_task(slots.run(lambda: release.wait(30), deadline=soon()))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        with pytest.raises(ServingError):
            await slots.run(lambda: None, deadline=time.monotonic())
        release.set()
        assert await slots.run(lambda: "next", deadline=soon()) == "next"

    asyncio.run(run())
