"""What the pool of reading processes decides: what a lost process costs, who goes next, how a task is done."""

import threading
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole.documents import Document, DocumentLimits, DocumentRefused, MediaType, RefusalReason
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr import (
    ENGINE_MISSING,
    TEXT_LAYER,
    DocumentText,
    EngineFailure,
    OcrSettings,
    PageFailure,
    PageText,
    ReadingProgress,
)
from pigeonhole.ocr.pool import PoolFull, PoolSettings, PoolStopped, Priority
from pigeonhole.ocr.pool.document_reading import DocumentReading, Loss
from pigeonhole.ocr.pool.messages import Failed, Finished, Opened, PageDone, PagesDone, Refused, Task
from pigeonhole.ocr.pool.waiting_line import WaitingLine, Work
from pigeonhole.ocr.pool.worker import answers

pytestmark = pytest.mark.unit
DOCUMENT = Document("abc", MediaType.PDF, 10, 3)
TASK = Task(b"data", "full", "id")


def page(number: int) -> PageText:
    text = f"the words of page number {number}"
    return PageText(number, text, (), "en", TEXT_LAYER, "1", "full", 0, 0.0, 0.1, 10, 10)


OPENED = DocumentReading(TASK).after(Opened(DOCUMENT))
AT_SECOND_PAGE = OPENED.after(PageDone(page(0)))
FINISHING = AT_SECOND_PAGE.after(PagesDone())


def test_a_first_crash_is_tried_again_at_the_same_step() -> None:
    for reading in (DocumentReading(TASK), OPENED, AT_SECOND_PAGE, FINISHING):
        assert reading.after_loss(Loss.CRASH).task == reading.task


def test_a_second_crash_on_a_page_fails_the_page() -> None:
    reading = AT_SECOND_PAGE.after_loss(Loss.CRASH).after_loss(Loss.CRASH)
    assert reading.task.outcomes == (
        page(0),
        PageFailure(1, RefusalReason.UNREADABLE, "Page 2 made the process that read it fail."),
    )
    assert reading.after_loss(Loss.CRASH).task == reading.task


def test_a_page_that_took_too_long_fails_at_once() -> None:
    reading = OPENED.after_loss(Loss.TIMEOUT)
    assert reading.task.outcomes == (PageFailure(0, RefusalReason.TIMEOUT, "Page 1 took too long to read."),)


def test_a_crash_on_one_page_does_not_count_on_the_next() -> None:
    reading = OPENED.after_loss(Loss.CRASH).after(PageDone(page(0))).after_loss(Loss.CRASH)
    assert reading.task == AT_SECOND_PAGE.task


@pytest.mark.parametrize("reading", [DocumentReading(TASK), FINISHING], ids=["inspecting", "finishing"])
def test_a_loss_outside_the_pages_refuses_the_document(reading: DocumentReading) -> None:
    with pytest.raises(DocumentRefused) as raised:
        reading.after_loss(Loss.TIMEOUT)
    assert raised.value.reason is RefusalReason.TIMEOUT
    with pytest.raises(DocumentRefused) as raised:
        reading.after_loss(Loss.CRASH).after_loss(Loss.CRASH)
    assert raised.value.reason is RefusalReason.UNREADABLE


@given(st.lists(st.sampled_from(["page", *Loss])))
def test_whatever_is_lost_pages_come_in_order_and_none_costs_three_processes(events: list[str]) -> None:
    reading, lost = OPENED, 0
    for event in events:
        done = len(reading.task.outcomes)
        if isinstance(event, Loss):
            reading, lost = reading.after_loss(event), lost + 1
        else:
            reading = reading.after(PageDone(page(done)))
        if len(reading.task.outcomes) > done:
            lost = 0
        assert lost < 2
    assert [outcome.page for outcome in reading.task.outcomes] == list(range(len(reading.task.outcomes)))


class Reader:
    """Stands for a DocumentReader of three pages; `broken` maps pages to what the engine raises there."""

    settings = OcrSettings()
    limits = DocumentLimits()

    def __init__(self, broken: dict[int, Exception] | None = None) -> None:
        self.read: list[int] = []
        self._broken = broken or {}

    def inspect(self, data: bytes, *, sha256: str) -> Document:
        if data == b"refused":
            raise DocumentRefused(RefusalReason.ENCRYPTED, "The PDF needs a password.")
        return DOCUMENT

    def outcomes(
        self, data: bytes, document: Document, view: str, progress: ReadingProgress
    ) -> Iterator[PageText | PageFailure]:
        for number in range(progress.next_page, document.pages):
            self.read.append(number)
            if number in self._broken:
                raise self._broken[number]
            yield page(number)


def texts(text: DocumentText) -> list[str]:
    return [one.text for one in text.pages]


def do(task: Task, reader: Reader | None = None) -> list[object]:
    return list(answers(reader or Reader(), texts, task))  # type: ignore[arg-type]


def test_a_task_is_answered_step_by_step() -> None:
    pages = [page(0), page(1), page(2)]
    assert do(TASK) == [
        Opened(DOCUMENT),
        *map(PageDone, pages),
        PagesDone(),
        Finished([one.text for one in pages]),
    ]


