"""The stages of the bench: which processes, databases and documents each takes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.postgresql_server import PostgresqlServer, find_programs

from api_bench.drains import Rival, drain_ours, drain_rival, store_trivial
from api_bench.fairness import measure_shares, measure_waits
from api_bench.files import open_file_maker
from api_bench.installation import Installation, sqlite_url, transformer_stub
from api_bench.memory import peak_megabytes
from api_bench.queues import measure_claims
from api_bench.results import POSTGRESQL, PROCRASTINATE, SQLITE, Claims, Drain, Fairness, Intake
from api_bench.settings import ApiBenchSettings
from api_bench.uploading import check_stored, declare, describe_files, upload
from progress import say
from serving_bench.memory import sampling
from serving_bench.servers import running

NO_POSTGRESQL = "PostgreSQL is not installed"
SPLITS = (1, 100)
# As quick as a first look at a page: quick enough to wait for, and slow enough that a large job lasts.
_PAUSE_SECONDS = 0.05
_SMALL_KILOBYTES = 10
_HANDS = 2


@dataclass(frozen=True)
class Places:
    """Where things lie: a folder for what the bench makes, one for logs, the PostgreSQL server, the rival's Python."""

    folder: Path
    logs: Path
    postgresql: PostgresqlServer | None
    rival: Path

    def left_out(self) -> dict[str, str]:
        """Return what cannot be measured, with the reasons."""
        missing = {POSTGRESQL: NO_POSTGRESQL, PROCRASTINATE: NO_POSTGRESQL} if self.postgresql is None else {}
        return missing if self.rival.exists() else {PROCRASTINATE: "it could not be installed", **missing}

    def database_urls(self, name: str) -> dict[str, str]:
        """Return an empty database of each kind that there is."""
        on_file = {SQLITE: sqlite_url(self.folder / name)}
        return on_file if self.postgresql is None else {**on_file, POSTGRESQL: self.postgresql.new_database()}


@contextmanager
def opened_places(settings: ApiBenchSettings, rival: Path) -> Iterator[Places]:
    """Start PostgreSQL if it is installed, and make a folder that is removed in the end."""
    server = PostgresqlServer() if find_programs() else None
    try:
        with TemporaryDirectory(prefix="api-", dir=settings.output) as folder:
            yield Places(Path(folder), settings.output, server, rival)
    finally:
        if server is not None:
            server.close()


def measure_intake(settings: ApiBenchSettings, places: Places) -> Intake:
    """Upload a large job to an API of its own, check all of it, and declare more jobs.

    Raises:
        WrongAnswer: The API refuses a file, or does not keep it, or does not show the job.
        ServerFailed: The API does not start.
    """
    home = places.folder / "intake"
    installation = Installation(home, sqlite_url(home), "", settings.concurrency)
    tenant, _ = installation.tenants
    files = describe_files("bench-0", range(settings.files), open_file_maker(settings.file_kilobytes).content)
    with running(installation.api(most_queued=settings.files * (settings.submissions + 1)), places.logs) as api:
        first = declare(api, tenant, files)
        with sampling(api.pid) as memory:
            uploaded = upload(api, tenant, first.job_id, files, connections=settings.connections)
        peak = peak_megabytes(api.pid)
        check_stored(api, tenant, first.job_id, files, installation.store)
        later = [replace(files, reference=f"bench-{number}") for number in range(1, settings.submissions)]
        declared = [first, *(declare(api, tenant, each) for each in later)]
    return Intake(uploaded, len(files.declared), [each.milliseconds for each in declared], peak, memory)


def measure_all_claims(settings: ApiBenchSettings, places: Places) -> Mapping[str, Claims]:
    """Claim from a long queue on each database."""
    return {
        name: measure_claims(url, queued=settings.queued, claims=settings.claims)
        for name, url in places.database_urls("claims").items()
    }


def measure_drains(settings: ApiBenchSettings, places: Places) -> Iterator[Drain]:
    """Drain each queue in turn, round by round, each time from an empty database; the documents are the same.

    Raises:
        DrainFailed: A queue is not emptied as it must be.
        ServerFailed: A worker does not start.
    """
    home = places.folder / "drains"
    with running(transformer_stub("transformer"), places.logs) as stub:
        installation = Installation(home, "", stub.url, settings.concurrency)
        hashes = store_trivial(installation.store, settings.drained)
        predict_url = f"{stub.url}/v1/models/documents:predict"
        for number in range(settings.drain_rounds):
            for name, url in places.database_urls(f"drain-{number}").items():
                yield _said(drain_ours(name, replace(installation, database_url=url), hashes, places.logs))
            if places.postgresql is not None and PROCRASTINATE not in places.left_out():
                url = places.postgresql.new_database()
                contents = home / "storage" / "documents"
                rival = Rival(places.rival, url, contents.absolute(), predict_url, settings.concurrency)
                yield _said(drain_rival(rival, hashes, places.logs))


def measure_fairness(settings: ApiBenchSettings, places: Places) -> Fairness:
    """Send small jobs beside a large one of another tenant, and the same work in one job and in many.

    Raises:
        WrongAnswer: The API refuses something.
        ServerFailed: A process does not start.
    """
    maker = open_file_maker(_SMALL_KILOBYTES)
    with running(transformer_stub("transformer", pause_seconds=_PAUSE_SECONDS), places.logs) as stub:

        def installation(name: str) -> Installation:
            home = places.folder / name
            return Installation(home, sqlite_url(home), stub.url, _HANDS)

        waits = measure_waits(
            installation("waits"), maker, large=settings.files, waits=settings.waits, logs=places.logs
        )
        shares = [
            measure_shares(
                installation(f"shares-{jobs}"),
                maker,
                pieces=jobs,
                large=settings.shared,
                small=settings.shared // 10,
                logs=places.logs,
            )
            for jobs in SPLITS
        ]
    return Fairness(settings.files, waits, shares)


def _said(drain: Drain) -> Drain:
    say(f"  {drain.queue}: {drain.per_second:.0f} documents a second")
    return drain
