"""The platform's own processes, its tenants, and the transformer that stands in for the real one."""

import sys
from dataclasses import dataclass, field
from pathlib import Path

from pigeonhole.datasets import DatasetStore
from pigeonhole.storage import open_storage
from pigeonhole_api.auth.api_keys import ApiKey, new_api_key
from pigeonhole_api.auth.callers import HOME_TENANT, Caller, Role
from pigeonhole_api.database import Database, migrate
from pigeonhole_api.models import ApiKeyRequest
from pigeonhole_api.records.api_keys import insert_api_key
from pigeonhole_frontends.laptop.ports import any_free_port
from serving_bench.servers import Program

WORKERS = 2
_TOKEN = "a-token-for-the-bench-alone"
_OTHER = "other"


@dataclass(frozen=True)
class Tenant:
    """Someone who sends documents; the platform knows by the token whose they are."""

    name: str
    token: str


@dataclass(frozen=True)
class Installation:
    """A folder with a storage, a database, and the settings that differ from the defaults."""

    home: Path
    database_url: str
    transformer_url: str
    concurrency: int
    other_key: ApiKey = field(default_factory=new_api_key)

    @property
    def store(self) -> DatasetStore:
        """The documents' contents."""
        return DatasetStore(open_storage(str(self.home / "storage")))

    @property
    def tenants(self) -> tuple[Tenant, Tenant]:
        """One who sends a great deal, the installation's own, and another one who sends little."""
        return Tenant(HOME_TENANT, _TOKEN), Tenant(_OTHER, str(self.other_key))

    def admit(self) -> None:
        """Give the other tenant its key; no API can do so, since a key is of its maker's tenant."""
        database = Database(self.database_url)
        try:
            migrate(database)
            with database.write() as connection:
                wanted = ApiKeyRequest(name="bench", roles=[Role.USER])
                insert_api_key(connection, self.other_key, wanted, Caller("bench", tenant=_OTHER))
        finally:
            database.close()

    def api(self, *, most_queued: int) -> Program:
        """Return the API as a process that takes so many documents, as quickly as they come."""
        port = any_free_port()
        command = [sys.executable, "-m", "pigeonhole_api.serve", "--port", str(port)]
        settings = {
            **self._environment,
            "PIGEONHOLE_API_TOKEN": _TOKEN,
            "PIGEONHOLE_API_MAX_QUEUED_DOCUMENTS": str(most_queued),
            "PIGEONHOLE_API_CALLS_PER_SECOND": "0",
        }
        return Program("api", command, port, "/readyz", settings)

    def workers(self) -> list[Program]:
        """Return the two workers as processes; their metrics tell when they are up."""
        return [self._worker(number, any_free_port()) for number in range(WORKERS)]

    def _worker(self, number: int, port: int) -> Program:
        settings = {
            **self._environment,
            "PIGEONHOLE_API_TRANSFORMER_URL": self.transformer_url,
            "PIGEONHOLE_API_CONCURRENCY": str(self.concurrency),
            "PIGEONHOLE_API_METRICS_PORT": str(port),
        }
        command = [sys.executable, "-m", "pigeonhole_api.work"]
        return Program(f"worker-{number + 1}", command, port, "/metrics", settings)

    @property
    def _environment(self) -> dict[str, str]:
        return {"PIGEONHOLE_HOME": str(self.home.absolute()), "PIGEONHOLE_API_DATABASE_URL": self.database_url}


def transformer_stub(name: str, *, pause_seconds: float = 0.0) -> Program:
    """Return the stub as a process that answers after a pause."""
    port = any_free_port()
    command = [sys.executable, "-m", "api_bench.stub", "--port", str(port), "--pause-seconds", str(pause_seconds)]
    return Program(name, command, port, "/readyz", {})


def sqlite_url(folder: Path) -> str:
    """Return the address of a database in a folder."""
    return f"sqlite:///{folder.absolute() / 'platform.db'}"
