"""Documents that are put in the queue by the platform's own code, without a request for each."""

import statistics
import time
from collections.abc import Sequence

from api_bench.results import Claims
from pigeonhole.documents import document_sha256
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, migrate
from pigeonhole_api.intake.received import Received
from pigeonhole_api.records.leases import claim
from pigeonhole_api.records.submissions import Submission, insert_job

CLAIMED = 8
_LARGEST_JOB = 5000
_LEASE_SECONDS = 600.0
_CALLER = Caller("bench", "bench")


def submit(database: Database, reference: str, hashes: Sequence[str]) -> str:
    """Add a job whose documents have these contents, and return its id."""
    files = [
        Received(f"scan-{number:06d}.jpg", 64, sha256, True, "image/jpeg", 1) for number, sha256 in enumerate(hashes)
    ]
    submission = Submission(reference, document_sha256(reference.encode()))
    with database.write() as connection:
        return insert_job(connection, submission, files, _CALLER, most_queued=10**9)


def measure_claims(url: str, *, queued: int, claims: int) -> Claims:
    """Queue documents in jobs of 5,000, and claim eight at a time as a worker does."""
    database = Database(url)
    try:
        migrate(database)
        submitted = [_timed_submit(database, start, queued) for start in range(0, queued, _LARGEST_JOB)]
        return Claims(queued, [_timed_claim(database) for _ in range(claims)], statistics.median(submitted))
    finally:
        database.close()


def _timed_submit(database: Database, start: int, queued: int) -> float:
    hashes = [f"{number:064x}" for number in range(start, min(start + _LARGEST_JOB, queued))]
    started = time.perf_counter()
    submit(database, f"job-{start}", hashes)
    return 1000 * (time.perf_counter() - started) / len(hashes)


def _timed_claim(database: Database) -> float:
    started = time.perf_counter()
    with database.write() as connection:
        claim(connection, "bench", CLAIMED, seconds=_LEASE_SECONDS)
    return 1000 * (time.perf_counter() - started)
