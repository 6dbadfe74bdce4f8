"""Making a corpus: from settings to files and their manifest, in one process or several."""

import hashlib
import multiprocessing
import os
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path

import cv2

from pigeonhole.synthetic.drafting import Draft, draft_document
from pigeonhole.synthetic.drawing.painting import paint_pdf
from pigeonhole.synthetic.encoding import EXTENSIONS, encode_scan
from pigeonhole.synthetic.manifest import (
    MANIFEST_NAME,
    GeneratedDocument,
    document_line,
    header_line,
    read_documents,
)
from pigeonhole.synthetic.plan import DocumentPlan, plan_corpus
from pigeonhole.synthetic.scanning import draw_conditions, scan_leaves
from pigeonhole.synthetic.settings import GenerationError, GenerationSettings

_AHEAD = 8
"""Documents a worker is ahead of the reader at most, so that memory does not grow with the corpus."""
_MOST_FILLER = 60_000
_MODIFIED = 1_767_225_600
"""Every file's modification time (1 January 2026), so that it tells nothing."""


def write_corpus(
    directory: Path, settings: GenerationSettings, *, on_document: Callable[..., None] | None = None
) -> list[GeneratedDocument]:
    """Write `<class>/<file>` for every document, and the manifest; documents of an earlier corpus there are replaced.

    Args:
        directory: A folder that is new, empty, or holds an earlier corpus.
        settings: What to make.
        on_document: Called with each document once it is written.

    Raises:
        GenerationError: The folder holds something else, or cannot be written to.
    """
    try:
        _make_room(directory)
        return _write_all(directory, settings, on_document)
    except OSError as error:
        raise GenerationError(f"directory: '{directory}' cannot be written to ({error.strerror}).") from error


def generate_documents(settings: GenerationSettings) -> Iterator[tuple[GeneratedDocument, bytes]]:
    """Yield every document with its bytes, classes mixed; the order and the bytes do not depend on `workers`."""
    plans = plan_corpus(settings)
    if settings.workers == 1:
        yield from (make_document(plan, settings) for plan in plans)
        return
    context = multiprocessing.get_context("spawn")
    workers = min(settings.workers, len(plans))
    # A worker is one thread, or OpenCV's threads of all workers would wait for the same cores.
    with ProcessPoolExecutor(workers, mp_context=context, initializer=cv2.setNumThreads, initargs=(1,)) as pool:
        running: deque[Future[tuple[GeneratedDocument, bytes]]] = deque()
        for plan in plans:
            running.append(pool.submit(make_document, plan, settings))
            if len(running) > settings.workers * _AHEAD:
                yield running.popleft().result()
        while running:
            yield running.popleft().result()


def make_document(plan: DocumentPlan, settings: GenerationSettings) -> tuple[GeneratedDocument, bytes]:
    """Draw one document and encode it."""
    draft = draft_document(plan, settings)
    data = _encode(draft, settings)
    document = GeneratedDocument(
        path=f"{plan.class_name}/{plan.name}.{EXTENSIONS[plan.medium]}",
        class_name=plan.class_name,
        template=plan.template,
        person=draft.person.key,
        group=plan.group,
        language=plan.language,
        medium=plan.medium,
        pages=len(draft.leaves),
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        seed=plan.seed,
    )
    return document, data


def _encode(draft: Draft, settings: GenerationSettings) -> bytes:
    if draft.plan.medium == "pdf":
        draw = draft.plan.draw("filler")
        return paint_pdf(draft.leaves, filler=draw.randbytes(draw.randrange(_MOST_FILLER)))
    conditions = draw_conditions(draft.plan.draw("conditions"), settings.difficulty)
    if draft.plan.medium == "png" and conditions.mode == "colour":
        # Without loss, grain in colour makes files of many megabytes.
        conditions = replace(conditions, mode="grey")
    return encode_scan(list(scan_leaves(draft.leaves, conditions)), draft.plan.medium, conditions)


def _make_room(directory: Path) -> None:
    directory.mkdir(parents=True, exist_ok=True)
    earlier = read_documents(directory)
    if not (directory / MANIFEST_NAME).exists() and any(directory.iterdir()):
        raise GenerationError(f"directory: '{directory}' is not empty and holds no generated corpus.")
    for document in earlier:
        path = directory / document.path
        if path.resolve().is_relative_to(directory.resolve()):
            path.unlink(missing_ok=True)


def _write_all(
    directory: Path, settings: GenerationSettings, on_document: Callable[..., None] | None
) -> list[GeneratedDocument]:
    """The manifest's line is written before the file, so that a run that is cut short can be replaced."""
    documents = []
    with (directory / MANIFEST_NAME).open("w", encoding="utf-8") as manifest:
        manifest.write(header_line(settings))
        for document, data in generate_documents(settings):
            manifest.write(document_line(document))
            manifest.flush()
            path = directory / document.path
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(data)
            os.utime(path, (_MODIFIED, _MODIFIED))
            documents.append(document)
            if on_document:
                on_document(document)
    return documents
