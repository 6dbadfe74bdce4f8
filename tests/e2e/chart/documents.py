"""Scans to upload, and what became of them."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from pigeonhole.synthetic import FormatMix, GenerationSettings, generate_documents
from pigeonhole_api.client import PlatformClient

_SCANS = FormatMix(pdf=0, image_pdf=0.2, jpeg=0.5, png=0.1, tiff=0.2)


def scans(count: int, seed: int) -> tuple[list[tuple[str, bytes]], dict[str, str]]:
    """Return scanned documents by name, and the class that each of them is of."""
    classes = 7
    settings = GenerationSettings(count=-(-count // classes), difficulty=0.2, seed=seed, formats=_SCANS, workers=2)
    made = list(generate_documents(settings))[:count]
    files = [(Path(document.path).name, data) for document, data in made]
    return files, {Path(document.path).name: document.class_name for document, _ in made}


def classes_of(client: PlatformClient, job_id: str) -> dict[str, str | None]:
    """Return the class that each document of a job was given, by name."""
    return {
        document.name: document.prediction.class_name if document.prediction else None
        for document in client.all_documents(job_id)
    }


def states_of(client: PlatformClient, job_ids: Sequence[str]) -> Counter[str]:
    """Return how many documents of some jobs are in which state."""
    return Counter(document.state for job_id in job_ids for document in client.all_documents(job_id))