def test_a_task_goes_on_where_another_process_was_lost() -> None:
    reader = Reader()
    failure = PageFailure(1, RefusalReason.TIMEOUT, "")
    left = replace(TASK, document=DOCUMENT, outcomes=(page(0), failure))
    assert do(left, reader) == [PageDone(page(2)), PagesDone(), Finished([page(0).text, page(2).text])]
    assert reader.read == [2]
    assert do(replace(left, pages_done=True), reader) == [Finished([page(0).text])]
    assert reader.read == [2]


def test_a_refused_document_and_an_engine_that_is_gone_are_told_apart() -> None:
    assert do(replace(TASK, data=b"refused")) == [Refused(RefusalReason.ENCRYPTED, "The PDF needs a password.")]
    gone = EngineFailure("Gone.", code=ENGINE_MISSING, hint="Install it.")
    assert do(TASK, Reader({1: gone}))[-1] == Failed("Gone.", ENGINE_MISSING, "Install it.")
    other = PigeonholeError("The disk is full.", code="disk")
    assert do(TASK, Reader({1: other}))[-1] == Failed("The disk is full.", "disk", None)


def test_an_engine_that_breaks_on_pages_loses_these_pages() -> None:
    reader = Reader({0: EngineFailure("Broke."), 1: EngineFailure("Broke again.")})
    assert do(TASK, reader)[1:] == [
        PageDone(PageFailure(0, RefusalReason.UNREADABLE, "Broke.")),
        PageDone(PageFailure(1, RefusalReason.UNREADABLE, "Broke again.")),
        PageDone(page(2)),
        PagesDone(),
        Finished([page(2).text]),
    ]
    assert reader.read == [0, 1, 2]


def test_a_fault_that_nobody_foresaw_is_not_hidden() -> None:
    with pytest.raises(ZeroDivisionError):
        do(TASK, Reader({0: ZeroDivisionError()}))


def work(priority: Priority = Priority.NORMAL) -> Work:
    return Work(b"", "full", priority, None, "", "")


def line(room: int = 2) -> WaitingLine:
    return WaitingLine(room=room, observer=None)


def test_urgent_work_is_taken_first_and_otherwise_the_eldest() -> None:
    waiting = line(4)
    low, first, second = work(Priority.LOW), work(), work()
    for one in (low, first, second):
        waiting.put(one)
    assert [waiting.take(), waiting.take(), waiting.take()] == [first, second, low]


def test_work_that_is_done_counts_until_it_is_done() -> None:
    waiting = line(1)
    waiting.put(work())
    taken = waiting.take()
    assert taken
    with pytest.raises(PoolFull):
        waiting.put(work())
    waiting.done(taken)
    waiting.put(work())


def test_work_that_can_wait_takes_no_room_from_other_work() -> None:
    waiting = line(1)
    waiting.put(work(Priority.LOW))
    assert waiting.take()
    waiting.put(work())


def test_a_failure_of_all_fails_what_waits_and_what_comes_until_it_is_over() -> None:
    waiting, early, late = line(), work(), work()
    waiting.put(early)
    waiting.set_failure(EngineFailure("Gone."))
    waiting.put(late)
    for one in (early, late):
        assert isinstance(one.future.exception(0), EngineFailure)
    waiting.set_failure(None)
    waiting.put(last := work())
    assert waiting.take() is last


def test_a_closed_line_gives_and_takes_nothing() -> None:
    waiting, left = line(), work()
    waiting.put(left)
    waiting.close()
    assert waiting.take() is None
    assert isinstance(left.future.exception(0), PoolStopped)
    with pytest.raises(PoolStopped):
        waiting.put(work())


def test_there_is_a_process_for_each_cpu_unless_told_otherwise() -> None:
    assert PoolSettings(workers=0).processes >= 1
    assert (PoolSettings(workers=3).processes, PoolSettings(workers=3, queue_size=4).room) == (3, 7)


def test_work_wakes_who_can_do_it_while_another_pauses() -> None:
    waiting, taken = line(), []
    pausing = threading.Thread(target=waiting.pause, args=(60,))
    pausing.start()
    ready = threading.Thread(target=lambda: taken.append(waiting.take()))
    ready.start()
    given = work()
    waiting.put(given)
    ready.join(10)
    waiting.close()
    pausing.join(10)
    assert taken == [given]


def test_one_failure_of_all_is_an_exception_for_each() -> None:
    waiting = line()
    first, second = work(), work()
    waiting.put(first)
    waiting.set_failure(EngineFailure("gone", code="ocr-missing", hint="install it"))
    waiting.put(second)
    one, other = first.future.exception(), second.future.exception()
    assert one is not other
    assert isinstance(other, EngineFailure)
    assert (other.message, other.code, other.hint) == ("gone", "ocr-missing", "install it")


def test_a_process_that_grows_too_large_is_followed_by_one_fresh_try() -> None:
    reading = AT_SECOND_PAGE.after_loss(Loss.MEMORY)
    assert reading.task == AT_SECOND_PAGE.task
    (_, failed) = reading.after_loss(Loss.MEMORY).task.outcomes
    assert (failed.reason, failed.detail) == (RefusalReason.UNREADABLE, "Page 2 needs too much memory to read.")
