"""How far the reading of one document is, and what follows when its process is lost; pure decisions."""

from dataclasses import dataclass, replace
from enum import StrEnum

from pigeonhole.documents import DocumentRefused, RefusalReason
from pigeonhole.ocr.page_text import PageFailure
from pigeonhole.ocr.pool.messages import Opened, PageDone, PagesDone, Step, Task

_TRIES = 2
"""Processes that may crash or grow too large on one step: the first may have brought that from its earlier work."""


class Loss(StrEnum):
    """How a process was lost."""

    CRASH = "crash"
    MEMORY = "memory"
    TIMEOUT = "timeout"


_REASONS = {
    Loss.CRASH: (RefusalReason.UNREADABLE, "made the process that read it fail"),
    Loss.MEMORY: (RefusalReason.UNREADABLE, "needs too much memory to read"),
    Loss.TIMEOUT: (RefusalReason.TIMEOUT, "took too long to read"),
}


@dataclass(frozen=True)
class DocumentReading:
    """A task as far as it is done, and how many processes crashed on or grew too large by the step in hand.

    The steps are: inspecting the document, each of its pages, and finishing.
    """

    task: Task
    crashes: int = 0

    def after(self, step: Step) -> "DocumentReading":
        """Return the reading with one step done."""
        if isinstance(step, Opened):
            return DocumentReading(replace(self.task, document=step.document))
        if isinstance(step, PageDone):
            return DocumentReading(replace(self.task, outcomes=(*self.task.outcomes, step.outcome)))
        if isinstance(step, PagesDone):
            return DocumentReading(replace(self.task, pages_done=True))
        raise TypeError(f"{step!r} is no step")

    def after_loss(self, loss: Loss) -> "DocumentReading":
        """Return the reading for a fresh process to go on with, once the process in hand was lost.

        A page that took too long, or that a second process crashed on or grew too large by, has failed, and the next
        page is read.

        Raises:
            DocumentRefused: `timeout` or `unreadable`, when it was not a page that was lost.
        """
        if loss is not Loss.TIMEOUT and self.crashes + 1 < _TRIES:
            return replace(self, crashes=self.crashes + 1)
        reason, detail = _REASONS[loss]
        if self.task.document is None or self.task.pages_done:
            raise DocumentRefused(reason, f"The document {detail}.")
        page = len(self.task.outcomes)
        return self.after(PageDone(PageFailure(page, reason, f"Page {page + 1} {detail}.")))
