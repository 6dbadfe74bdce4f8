"""The queue of what is to be looked at."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pigeonhole_operator.work_queue import Backoff, WorkQueue

from .runtime_time import FakeTime, settle, started

pytestmark = pytest.mark.unit


def run(test: Callable[[WorkQueue[str], FakeTime], Awaitable[None]]) -> None:
    """Run a test with an open queue, whose chance is the longest pause."""

    async def inside() -> None:
        time = FakeTime()
        queue: WorkQueue[str] = WorkQueue(time, time.sleep, Backoff(1, 300), lambda: 1.0)
        queue.open()
        await asyncio.wait_for(test(queue, time), 10)

    asyncio.run(inside())


def test_a_key_that_is_added_twice_is_worked_on_once() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        queue.add("a")
        assert await queue.take() == "a"
        queue.finished("a")
        assert not (await started(queue.take())).done()

    run(test)


def test_a_key_is_never_given_to_two_workers() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        queue.add("a")
        second = await started(queue.take())
        assert not second.done()
        queue.finished("a")
        await settle()
        assert second.result() == "a"

    run(test)


def test_a_key_added_many_times_while_it_is_worked_on_is_worked_on_once_more() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        for _again in range(3):
            queue.add("a")
        queue.finished("a")
        assert await queue.take() == "a"
        queue.finished("a")
        assert not (await started(queue.take())).done()

    run(test)


def test_a_waiting_worker_is_woken_by_an_added_key() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        worker = await started(queue.take())
        queue.add("a")
        await settle()
        assert worker.result() == "a"

    run(test)


def test_a_worker_that_waits_for_a_late_key_is_given_an_early_one() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("late", after=100)
        worker = await started(queue.take())
        queue.add("early", after=5)
        await settle()
        await time.pass_by(4.9)
        assert not worker.done()
        await time.pass_by(0.2)
        assert worker.result() == "early"

    run(test)


def test_a_later_time_does_not_put_off_an_earlier_one() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        queue.add("a", after=100)
        assert await queue.take() == "a"

    run(test)


def test_a_finished_key_comes_back_when_it_is_asked_to() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("a")
        queue.finished(await queue.take(), again_after=30)
        worker = await started(queue.take())
        await time.pass_by(29)
        assert not worker.done()
        await time.pass_by(1)
        assert worker.result() == "a"

    run(test)


def test_an_event_during_the_work_brings_a_key_back_at_once_whatever_pause_it_asks_for() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        queue.add("a")
        queue.finished("a", again_after=300)
        assert await queue.take() == "a"

    run(test)


def test_pauses_double_up_to_the_limit_and_begin_anew_after_a_success() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("a")
        pauses = []
        for _ in range(11):
            await queue.take()
            pauses.append(queue.failed("a"))
            await time.pass_by(pauses[-1])
        assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300]
        queue.finished(await queue.take(), again_after=0)
        await queue.take()
        assert queue.failed("a") == 1

    run(test)


def test_chance_takes_up_to_half_of_a_pause() -> None:
    assert [Backoff(8, 300).pause(1, chance) for chance in (0.0, 0.5, 1.0)] == [4, 6, 8]


def test_no_number_of_failures_is_too_large() -> None:
    assert Backoff(1, 300).pause(10_000, 1.0) == 300


def test_a_failure_can_ask_for_a_longer_pause() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        assert queue.failed("a", at_least=60) == 60

    run(test)


def test_keys_fail_each_for_themselves() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        for key in ("a", "a", "a", "b"):
            queue.add(key)
            pause = queue.failed(await queue.take())
        assert pause == 1

    run(test)


def test_depth_counts_what_is_due_and_age_what_waits_longest() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("a")
        await time.pass_by(7)
        queue.add("b")
        queue.add("c", after=100)
        assert (queue.depth, queue.oldest_seconds) == (2, 7)

    run(test)


def test_work_that_hangs_grows_old_too() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        await time.pass_by(400)
        assert (queue.depth, queue.oldest_seconds) == (0, 400)
        queue.finished("a")
        assert queue.oldest_seconds == 0

    run(test)


def test_a_closed_queue_takes_nothing_and_forgets_what_waits() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        queue.add("a")
        queue.close()
        queue.add("b")
        worker = await started(queue.take())
        assert not worker.done()
        assert queue.depth == 0
        queue.open()
        queue.add("c")
        await settle()
        assert worker.result() == "c"

    run(test)


def test_work_in_hand_when_the_queue_closes_does_not_come_back() -> None:
    async def test(queue: WorkQueue[str], time: FakeTime) -> None:
        queue.add("a")
        await queue.take()
        queue.add("a")
        idle = await started(queue.idle())
        queue.close()
        assert not idle.done()
        queue.failed("a")
        await settle()
        assert idle.done()
        queue.open()
        worker = await started(queue.take())
        await time.pass_by(1000)
        assert not worker.done()

    run(test)


def test_a_worker_that_is_cancelled_while_it_waits_loses_no_key() -> None:
    async def test(queue: WorkQueue[str], _: FakeTime) -> None:
        worker = await started(queue.take())
        queue.add("a")
        worker.cancel()
        await settle()
        assert await queue.take() == "a"

    run(test)


class _Machine(RuleBasedStateMachine):
    """Any order of calls: no key is lost, none is worked on twice at a time, and none comes too early."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.queue: WorkQueue[int] = WorkQueue(lambda: self.now, backoff=Backoff(1, 60), chance=lambda: 1.0)
        self.queue.open()
        self.due: dict[int, float] = {}
        self.working: set[int] = set()
        self.again: dict[int, float] = {}

    def _expect(self, key: int, after: float) -> None:
        where = self.again if key in self.working else self.due
        where[key] = min(where.get(key, float("inf")), self.now + after)

    @rule(key=st.integers(0, 3), after=st.sampled_from([0.0, 1.0, 30.0]))
    def add(self, key: int, after: float) -> None:
        self.queue.add(key, after)
        self._expect(key, after)

    @rule(seconds=st.sampled_from([0.5, 10.0]))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @precondition(lambda self: any(due <= self.now for due in self.due.values()))
    @rule()
    def take(self) -> None:
        key = asyncio.run(asyncio.wait_for(self.queue.take(), 1))
        assert key not in self.working
        assert self.due.pop(key) <= self.now
        self.working.add(key)

    @precondition(lambda self: self.working)
    @rule(data=st.data(), again=st.sampled_from([None, 0.0, 5.0]), well=st.booleans())
    def leave(self, data: st.DataObject, again: float | None, well: bool) -> None:
        key = data.draw(st.sampled_from(sorted(self.working)))
        pause = again
        if well:
            self.queue.finished(key, again)
        else:
            pause = self.queue.failed(key, again or 0.0)
            assert 1 <= pause <= 60
        self.working.discard(key)
        if (due := self.again.pop(key, None)) is not None:
            self.due[key] = due
        if pause is not None:
            self.due[key] = min(self.due.get(key, float("inf")), self.now + pause)

    @invariant()
    def measured(self) -> None:
        assert self.queue.depth == sum(due <= self.now for due in self.due.values())


TestAnyOrder = _Machine.TestCase
TestAnyOrder.settings = hypothesis_settings(max_examples=60, stateful_step_count=30, deadline=None)
