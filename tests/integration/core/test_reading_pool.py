"""Real processes that hang and die: a page is lost and nothing else, and the pool always goes on."""

import asyncio
import io
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Future
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest
from PIL import Image, ImageDraw

from pigeonhole.documents import DocumentRefused
from pigeonhole.ocr import ENGINE_MISSING, EngineFailure
from pigeonhole.ocr.pool import (
    PoolFull,
    PoolSettings,
    PoolStopped,
    PoolTimeout,
    Priority,
    ReadingPool,
)

pytestmark = [pytest.mark.integration, pytest.mark.alone]
SECONDS = 60


class Watcher:
    """An observer that keeps what it is told."""

    def __init__(self) -> None:
        self.causes: list[str] = []
        self.busy, self.waiting = 0, 0

    def changed(self, *, busy: int, waiting: int) -> None:
        self.busy, self.waiting = busy, waiting

    def replaced(self, cause: str) -> None:
        self.causes.append(cause)


class Bench:
    """Opens pools whose processes follow a script."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.watcher = Watcher()
        self._pools: list[ReadingPool[Any]] = []

    def open(
        self,
        finish: Callable[..., Any] | None = None,
        *,
        settings: dict[str, Any] | None = None,
        open_reader: Callable[[], Any] | None = None,
        **script: Any,
    ) -> ReadingPool[Any]:
        import scripted_engine

        pool: ReadingPool[Any] = ReadingPool(
            open_reader or partial(scripted_engine.open_scripted, self.folder, **script),
            finish or scripted_engine.texts,
            PoolSettings(**{"workers": 1, **(settings or {})}),
            self.watcher,
        )
        self._pools.append(pool)
        pool.start()
        return pool

    def finish(self, script: dict[int, str]) -> Callable[..., Any]:
        import scripted_engine

        return partial(scripted_engine.texts_or, self.folder, script)

    def calls(self, what: str) -> int:
        path = self.folder / what
        return len(path.read_text()) if path.exists() else 0

    def go(self) -> None:
        """Let go on what the script lets wait."""
        (self.folder / "go").touch()

    def processes(self) -> list[int]:
        path = self.folder / "processes"
        return [int(line) for line in path.read_text().split()] if path.exists() else []

    def stop(self) -> None:
        for pool in self._pools:
            pool.stop()
        for pid in self.processes():
            wait_until(lambda pid=pid: not is_running(pid), "the processes of a stopped pool to be gone")


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    # Reading processes get this process's import path, and find the script there.
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    opened = Bench(tmp_path)
    yield opened
    opened.stop()


def scan(pages: int = 1) -> bytes:
    frames = []
    for number in range(pages):
        frame = Image.new("L", (300, 200), "white")
        ImageDraw.Draw(frame).text((20, 20), f"Page {number}", fill="black")
        frames.append(frame)
    content = io.BytesIO()
    frames[0].save(content, "TIFF", save_all=True, append_images=frames[1:])
    return content.getvalue()


def page(number: int) -> str:
    return f"page number {number} of this document"


def read(pool: ReadingPool[Any], data: bytes | None = None, **how: Any) -> Any:
    return submit(pool, data, **how).result(SECONDS)


def submit(pool: ReadingPool[Any], data: bytes | None = None, **how: Any) -> Future[Any]:
    return pool.submit(scan() if data is None else data, view="full", **how)


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited too long for {what}"
        time.sleep(0.01)


def is_running(pid: int) -> bool:
    try:
        return bool(psutil.Process(pid).status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def test_nobody_waits_for_the_cache_but_the_next_document_and_the_end(bench: Bench) -> None:
    import scripted_engine

    pool = bench.open(open_reader=partial(scripted_engine.open_with_patient_cache, bench.folder))
    assert read(pool) == [page(1)]
    cache = bench.folder / "cache"
    assert not list(cache.rglob("*.json"))
    ending = threading.Thread(target=pool.stop)
    ending.start()
    bench.go()
    ending.join(SECONDS)
    assert len(list(cache.rglob("*.json"))) == 1


def test_documents_are_read_page_by_page_by_a_process_of_its_own(bench: Bench) -> None:
    pool = bench.open()
    assert read(pool, scan(3)) == [page(1), page(2), page(3)]
    assert pool.engine == "scripted 1"
    (process,) = bench.processes()
    assert process != os.getpid()
    assert (bench.watcher.causes, bench.watcher.busy, bench.watcher.waiting) == ([], 0, 0)


def test_a_process_is_set_up_to_use_one_cpu_and_so_much_memory(bench: Bench) -> None:
    import scripted_engine

    found = read(bench.open(scripted_engine.environment))
    assert found == {"omp": "1", "cv2": 1, "memory": 4_000_000_000, "leads its group": True}


def test_a_page_that_hangs_fails_alone_and_at_once(bench: Bench) -> None:
    pool = bench.open(pages={2: "hang"}, page_seconds=0.5)
    assert read(pool, scan(4)) == [page(1), "timeout", page(3), page(4)]
    # The page was not tried again, and the first was not read again.
    assert bench.calls("pages") == 4
    assert bench.watcher.causes == ["timeout"]


def test_a_page_that_ends_two_processes_fails_alone_and_what_it_raised_is_not_logged(
    bench: Bench, capfd: pytest.CaptureFixture[str]
) -> None:
    pool = bench.open(pages={2: "die", 3: "stumble"})
    assert read(pool, scan(3)) == [page(1), "unreadable", page(4)]
    assert bench.watcher.causes == ["crash", "crash"]
    assert len(bench.processes()) == 3
    assert "secret" not in capfd.readouterr().err


def test_a_page_that_outgrows_the_memory_limit_ends_its_process_and_is_tried_once_more(bench: Bench) -> None:
    pool = bench.open(pages={2: "grow"})
    assert read(pool, scan(2)) == [page(1), page(3)]
    assert bench.watcher.causes == ["crash"]


def test_a_page_on_which_the_engine_breaks_fails_alone_in_the_same_process(bench: Bench) -> None:
    pool = bench.open(pages={2: "break"})
    assert read(pool, scan(3)) == [page(1), "unreadable", page(3)]
    assert len(bench.processes()) == 1


def test_a_document_of_which_no_page_can_be_read_is_refused_for_the_first_one_s_reason(bench: Bench) -> None:
    pool = bench.open(pages={1: "break", 2: "hang"}, page_seconds=0.5)
    with pytest.raises(DocumentRefused) as raised:
        read(pool, scan(2))
    assert raised.value.reason == "unreadable"


def test_a_document_whose_inspection_is_lost_is_refused(bench: Bench) -> None:
    pool = bench.open(documents={1: "hang"}, page_seconds=0.5)
    with pytest.raises(DocumentRefused) as raised:
        read(pool)
    assert raised.value.reason == "timeout"
    assert read(pool) == [page(1)]


def test_a_document_whose_last_step_is_lost_is_refused_and_not_read_again(bench: Bench) -> None:
    pool = bench.open(bench.finish({1: "die", 2: "die"}))
    with pytest.raises(DocumentRefused) as raised:
        read(pool, scan(2))
    assert raised.value.reason == "unreadable"
    assert bench.calls("pages") == 2


def test_a_document_with_many_pages_that_hang_is_given_up(bench: Bench) -> None:
    pool = bench.open(
        pages=dict.fromkeys(range(1, 10), "hang"), page_seconds=0.2, settings={"document_deadline_seconds": 2}
    )
    with pytest.raises(DocumentRefused) as raised:
        read(pool, scan(9))
    assert raised.value.reason == "timeout"
    assert 1 <= bench.calls("pages") < 9


def test_an_engine_that_goes_missing_is_not_the_document_s_fault(bench: Bench) -> None:
    pool = bench.open(pages={1: "miss"})
    with pytest.raises(EngineFailure) as raised:
        read(pool)
    assert (raised.value.code, raised.value.hint) == (ENGINE_MISSING, "Bring it back.")
    assert read(pool) == [page(2)]


def test_a_refused_document_says_why_as_the_reader_does(bench: Bench) -> None:
    pool = bench.open()
    with pytest.raises(DocumentRefused) as raised:
        read(pool, b"no document")
    assert raised.value.reason == "unsupported-type"


def test_a_pool_that_cannot_start_says_why_for_every_document(bench: Bench) -> None:
    pool = bench.open(start=dict.fromkeys(range(1, 9), "lose storage"), settings={"workers": 2})
    early = submit(pool)
    wait_until(lambda: pool.failure is not None, "the start to fail")
    for future in (early, submit(pool)):
        with pytest.raises(EngineFailure) as raised:
            future.result(SECONDS)
        assert (raised.value.code, raised.value.hint) == ("storage-failed", "Bring it back.")
    assert not pool.is_ready


def test_a_pool_that_cannot_start_tries_again(bench: Bench) -> None:
    pool = bench.open(start={1: "die"}, settings={"start_again_seconds": 0.1})
    wait_until(lambda: pool.is_ready, "the pool to start")
    assert pool.failure is None
    assert read(pool) == [page(1)]


def test_a_process_that_hangs_at_its_start_is_ended(bench: Bench) -> None:
    pool = bench.open(start={1: "hang"}, settings={"start_deadline_seconds": 3, "start_again_seconds": 600})
    with pytest.raises(EngineFailure) as raised:
        read(pool)
    assert raised.value.code == ENGINE_MISSING


def test_one_process_that_does_not_start_leaves_the_work_to_the_other(bench: Bench) -> None:
    pool = bench.open(start={1: "die"}, settings={"workers": 2, "start_again_seconds": 600})
    assert read(pool) == [page(1)]
    assert pool.failure is None


def test_a_process_is_replaced_after_its_share_of_pages(bench: Bench) -> None:
    pool = bench.open(settings={"recycle_pages": 3})
    assert [read(pool, scan(2)), read(pool, scan(2))] == [[page(1), page(2)], [page(3), page(4)]]
    wait_until(lambda: bench.watcher.causes == ["recycled"], "the process to be replaced")
    assert read(pool) == [page(5)]


def test_a_process_that_takes_no_data_is_replaced(bench: Bench) -> None:
    """The document is larger than what the connection holds, so that giving it blocks."""
    pool = bench.open(page_seconds=0.5)
    wait_until(lambda: pool.is_ready, "the pool to start")
    os.kill(bench.processes()[0], signal.SIGSTOP)
    with pytest.raises(DocumentRefused) as raised:
        read(pool, scan() + b"\0" * 5_000_000)
    assert raised.value.reason == "timeout"
    assert read(pool) == [page(1)]


def test_a_process_that_dies_idle_costs_nothing(bench: Bench) -> None:
    pool = bench.open()
    assert read(pool) == [page(1)]
    os.kill(bench.processes()[0], signal.SIGKILL)
    assert read(pool) == [page(2)]


def test_a_deadline_that_passes_while_a_page_is_read_ends_it(bench: Bench) -> None:
    pool = bench.open(pages={1: "hang"})
    wait_until(lambda: pool.is_ready, "the pool to start")
    with pytest.raises(PoolTimeout):
        read(pool, deadline=time.monotonic() + 0.3)
    assert read(pool) == [page(2)]


def test_a_deadline_that_passes_in_the_line_costs_no_process(bench: Bench) -> None:
    pool = bench.open(pages={1: "hang"}, page_seconds=2)
    hanging = submit(pool)
    wait_until(lambda: bench.calls("pages") == 1, "the first document to be read")
    started = time.monotonic()
    with pytest.raises(PoolTimeout):
        read(pool, deadline=started + 0.2)
    assert not hanging.done()
    with pytest.raises(PoolTimeout):
        read(pool, deadline=started)
    assert bench.watcher.waiting == 0
    with pytest.raises(DocumentRefused):
        hanging.result(SECONDS)
    assert bench.watcher.causes == ["timeout"]


def test_the_line_is_bounded_for_each_priority_and_the_urgent_go_first(bench: Bench) -> None:
    pool = bench.open(pages={1: "wait"}, settings={"queue_size": 1})
    order: list[str] = []
    first = submit(pool)
    wait_until(lambda: bench.calls("pages") == 1, "the first document to be read")
    # Two may be in hand of each priority, and of the urgent ones one is being read.
    low, last = (submit(pool, priority=Priority.LOW) for _ in range(2))
    normal = submit(pool)
    for name, future in (("low", low), ("normal", normal), ("last", last)):
        future.add_done_callback(lambda _, name=name: order.append(name))
    for priority in Priority:
        with pytest.raises(PoolFull) as raised:
            submit(pool, priority=priority)
        assert raised.value.code == "queue-full"
    bench.go()
    done = [future.result(SECONDS) for future in (first, normal, low, last)]
    assert done == [[page(number)] for number in (1, 2, 3, 4)]
    assert order == ["normal", "low", "last"]


def test_a_cancelled_document_leaves_the_line_to_another(bench: Bench) -> None:
    pool = bench.open(pages={1: "wait"}, settings={"queue_size": 1})
    first = submit(pool)
    wait_until(lambda: bench.calls("pages") == 1, "the first document to be read")
    assert submit(pool).cancel()
    last = submit(pool)
    bench.go()
    assert [first.result(SECONDS), last.result(SECONDS)] == [[page(1)], [page(2)]]


def test_stopping_ends_a_process_that_hangs_and_fails_all_that_is_left(bench: Bench) -> None:
    pool = bench.open(pages={1: "hang"})
    futures = [submit(pool), submit(pool)]
    wait_until(lambda: bench.calls("pages") == 1, "the first document to be read")
    started = time.monotonic()
    pool.stop()
    assert time.monotonic() - started < 5
    for future in futures:
        with pytest.raises(PoolStopped):
            future.result(0)
    with pytest.raises(PoolStopped):
        submit(pool)
    assert multiprocessing.active_children() == []


def test_stopping_ends_a_process_that_is_still_starting(bench: Bench) -> None:
    pool = bench.open(start={1: "hang"})
    waiting = submit(pool)
    wait_until(lambda: bench.calls("starts") == 1, "the process to begin")
    pool.stop()
    with pytest.raises(PoolStopped):
        waiting.result(0)


def test_what_callers_await_is_what_the_futures_give(bench: Bench) -> None:
    pool = bench.open(pages={2: "wait"})

    async def ask() -> None:
        assert await pool.read(scan(), view="full") == [page(1)]
        busy = asyncio.create_task(pool.read(scan(), view="full"))
        await asyncio.to_thread(wait_until, lambda: bench.calls("pages") == 2, "the second document to be read")
        leaving = asyncio.create_task(pool.read(scan(), view="full"))
        await asyncio.sleep(0)
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
        assert bench.watcher.waiting == 0
        bench.go()
        assert await busy == [page(2)]
        with pytest.raises(DocumentRefused):
            await pool.read(b"", view="full")

    asyncio.run(ask())


def test_under_attack_from_many_callers_every_document_gets_its_answer(bench: Bench) -> None:
    """Pages hang, die, stumble and break while others are cancelled; what is left is answered, and nothing stands."""
    deeds = ["", "die", "", "break", "hang", "", "stumble", ""]
    script = dict(enumerate(deeds * 2, start=1))
    pool = bench.open(pages=script, page_seconds=0.2, settings={"workers": 2, "queue_size": 100})
    futures: list[Future[Any]] = []

    def call() -> None:
        futures.extend(submit(pool, scan(2)) for _ in range(4))

    callers = [threading.Thread(target=call) for _ in range(4)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    cancelled = sum(future.cancel() for future in futures[::7])
    kinds = []
    for future in futures:
        try:
            kinds.append(len(future.result(SECONDS)))
        except (DocumentRefused, CancelledError) as error:
            kinds.append(type(error).__name__)
    assert kinds.count("CancelledError") == cancelled
    assert set(kinds) <= {2, "DocumentRefused", "CancelledError"}
    assert (bench.watcher.busy, bench.watcher.waiting) == (0, 0)
