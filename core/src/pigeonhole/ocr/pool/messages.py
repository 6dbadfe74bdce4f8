"""What a reading process and its supervisor tell each other."""

from dataclasses import dataclass
from typing import Any

from pigeonhole.documents import Document, RefusalReason
from pigeonhole.ocr.page_text import PageFailure, PageText, View

PageOutcome = PageText | PageFailure


@dataclass(frozen=True)
class Task:
    """A document to read: all of it, or what another process left of it.

    `sha256` is empty where nobody knows it yet; `document` is None until it was inspected; `outcomes` are the pages
    that are done, from the first on; with `pages_done` only the last step is left.
    """

    data: bytes
    view: View
    request_id: str
    sha256: str = ""
    document: Document | None = None
    outcomes: tuple[PageOutcome, ...] = ()
    pages_done: bool = False


@dataclass(frozen=True)
class Given:
    """A task without its document's bytes, which lie in the shared memory of the two processes."""

    task: Task
    size: int


@dataclass(frozen=True)
class Ready:
    """The process is warm; `engine` is the recogniser and its version."""

    engine: str
    page_deadline_seconds: float


@dataclass(frozen=True)
class Opened:
    """The document was inspected and accepted."""

    document: Document


@dataclass(frozen=True)
class PageDone:
    """A page was read, or could not be."""

    outcome: PageOutcome


@dataclass(frozen=True)
class PagesDone:
    """No further page is read; the last step begins."""


@dataclass(frozen=True)
class Finished:
    """The document was read."""

    result: Any


@dataclass(frozen=True)
class Refused:
    """The document cannot be read: the fields of a DocumentRefused."""

    reason: RefusalReason
    detail: str


@dataclass(frozen=True)
class Failed:
    """No document can be read: the fields of a PigeonholeError."""

    message: str
    code: str
    hint: str | None


@dataclass(frozen=True)
class Kept:
    """What was read is in the cache, and the process is free; nobody waits for this message but the next document."""


Step = Opened | PageDone | PagesDone
"""What tells that the step in hand is done and another begins."""

Answer = Step | Finished | Refused | Failed
"""What comes of a task: steps, and one of the others at the end."""
