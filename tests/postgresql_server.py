"""A PostgreSQL server of Debian's packages, in a temporary folder."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from itertools import count
from pathlib import Path

import psycopg

from pigeonhole_frontends.laptop.ports import any_free_port

_USER = "pigeonhole"
_SECONDS = 60
_DEBIAN = Path("/usr/lib/postgresql")


def find_programs() -> Path | None:
    """Return the folder of the newest server's programs, None when no server is installed."""
    return max(_DEBIAN.glob("*/bin"), key=lambda path: int(path.parent.name), default=None)


class PostgresqlServer:
    """Runs until `close`; may be killed and started again meanwhile, on the same data and port."""

    def __init__(self) -> None:
        self._programs = find_programs()
        assert self._programs, "PostgreSQL is missing: scripts/bootstrap test installs it"
        self._folder = Path(tempfile.mkdtemp(prefix="pigeonhole-postgresql-"))
        self._port = any_free_port()
        self._names = (f"platform_{number}" for number in count(1))
        # The server refuses to be root's.
        self._account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        if self._account:
            shutil.chown(self._folder, "nobody", "nogroup")
        self._log = (self._folder / "log").open("ab")
        arguments = ["--username", _USER, "--auth", "trust", "--encoding", "UTF8", "--no-locale", "--no-sync"]
        self._run("initdb", "--pgdata", str(self._data), *arguments).check_returncode()
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        where = ["-D", str(self._data), "-h", "127.0.0.1", "-p", str(self._port)]
        options = ["-c", "unix_socket_directories=", "-c", "max_connections=300"]
        self._process = subprocess.Popen(
            [self._program("postgres"), *where, *options], cwd="/", stdout=self._log, stderr=self._log, **self._account
        )
        deadline = time.monotonic() + _SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < deadline, self.log()
            time.sleep(0.05)

    def restart(self) -> None:
        """End every connection at once, as an upgrade of the server does, and start again."""
        self.stop()
        self.start()

    def stop(self) -> None:
        """End every connection at once, and answer no more."""
        self._end(signal.SIGINT)

    def new_database(self) -> str:
        """Make an empty database and return its URL."""
        name = next(self._names)
        with psycopg.connect(self._address("postgres"), autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return self._address(name)

    def log(self) -> str:
        """Return the end of the server's log."""
        return (self._folder / "log").read_text()[-3000:]

    def close(self) -> None:
        """End the server and remove its data."""
        if self._process.poll() is None:
            self._end(signal.SIGQUIT)
        self._log.close()
        shutil.rmtree(self._folder)

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _address(self, database: str) -> str:
        return f"postgresql://{_USER}@127.0.0.1:{self._port}/{database}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._address("postgres"), connect_timeout=5).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, number: signal.Signals) -> None:
        self._process.send_signal(number)
        self._process.wait(_SECONDS)

    def _program(self, name: str) -> str:
        return str(self._programs / name)

    def _run(self, name: str, *arguments: str) -> subprocess.CompletedProcess[bytes]:
        return subprocess.run(
            [self._program(name), *arguments], cwd="/", stdout=self._log, stderr=self._log, check=False, **self._account
        )
