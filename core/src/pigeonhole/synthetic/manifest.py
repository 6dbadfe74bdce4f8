"""The manifest of a corpus: which generator made it from which settings, and what each document is."""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

from pigeonhole.synthetic.settings import GENERATOR_VERSION, GenerationError, GenerationSettings

MANIFEST_NAME = ".corpus.jsonl"
LIBRARIES = ("reportlab", "pypdfium2", "opencv-python-headless", "numpy", "pillow")
"""Libraries whose versions decide over the bytes."""


@dataclass(frozen=True)
class GeneratedDocument:
    """One document of a corpus; `path` is relative to the corpus, `group` must not be split, `medium` is its form."""

    path: str
    class_name: str
    template: str
    person: str
    group: str
    language: str
    medium: str
    pages: int
    size: int
    sha256: str
    seed: int
    generator: str = GENERATOR_VERSION
    synthetic: bool = True


def header_line(settings: GenerationSettings) -> str:
    """The first line: the generator, its settings, and the libraries and typefaces that decide over the bytes."""
    # Reading a corpus must not load reportlab; only writing one needs its typefaces.
    from pigeonhole.synthetic.drawing.typefaces import available_typefaces

    values = asdict(settings)
    del values["workers"]
    header = {
        "generator": "pigeonhole.synthetic",
        "version": GENERATOR_VERSION,
        "synthetic": True,
        "settings": values,
        "libraries": {name: version(name) for name in LIBRARIES},
        "typefaces": [face.name for face in available_typefaces(settings.fonts)],
    }
    return json.dumps(header, ensure_ascii=False) + "\n"


def document_line(document: GeneratedDocument) -> str:
    """The line of one document."""
    return json.dumps(asdict(document), ensure_ascii=False) + "\n"


def read_documents(directory: Path) -> list[GeneratedDocument]:
    """The documents of a generated corpus, empty when the folder is no generated corpus.

    Raises:
        GenerationError: The manifest is damaged.
    """
    try:
        lines = (directory / MANIFEST_NAME).read_text(encoding="utf-8").splitlines()
    except (FileNotFoundError, NotADirectoryError):
        return []
    return [GeneratedDocument(**values) for values in _parsed(lines[1:])]


def read_groups(directory: Path) -> dict[str, str]:
    """The group of each document by its sha256, empty when the folder is no generated corpus.

    Raises:
        GenerationError: The manifest is damaged.
    """
    return {document.sha256: document.group for document in read_documents(directory)}


def _parsed(lines: list[str]) -> Iterator[dict[str, Any]]:
    known = set(GeneratedDocument.__dataclass_fields__)
    for number, line in enumerate(lines, start=2):
        try:
            values = json.loads(line)
        except json.JSONDecodeError as error:
            raise GenerationError(
                f"{MANIFEST_NAME}: line {number} is damaged; remove the corpus and make it again."
            ) from error
        if not isinstance(values, dict) or set(values) != known:
            raise GenerationError(
                f"{MANIFEST_NAME}: line {number} describes no document; remove the corpus and make it again."
            )
        yield values
