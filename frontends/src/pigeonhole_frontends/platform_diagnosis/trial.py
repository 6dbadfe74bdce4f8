"""One small document on its way through a platform, and the removal of its job."""

import time
from collections.abc import Iterator
from uuid import uuid4

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import Document
from pigeonhole_frontends.finding import Finding
from pigeonhole_frontends.platform_diagnosis.trial_document import trial_document

_WHAT = "a document"
_NAME = "doctor.pdf"
_TO_LOOK = "Look at the worker and the model servers, and at their logs; on a cluster: pigeonhole doctor --cluster."
_WHO_MAY = "Use the token of somebody with the role user."


def sort_a_document(client: PlatformClient, seconds: float) -> Iterator[Finding]:
    """Have a document sorted within some seconds, and yield its class and whether its job could be deleted."""
    reference = f"pigeonhole-doctor-{uuid4().hex}"
    yield _sorted(client, reference, seconds)
    yield from _deleted(client, reference)


def _sorted(client: PlatformClient, reference: str, seconds: float) -> Finding:
    started = time.monotonic()
    try:
        job = client.submit_job(reference, [(_NAME, trial_document(reference[-12:]))])
        client.wait(job.id, timeout=seconds)
        (document,) = client.all_documents(job.id)
    except ApiError as error:
        if error.code == "wait-timeout":
            return Finding(_WHAT, False, f"uploaded, and not sorted after {seconds:g} s", _TO_LOOK)
        return Finding(_WHAT, False, error.message, error.hint or (_WHO_MAY if error.status == 403 else _TO_LOOK))
    return _told(document, time.monotonic() - started)


def _told(document: Document, seconds: float) -> Finding:
    if document.prediction is None:
        why = document.error.detail if document.error else f"its state is {document.state}"
        return Finding(_WHAT, False, f"not sorted: {why}", _TO_LOOK)
    name = document.prediction.class_name or "no class"
    return Finding(_WHAT, True, f"sorted as {name} by version {document.prediction.model.version} in {seconds:.1f} s")


def _deleted(client: PlatformClient, reference: str) -> Iterator[Finding]:
    try:
        job = client.job_by_reference(reference)
        if job is not None:
            client.delete(job.id)
    except ApiError as error:
        fix = f"Delete the job {reference} in the user app or by the API."
        yield Finding("removal", False, f"its job could not be deleted: {error.message}", fix)
