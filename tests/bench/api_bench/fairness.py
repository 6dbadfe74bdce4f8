"""A job of one file beside a large one, and what a sender gains by cutting work into many jobs."""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sqlalchemy import func, select

from api_bench.calling import Caller, WrongAnswer, calling
from api_bench.files import FileMaker
from api_bench.installation import Installation, Tenant
from api_bench.results import Shares, Wait
from api_bench.uploading import declare, describe_files, upload
from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import documents, jobs
from pigeonhole_api.models import FINAL_JOB_STATES
from serving_bench.servers import Running, running

_CONNECTIONS = 8
_POLL_SECONDS = 0.02
_LONGEST_SECONDS = 600.0


def measure_waits(installation: Installation, maker: FileMaker, *, large: int, waits: int, logs: Path) -> list[Wait]:
    """Send jobs of one file, one after another, while two workers are at a large job of another tenant.

    Raises:
        WrongAnswer: The API refuses something, or the large job ended before it was all measured.
        ServerFailed: A process does not start.
    """
    sender, other = installation.tenants
    installation.admit()
    with running(installation.api(most_queued=2 * large), logs) as api:
        job_id = send(api, sender, maker, "large", range(large))
        with working(installation, logs), calling(api, sender) as caller:
            wait_until(lambda: _count(caller, job_id, "classified") > 0)
            measured = [_wait_of(api, other, maker, large + number) for number in range(waits)]
            if _count(caller, job_id, "queued") == 0:
                raise WrongAnswer("The large job had ended before the last small one; send more files.")
    return measured


def measure_shares(
    installation: Installation, maker: FileMaker, *, pieces: int, large: int, small: int, logs: Path
) -> Shares:
    """Queue a tenant's documents in so many jobs and another's in one, and let workers begin.

    Raises:
        WrongAnswer: The API refuses something.
        ServerFailed: A process does not start.
    """
    sender, other = installation.tenants
    installation.admit()
    with running(installation.api(most_queued=2 * (large + small)), logs) as api:
        sent = [send(api, sender, maker, f"large-{part}", range(part, large, pieces)) for part in range(pieces)]
        job_id = send(api, other, maker, "small", range(large, large + small))
        with working(installation, logs), calling(api, other) as watcher:
            wait_until(lambda: watcher.get(f"/v1/jobs/{job_id}")["state"] in FINAL_JOB_STATES)
    return Shares(pieces, _done_before(installation.database_url, sent, job_id), small)


def send(api: Running, tenant: Tenant, maker: FileMaker, reference: str, numbers: Sequence[int]) -> str:
    """Send files as a tenant's job and return its id.

    Raises:
        WrongAnswer: The API refuses something.
    """
    files = describe_files(reference, numbers, maker.content)
    job_id = declare(api, tenant, files).job_id
    upload(api, tenant, job_id, files, connections=min(_CONNECTIONS, len(numbers)))
    return job_id


@contextmanager
def working(installation: Installation, logs: Path) -> Iterator[None]:
    """Let the two workers work while the body runs."""
    with ExitStack() as stack:
        for worker in installation.workers():
            stack.enter_context(running(worker, logs))
        yield


def wait_until(is_true: Callable[[], bool]) -> None:
    """Look again and again until it is so.

    Raises:
        WrongAnswer: It is not in ten minutes.
    """
    deadline = time.monotonic() + _LONGEST_SECONDS
    while not is_true():
        if time.monotonic() > deadline:
            raise WrongAnswer(f"The documents were not done in {_LONGEST_SECONDS:.0f} s.")
        time.sleep(_POLL_SECONDS)


def _wait_of(api: Running, tenant: Tenant, maker: FileMaker, number: int) -> Wait:
    """Send one file, and wait until a worker has taken it, and until it has its answer."""
    started = time.perf_counter()
    job_id = send(api, tenant, maker, f"small-{number}", [number])
    with calling(api, tenant) as caller:
        wait_until(lambda: _count(caller, job_id, "queued") == 0)
        taken = time.perf_counter() - started
        wait_until(lambda: _count(caller, job_id, "classified") == 1)
    return Wait(taken, time.perf_counter() - started)


def _done_before(url: str, job_ids: Sequence[str], other: str) -> int:
    """Return how many documents of jobs were done before another job had ended, by the database's clock."""
    database = Database(url)
    ended = select(jobs.c.finished_at).where(jobs.c.id == other).scalar_subquery()
    before = (documents.c.job_id.in_(job_ids), documents.c.finished_at <= ended)
    try:
        with database.read() as connection:
            return int(connection.execute(select(func.count()).where(*before)).scalar_one())
    finally:
        database.close()


def _count(caller: Caller, job_id: str, state: str) -> int:
    return int(caller.get(f"/v1/jobs/{job_id}")["counts"][state])
