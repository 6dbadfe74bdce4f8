"""The process that reads documents, one after another, for the step `ocr`."""

import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits, DocumentRefused, RefusalReason, limit_memory
from pigeonhole.errors import PigeonholeError
from pigeonhole.storage import open_storage
from pigeonhole_components.errors import StepError
from pigeonhole_components.json_files import canonical_json
from pigeonhole_components.sections import OcrParams

_LEFT_OUT = ("text", "words", "seconds")


@dataclass(frozen=True)
class ReadingJob:
    """What a reading process needs to know."""

    storage_url: str
    params: OcrParams


@dataclass(frozen=True)
class WorkerReady:
    """The process can read; `engine` is the recogniser and its version."""

    engine: str


@dataclass(frozen=True)
class WorkerFailed:
    """The process cannot read any document: the fields of a PigeonholeError."""

    message: str
    code: str
    hint: str | None


@dataclass(frozen=True)
class ReadDocument:
    """A document that was read or refused: its row as a line of JSON, its pages, and why it was refused."""

    line: str
    pages: int
    refused: str | None


def work(connection: Connection, job: ReadingJob) -> None:
    """Answer every sha256 that comes over the connection with a ReadDocument, until the other end is closed.

    The first answer is WorkerReady or WorkerFailed. A failure that is no document's fault, such as a storage that
    does not answer, is answered by WorkerFailed and ends the process.
    """
    # A group of its own: Ctrl-C leaves it to the step to end the process, and ending the group ends tesseract as well.
    os.setpgid(0, 0)
    try:
        reader, store = _open(job)
        connection.send(WorkerReady(f"{reader.engine.name} {reader.engine.version}"))
        while True:
            sha256 = connection.recv()
            connection.send(read_document(reader, store.document(sha256), sha256))
    except EOFError:
        return
    except PigeonholeError as error:
        connection.send(WorkerFailed(error.message, error.code, error.hint))


def refused_document(sha256: str, reason: str, detail: str) -> ReadDocument:
    """Return the row of a document that could not be read."""
    refused = {"reason": reason, "detail": detail}
    row = {"sha256": sha256, "text": "", "pages": [], "failures": [], "refused": refused}
    return ReadDocument(canonical_json(row), 0, reason)


def read_document(reader: Any, data: bytes, sha256: str) -> ReadDocument:
    """Return the row of a document, without what would differ between two runs: the time that reading took.

    Words and their boxes stay in the storage's cache; no later step looks at them. An engine that breaks on a
    document costs this document, not the training.

    Raises:
        EngineFailure: `ocr-missing`; the OCR engine is not there.
    """
    from pigeonhole.ocr import ENGINE_MISSING, EngineFailure

    try:
        found = reader.read(data)
    except DocumentRefused as refusal:
        return refused_document(sha256, refusal.reason.value, refusal.detail)
    except EngineFailure as failure:
        if failure.code == ENGINE_MISSING:
            raise
        return refused_document(sha256, RefusalReason.UNREADABLE.value, failure.message)
    pages = [{key: value for key, value in page.to_json().items() if key not in _LEFT_OUT} for page in found.pages]
    failures = [
        {"page": failure.page, "reason": failure.reason.value, "detail": failure.detail} for failure in found.failures
    ]
    row = {"sha256": sha256, "text": found.text, "pages": pages, "failures": failures, "refused": None}
    return ReadDocument(canonical_json(row), len(pages), None)


def _open(job: ReadingJob) -> tuple[Any, DatasetStore]:
    # Imported here because only the reading processes need it, and it takes most of a second.
    from pigeonhole.ocr import ENGINE_MISSING, DocumentReader, OcrSettings, PageTextCache
    from pigeonhole.ocr.tesseract import TesseractEngine

    settings = OcrSettings(**job.params.model_dump())
    engine = TesseractEngine(settings.languages)
    missing = engine.missing_languages()
    if missing:
        raise StepError(
            f"ocr.languages: tesseract has no data for {' and '.join(missing)}.",
            code=ENGINE_MISSING,
            hint=f"Install it (Debian: tesseract-ocr-{missing[0]}), or name other languages.",
        )
    storage = open_storage(job.storage_url)
    limit_memory(limits := DocumentLimits())
    reader = DocumentReader(engine, settings=settings, limits=limits, cache=PageTextCache(storage))
    return reader, DatasetStore(storage)
