"""A job as it goes on: server-sent events, which a browser takes up again by itself where they broke off."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import APIRouter, Depends, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.database import now
from pigeonhole_api.metrics import WATCHERS
from pigeonhole_api.models import FINAL_JOB_STATES, Job
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.job_events import Ended, ended_since
from pigeonhole_api.records.jobs import check_job, get_job
from pigeonhole_api.refusals import JOB_REFUSALS, refuses

router = APIRouter(prefix="/v1/jobs", tags=["jobs"], dependencies=[Depends(allow(Role.USER))])
_log = get_logger(__name__)
_RETRY_MILLISECONDS = 2000


@dataclass
class Watch:
    """One reader of a job's events, and what it has been told."""

    platform: PlatformState
    caller: Caller
    job_id: str
    since: float
    told: set[tuple[str, int]] = field(default_factory=set)
    job: Job | None = None

    def look(self) -> tuple[Job, list[Ended]]:
        """Return the job as it is, and the ends that have not been told."""
        with self.platform.database.read() as connection:
            job = get_job(connection, self.caller.tenant, self.job_id)
            ended = ended_since(connection, self.job_id, self.since)
        return self.platform.shown(job, self.caller), [each for each in ended if each.key not in self.told]

    def events(self, job: Job, ended: list[Ended]) -> list[ServerSentEvent]:
        """Return what is to be told, and count it as told."""
        found = []
        for each in ended:
            self.told.add(each.key)
            self.since = max(self.since, each.at)
            found.append(ServerSentEvent(event="document", id=repr(each.at), data=each.event))
        if self.job is None or job.counts != self.job.counts or job.state != self.job.state:
            found.append(ServerSentEvent(event="progress", data=job, retry=_RETRY_MILLISECONDS))
        if job.state in FINAL_JOB_STATES:
            found.append(ServerSentEvent(event="done", data=job))
        self.job = job
        return found

    @property
    def may_go_on(self) -> bool:
        """Tell whether the sign-in is still good and the server does not end."""
        signed_in = self.caller.expires_at is None or time.time() < self.caller.expires_at
        return signed_in and not self.platform.stopping.is_set()


def watch(
    job_id: str,
    platform: PlatformDependency,
    caller: CallerDependency,
    last_event_id: Annotated[str | None, Header(max_length=40, description="The last event that was read.")] = None,
) -> Iterator[Watch]:
    """Yield a reader while the answer goes on.

    Raises:
        Refusal: 404 `job-missing`, 410 `job-deleted`, 422 `event-id-invalid`, 503 `too-many-watchers`.
    """
    with platform.database.read() as connection:
        check_job(connection, caller.tenant, job_id)
        since = now(connection) if last_event_id is None else _moment(last_event_id)
    if not platform.watchers.acquire(blocking=False):
        raise Refusal(
            "too-many-watchers",
            "Too many callers watch jobs at this time.",
            hint="Ask for the job from time to time instead.",
            headers={"Retry-After": "10"},
        )
    try:
        with WATCHERS.track_inprogress():
            yield Watch(platform, caller, job_id, since)
    finally:
        platform.watchers.release()


@router.get(
    "/{job_id}/events",
    summary="Watch a job",
    response_class=EventSourceResponse,
    responses=refuses(*JOB_REFUSALS, "event-id-invalid", "too-many-watchers"),
)
async def stream(reader: Annotated[Watch, Depends(watch)]) -> AsyncIterator[ServerSentEvent]:
    """Tell a job's `progress`, each `document` that ends, and at last `done`.

    With `Last-Event-ID` documents are told from that event on, else from now on; one may be told twice. The stream ends
    with `done`, when the sign-in ends, and when the server does: ask again with the last id.
    """
    try:
        while True:
            job, ended = await run_in_threadpool(reader.look)
            for event in reader.events(job, ended):
                yield event
            if job.state in FINAL_JOB_STATES or not reader.may_go_on:
                return
            await asyncio.sleep(reader.platform.settings.event_seconds)
    except Refusal:
        return  # the job was deleted
    except SQLAlchemyError:
        _log.exception("events_broke_off")


def _moment(event_id: str) -> float:
    try:
        moment = float(event_id)
    except ValueError:
        moment = math.nan
    if not math.isfinite(moment):
        raise Refusal("event-id-invalid", "Last-Event-ID: it is not the id of an event of a job.")
    return moment
