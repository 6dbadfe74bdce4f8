"""A queue of trivial documents, emptied by two workers: ours on either database, and Procrastinate's."""

import subprocess
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import psycopg
from sqlalchemy import func, select

from api_bench.installation import WORKERS, Installation
from api_bench.queues import submit
from api_bench.results import PROCRASTINATE, Drain
from pigeonhole.datasets import DatasetStore
from pigeonhole.errors import PigeonholeError
from pigeonhole_api.database import Database, migrate
from pigeonhole_api.database.tables import documents, jobs, predictions
from pigeonhole_api.models import FINAL_JOB_STATES
from pigeonhole_frontends.laptop.ports import any_free_port
from serving_bench.servers import Program, running

_POLL_SECONDS = 0.1
_LONGEST_SECONDS = 600.0
_SCRIPT = Path(__file__).parent / "rivals" / "procrastinate_queue.py"
_STATES = "SELECT count(*), count(*) FILTER (WHERE status = 'succeeded') FROM procrastinate_jobs"
_TIMES = """
    SELECT extract(epoch FROM max(at) FILTER (WHERE type = 'succeeded') - min(at) FILTER (WHERE type = 'deferred'))
    FROM procrastinate_events
"""


class DrainFailed(PigeonholeError):
    """A queue was not emptied as it must be."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="bench-drain")


@dataclass(frozen=True)
class Rival:
    """Procrastinate: its environment's Python, an empty database, the documents' folder, and where the stub answers."""

    python: Path
    database_url: str
    documents: Path
    predict_url: str
    concurrency: int

    def run(self, command: str, lines: str = "") -> None:
        """Run one of the script's commands to its end.

        Raises:
            DrainFailed: It fails.
        """
        ended = subprocess.run(self._command(command), input=lines, text=True, capture_output=True, check=False)
        if ended.returncode != 0:
            raise DrainFailed(f"procrastinate: {(ended.stderr.strip().splitlines() or ['it failed'])[-1]}")

    def workers(self) -> list[Program]:
        """Return the workers as processes."""
        return [self._worker(number, any_free_port()) for number in range(WORKERS)]

    def _worker(self, number: int, port: int) -> Program:
        options = ["--documents", str(self.documents), "--transformer", self.predict_url]
        numbers = ["--concurrency", str(self.concurrency), "--port", str(port)]
        return Program(f"procrastinate-{number + 1}", [*self._command("work"), *options, *numbers], port, "/", {})

    def _command(self, command: str) -> list[str]:
        return [str(self.python.absolute()), str(_SCRIPT), "--database", self.database_url, command]


def store_trivial(store: DatasetStore, count: int) -> list[str]:
    """Keep documents of a few bytes, which all differ, and return their hashes."""
    with ThreadPoolExecutor(8) as threads:
        return list(threads.map(store.put_document, (f"document {number}".encode() for number in range(count))))


def drain_ours(queue: str, installation: Installation, hashes: Sequence[str], logs: Path) -> Drain:
    """Queue documents for workers that are up, and time them by the database's clock.

    Raises:
        DrainFailed: A document has no result, or two, or the queue is not empty in ten minutes.
        ServerFailed: A worker does not start.
    """
    database = Database(installation.database_url)
    try:
        migrate(database)
        with ExitStack() as stack:
            for worker in installation.workers():
                stack.enter_context(running(worker, logs))
            job_id = submit(database, queue, hashes)
            _wait_for(lambda: _has_ended(database, job_id), queue)
        return Drain(queue, len(hashes), _seconds_of(database, job_id, len(hashes)))
    finally:
        database.close()


def drain_rival(rival: Rival, hashes: Sequence[str], logs: Path) -> Drain:
    """Do the same with Procrastinate, which keeps no results.

    Raises:
        DrainFailed: A task fails, or the queue is not empty in ten minutes.
        ServerFailed: A worker does not start.
    """
    rival.run("prepare")
    with ExitStack() as stack:
        for worker in rival.workers():
            stack.enter_context(running(worker, logs))
        rival.run("submit", "\n".join(hashes))
        with psycopg.connect(rival.database_url, autocommit=True) as connection:
            _wait_for(lambda: connection.execute(_STATES).fetchone() == (len(hashes), len(hashes)), PROCRASTINATE)
            (seconds,) = connection.execute(_TIMES).fetchone() or (0,)
    return Drain(PROCRASTINATE, len(hashes), float(seconds))


def _has_ended(database: Database, job_id: str) -> bool:
    with database.read() as connection:
        state = connection.execute(select(jobs.c.state).where(jobs.c.id == job_id)).scalar_one()
    return state in FINAL_JOB_STATES


def _seconds_of(database: Database, job_id: str, count: int) -> float:
    """Return the seconds from a job's submission to its last result; each document must have one."""
    classified = (documents.c.job_id == job_id, documents.c.state == "classified")
    with database.read() as connection:
        created = connection.execute(select(jobs.c.created_at).where(jobs.c.id == job_id)).scalar_one()
        last, done = connection.execute(
            select(func.max(documents.c.finished_at), func.count()).where(*classified)
        ).one()
        results = connection.execute(select(func.count()).select_from(predictions)).scalar_one()
    if done != count or results != count:
        raise DrainFailed(f"{done} of {count} documents were classified, with {results} results.")
    return float(last - created)


def _wait_for(is_done: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not is_done():
        if time.monotonic() > deadline:
            raise DrainFailed(f"{what}: the queue was not empty in {_LONGEST_SECONDS:.0f} s.")
        time.sleep(_POLL_SECONDS)
