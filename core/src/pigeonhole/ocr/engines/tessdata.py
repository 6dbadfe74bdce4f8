"""Where tesseract's language data lies: tesserocr brings the library alone."""

import hashlib
import os
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pigeonhole.ocr.engine import ENGINE_MISSING, INSTALL_HINT, EngineFailure

_FOLDERS = (
    "/usr/share/tesseract-ocr/*/tessdata",
    "/usr/share/tessdata",
    "/usr/local/share/tessdata",
    "/opt/homebrew/share/tessdata",
)


@cache
def find_tessdata() -> str:
    """Return the folder of language data: that of `TESSDATA_PREFIX`, else where the systems' packages put it.

    Raises:
        EngineFailure: There is none.
    """
    for folder in _candidates():
        if next(folder.glob("*.traineddata"), None):
            return str(folder)
    raise EngineFailure("tesseract's language data is not installed.", code=ENGINE_MISSING, hint=INSTALL_HINT)


@cache
def tessdata_digest(languages: str) -> str:
    """Return a digest of the data of languages joined by +: releases of it read differently.

    Raises:
        EngineFailure: There is no language data.
    """
    digest = hashlib.sha256()
    for language in languages.split("+"):
        file = Path(find_tessdata()) / f"{language}.traineddata"
        digest.update(file.read_bytes() if file.is_file() else b"missing")
    return digest.hexdigest()[:12]


def _candidates() -> Iterator[Path]:
    if prefix := os.environ.get("TESSDATA_PREFIX"):
        yield Path(prefix)
        yield Path(prefix) / "tessdata"
    for pattern in _FOLDERS:
        # The newest version first.
        yield from sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True)
