"""The process that reads documents, one after another; its whole life is `serve_reading`."""

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import reduce
from multiprocessing.connection import Connection
from typing import Any

import cv2

from pigeonhole.documents import Document, DocumentRefused, RefusalReason, limit_memory
from pigeonhole.errors import PigeonholeError
from pigeonhole.ocr.engine import ENGINE_MISSING, EngineFailure
from pigeonhole.ocr.page_text import DocumentText, PageFailure
from pigeonhole.ocr.pool.messages import (
    Answer,
    Failed,
    Finished,
    Given,
    Kept,
    Opened,
    PageDone,
    PageOutcome,
    PagesDone,
    Ready,
    Refused,
    Task,
)
from pigeonhole.ocr.pool.shared_bytes import SharedBytes
from pigeonhole.ocr.reading import DocumentReader
from pigeonhole.ocr.reading_plan import ReadingProgress, gather
from pigeonhole.processes import end_with_parent
from pigeonhole.telemetry import bind_context, get_logger

OpenReader = Callable[[], DocumentReader]
Finish = Callable[[DocumentText], Any]

_log = get_logger(__name__)


def serve_reading(connection: Connection, document: SharedBytes, open_reader: OpenReader, finish: Finish) -> None:
    """Answer every task that comes over the connection, until its other end is closed.

    The first message is Ready or Failed. A fault that nobody foresaw ends the process, and its supervisor decides what
    becomes of the document.
    """
    # A session of its own: a signal for the parent's group, such as Ctrl-C, must not end a page that is being read, and
    # the parent can end the process together with what it started.
    os.setsid()
    end_with_parent()
    try:
        reader = _open(open_reader)
    except PigeonholeError as error:
        connection.send(Failed(error.message, error.code, error.hint))
        return
    engine = reader.engine
    connection.send(Ready(f"{engine.name} {engine.version}", reader.limits.page_deadline_seconds))
    try:
        while True:
            given: Given = connection.recv()
            task = replace(given.task, data=document.read(given.size))
            _answer(connection, reader, finish, task)
    except (EOFError, ConnectionError):
        return


def answers(reader: DocumentReader, finish: Finish, task: Task) -> Iterator[Answer]:
    """Do a task, and yield an answer after each step."""
    try:
        yield from _read(reader, finish, task)
    except DocumentRefused as refusal:
        yield Refused(refusal.reason, refusal.detail)
    except PigeonholeError as error:
        yield Failed(error.message, error.code, error.hint)


def _open(open_reader: OpenReader) -> DocumentReader:
    # There is a process for each CPU already.
    cv2.setNumThreads(1)
    reader = open_reader()
    limit_memory(reader.limits)
    reader.warm_up()
    return reader


def _answer(connection: Connection, reader: DocumentReader, finish: Finish, task: Task) -> None:
    with bind_context(request_id=task.request_id):
        try:
            for answer in answers(reader, finish, task):
                connection.send(answer)
            reader.write_cache()  # now, when nobody waits for the text any more
            connection.send(Kept())
        except ConnectionError:
            raise
        except Exception:  # noqa: BLE001 - the supervisor counts the process as lost
            _log.exception("reading failed")
            sys.exit(1)


def _read(reader: DocumentReader, finish: Finish, task: Task) -> Iterator[Answer]:
    document = task.document
    if document is None:
        document = reader.inspect(task.data, sha256=task.sha256)
        yield Opened(document)
    outcomes = list(task.outcomes)
    if not task.pages_done:
        for outcome in _outcomes(reader, document, task):
            outcomes.append(outcome)
            yield PageDone(outcome)
        yield PagesDone()
    yield Finished(finish(gather(document, outcomes, reader.settings, reader.limits)))


def _outcomes(reader: DocumentReader, document: Document, task: Task) -> Iterator[PageOutcome]:
    """Yield the outcomes of the pages that are left; a page on which the engine breaks is one that failed."""
    progress = reduce(lambda done, outcome: done.after(outcome, reader.settings), task.outcomes, ReadingProgress())
    while True:
        try:
            for outcome in reader.outcomes(task.data, document, task.view, progress):
                yield outcome
                progress = progress.after(outcome, reader.settings)
            return
        except EngineFailure as failure:
            if failure.code == ENGINE_MISSING:
                raise
            _log.warning("ocr engine failed", code=failure.code)
            broken = PageFailure(progress.next_page, RefusalReason.UNREADABLE, failure.message)
        yield broken
        progress = progress.after(broken, reader.settings)
