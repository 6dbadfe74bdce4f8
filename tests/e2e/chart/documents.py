"""Scans to upload, and what became of them."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from pigeonhole.synthetic import FormatMix, GenerationSettings, generate_documents
from pigeonhole_api.client import PlatformClient

_DIGITAL = FormatMix(pdf=1, image_pdf=0, jpeg=0, png=0, tiff=0)
_SCANS = FormatMix(pdf=0, image_pdf=0.2, jpeg=0.5, png=0.1, tiff=0.2)


def scans(count: int, seed: int) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """Return scanned documents by name, and the class that each of them is of."""
    classes = 7
    settings = GenerationSettings(count=-(-count // classes), difficulty=0.2, seed=seed, formats=_SCANS, workers=2)
    made = list(generate_documents(settings))[:count]
    files = [(Path(document.path).name, data) for document, data in made]
    return files, {Path(document.path).name: document.class_name for document, _ in made}


def digital_documents(count: int, seed: int) -> list[tuple[str, bytes]]:
    """Return PDFs whose text need not be read, by name."""
    settings = GenerationSettings(count=-(-count // 7), difficulty=0.2, seed=seed, formats=_DIGITAL)
    return [(Path(document.path).name, data) for document, data in generate_documents(settings)][:count]


def classes_of(client: PlatformClient, job_id: str) -> dict[str, str | None]:
    """Return the class that each document of a job was given, by name."""
    return {
        document.name: document.prediction.class_name if document.prediction else None
        for document in client.all_documents(job_id)
    }


def states_of(client: PlatformClient, job_ids: Iterable[str]) -> Counter[str]:
    """Return how many documents of some jobs are in which state."""
    return Counter(document.state for job_id in job_ids for document in client.all_documents(job_id))
