"""A job's events as they come, over connections that are taken up again where they broke off."""

import time
from collections.abc import Iterator, Mapping
from urllib.parse import quote

import httpx
from httpx_sse import ServerSentEvent
from pydantic import ValidationError

from pigeonhole_api.client.errors import ApiError, unreachable
from pigeonhole_api.client.transport import Transport
from pigeonhole_api.models import DocumentEvent, Job

JobEvent = Job | DocumentEvent
"""The job with its counts, at every change of them, or one of its documents that has ended."""

_TRIES = 5
_PAUSE_SECONDS = 1.0
_EVENTS: Mapping[str, type[Job] | type[DocumentEvent]] = {"progress": Job, "done": Job, "document": DocumentEvent}


def watch_job(transport: Transport, job_id: str) -> Iterator[JobEvent]:
    """Yield a job's events until it has ended; each document once.

    Raises:
        ApiError: The API refused, `unexpected-answer`, or `api-unreachable` after several tries in a row.
    """
    path, last_id, told, failures = f"/v1/jobs/{quote(job_id, safe='')}/events", "", set[str](), 0
    while True:
        try:
            with transport.events(path, last_id) as events:
                for event in events:
                    failures = 0
                    last_id = event.id or last_id
                    found = _read(event)
                    if isinstance(found, DocumentEvent):
                        if found.document_id in told:
                            continue
                        told.add(found.document_id)
                    if found is not None:
                        yield found
                    if event.event == "done":
                        return
        except httpx.TransportError as error:
            failures += 1
            if failures == _TRIES:
                raise unreachable(transport.base_url) from error
        # The server ends a stream when it stops, and when the sign-in does, which the next call is told.
        time.sleep(_PAUSE_SECONDS)


def _read(event: ServerSentEvent) -> JobEvent | None:
    """Return what an event tells; None for one of a kind that this client does not know."""
    model = _EVENTS.get(event.event)
    try:
        return None if model is None else model.model_validate_json(event.data)
    except ValidationError as error:
        raise ApiError("An event is not what this client understands.", code="unexpected-answer") from error
