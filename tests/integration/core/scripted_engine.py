"""An OCR engine that does to page after page what a script says; reading processes import it by this module's name."""

import os
import signal
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pigeonhole.documents import Document, DocumentLimits
from pigeonhole.ocr import (
    ENGINE_MISSING,
    Box,
    DocumentReader,
    DocumentText,
    EngineFailure,
    OcrSettings,
    PageTextCache,
    Recognition,
    Word,
)
from pigeonhole.storage import StorageError
from pigeonhole.storage.local import LocalStorage

WARM_UP = (64, 64)
"""The shape of the image that a reader warms up with."""


class ScriptedEngine:
    """Reads "page number N of this document", where N counts its calls in all processes, unless the script differs."""

    name = "scripted"
    version = "1"
    fingerprint = ""

    def __init__(self, folder: Path, script: dict[int, str]) -> None:
        self._folder = folder
        self._script = script

    def missing_languages(self) -> tuple[str, ...]:
        return ()

    def read(self, pixels: NDArray[np.uint8], *, layout: str, deadline_seconds: float) -> Recognition:
        if pixels.shape == WARM_UP:
            return Recognition("", ())
        number = count_call(self._folder / "pages")
        do(self._script.get(number, ""), self._folder)
        text = f"page number {number} of this document"
        return Recognition(text, tuple(Word(word, 0.99, Box(0, 0, 1, 1)) for word in text.split()))


class ScriptedReader(DocumentReader):
    """A reader that follows a script while it inspects, counting the documents."""

    def __init__(self, engine: ScriptedEngine, folder: Path, script: dict[int, str], limits: DocumentLimits) -> None:
        super().__init__(engine, settings=OcrSettings(pages=10), limits=limits)
        self._script_folder = folder
        self._inspections = script

    def inspect(self, data: bytes, *, sha256: str = "") -> Document:
        do(self._inspections.get(count_call(self._script_folder / "documents"), ""), self._script_folder)
        return super().inspect(data)


def open_scripted(
    folder: Path,
    pages: dict[int, str] | None = None,
    documents: dict[int, str] | None = None,
    start: dict[int, str] | None = None,
    page_seconds: float = 30.0,
) -> DocumentReader:
    """Open a reader whose starts, documents and pages follow scripts by their numbers, all counted from 1."""
    with (folder / "processes").open("a") as file:
        file.write(f"{os.getpid()}\n")
    do((start or {}).get(count_call(folder / "starts"), ""), folder)
    limits = DocumentLimits(page_deadline_seconds=page_seconds)
    return ScriptedReader(ScriptedEngine(folder, pages or {}), folder, documents or {}, limits)


class PatientStorage(LocalStorage):
    """A folder that takes nothing until there is a file `go` beside it."""

    def put(self, key: str, data: bytes) -> None:
        wait_for_go(self.root.parent)
        super().put(key, data)


def open_with_patient_cache(folder: Path) -> DocumentReader:
    """Open a reader whose cache is written when the test says so."""
    return DocumentReader(ScriptedEngine(folder, {}), cache=PageTextCache(PatientStorage(folder / "cache")))


def texts(text: DocumentText) -> list[str]:
    """Keep the pages' texts, and the failures' pages and reasons."""
    read = [(page.page, page.text) for page in text.pages]
    failed = [(failure.page, failure.reason.value) for failure in text.failures]
    return [words for _, words in sorted(read + failed)]


def texts_or(folder: Path, script: dict[int, str], text: DocumentText) -> list[str]:
    """Keep the texts, unless the script for the last step says otherwise."""
    do(script.get(count_call(folder / "finishes"), ""), folder)
    return texts(text)


def environment(_: DocumentText) -> dict[str, object]:
    """Tell how the process was set up."""
    import resource

    import cv2

    return {
        "omp": os.environ["OMP_THREAD_LIMIT"],
        "cv2": cv2.getNumThreads(),
        "memory": resource.getrlimit(resource.RLIMIT_AS)[0],
        "leads its group": os.getpgid(0) == os.getpid(),
    }


def do(deed: str, folder: Path) -> None:
    """Do one deed; the folder is the script's."""
    if deed == "wait":
        wait_for_go(folder)
    elif deed:
        _DEEDS[deed]()


def wait_for_go(folder: Path) -> None:
    """Wait until the test has made a file `go`."""
    while not (folder / "go").exists():
        time.sleep(0.01)


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _hang() -> None:
    # Not woken by a signal other than SIGKILL, as a loop in C would not be.
    signal.pthread_sigmask(signal.SIG_BLOCK, set(signal.Signals) - {signal.SIGKILL, signal.SIGSTOP})
    time.sleep(600)


def _break() -> None:
    raise EngineFailure("The engine broke.")


def _miss() -> None:
    raise EngineFailure("The engine is gone.", code=ENGINE_MISSING, hint="Bring it back.")


def _lose_storage() -> None:
    raise StorageError("The storage is gone.", code="storage-failed", hint="Bring it back.")


def _stumble() -> None:
    raise ZeroDivisionError("a secret of the document")


def _grow() -> None:
    np.empty(8_000_000_000, np.uint8)


_DEEDS = {
    "die": _die,
    "hang": _hang,
    "break": _break,
    "miss": _miss,
    "lose storage": _lose_storage,
    "stumble": _stumble,
    "grow": _grow,
}


def count_call(path: Path) -> int:
    """Return the number of this call, among those of all processes."""
    with path.open("a") as file:
        file.write(".")
        file.flush()
        return file.tell()
