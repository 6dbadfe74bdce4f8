"""The trials' PostgreSQL (k8s/demo/postgres): first start, passwords, databases, and being killed at any moment."""

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from pigeonhole_frontends.laptop.ports import any_free_port
from tests.postgresql_server import find_programs

pytestmark = pytest.mark.integration
SOURCE = Path(__file__).parents[2] / "k8s" / "demo" / "postgres"
PASSWORD = """it's "odd" $HOME \\ é"""
SECONDS = 60


class TrialPostgresql:
    """The entrypoint as the image's user would run it, in a folder that it may write to."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pigeonhole-trial-"))
        self._port = any_free_port()
        # The server refuses to be root's.
        self._account = {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}
        self.data = self._folder / "data"
        self.data.mkdir()
        shutil.copytree(SOURCE, self._folder / "image")
        if self._account:
            for path in (self._folder, self.data):
                shutil.chown(path, "nobody", "nogroup")

    def begin(self, **settings: str) -> subprocess.Popen[str]:
        programs = find_programs()
        assert programs, "PostgreSQL is missing: scripts/bootstrap test installs it"
        environment = {"PATH": f"{programs}:/usr/bin:/bin", "LC_ALL": "C.UTF-8", "DATA": str(self.data), **settings}
        where = ["-c", f"port={self._port}", "-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]
        return subprocess.Popen(
            [self._folder / "image" / "start", *where],
            cwd="/",
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            process_group=0,
            **self._account,
        )

    def start(self, **settings: str) -> subprocess.Popen[str]:
        """Begin, and wait until the server answers or refuses."""
        process = self.begin(**settings)
        deadline = time.monotonic() + SECONDS
        while not self._answers():
            assert process.poll() is None, process.communicate()[1][-2000:]
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)
        return process

    def kill(self, process: subprocess.Popen[str]) -> None:
        """End all at once, and wait until nobody has the data any more.

        The server's processes have sessions of their own: they end by themselves, a while after the first of them.
        """
        end(process, signal.SIGKILL)
        deadline = time.monotonic() + SECONDS
        while not self._is_free():
            assert time.monotonic() < deadline, "a part of the server still has the data"
            time.sleep(0.05)

    def connect(self, database: str, password: str, user: str = "owner") -> psycopg.Connection:
        return psycopg.connect(
            host="127.0.0.1", port=self._port, dbname=database, user=user, password=password, autocommit=True
        )

    def remove(self) -> None:
        shutil.rmtree(self._folder)

    def _is_free(self) -> bool:
        with (self.data / "lock").open("rb") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
        return True

    def _answers(self) -> bool:
        try:
            self.connect("postgres", "").close()
        except psycopg.OperationalError as error:
            return "password" in str(error)
        return True


def end(process: subprocess.Popen[str], number: signal.Signals) -> int:
    os.killpg(process.pid, number) if number is signal.SIGKILL else process.send_signal(number)
    assert process.stderr is not None
    process.stderr.close()
    return process.wait(SECONDS)


@pytest.fixture
def trial() -> Iterator[TrialPostgresql]:
    made = TrialPostgresql()
    yield made
    made.remove()


def settings(password: str = PASSWORD, databases: str = "pigeonhole mlflow") -> dict[str, str]:
    return {"POSTGRES_USER": "owner", "POSTGRES_PASSWORD": password, "POSTGRES_DATABASES": databases}


def test_rows_outlive_a_kill_while_a_client_is_there_and_sigint_ends_it_at_once(trial: TrialPostgresql) -> None:
    process = trial.start(**settings())
    with trial.connect("pigeonhole", PASSWORD) as connection:
        connection.execute("CREATE TABLE kept (number int)")
        connection.execute("INSERT INTO kept VALUES (7)")
        trial.kill(process)
    again = trial.start(**settings())
    with trial.connect("pigeonhole", PASSWORD) as connection:
        assert connection.execute("SELECT number FROM kept").fetchall() == [(7,)]
        assert end(again, signal.SIGINT) == 0


def test_only_the_password_opens_it_and_a_new_one_takes_effect_at_a_start(trial: TrialPostgresql) -> None:
    process = trial.start(**settings())
    for wrong in ("", "odd"):
        with pytest.raises(psycopg.OperationalError, match="password"):
            trial.connect("mlflow", wrong)
    end(process, signal.SIGINT)
    process = trial.start(**settings("another", "pigeonhole mlflow more"))
    with pytest.raises(psycopg.OperationalError, match="password"):
        trial.connect("mlflow", PASSWORD)
    with trial.connect("more", "another") as connection:
        hashed = connection.execute("SELECT rolpassword FROM pg_authid WHERE rolname = 'owner'").fetchone()
    assert hashed is not None
    assert hashed[0].startswith("SCRAM-SHA-256$")
    end(process, signal.SIGINT)


def test_a_first_start_that_is_killed_is_begun_anew(trial: TrialPostgresql) -> None:
    killed = trial.begin(**settings())
    deadline = time.monotonic() + SECONDS
    while not (trial.data / "pgdata.partial" / "PG_VERSION").exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)
    trial.kill(killed)
    assert not (trial.data / "pgdata").exists()
    process = trial.start(**settings())
    trial.connect("mlflow", PASSWORD).close()
    end(process, signal.SIGINT)


def test_a_second_server_on_the_same_data_is_refused(trial: TrialPostgresql) -> None:
    process = trial.start(**settings())
    second = trial.begin(**settings())
    _, said = second.communicate(timeout=SECONDS)
    assert second.returncode == 2
    assert "another server" in said
    trial.connect("pigeonhole", PASSWORD).close()
    end(process, signal.SIGINT)


def test_a_password_may_stand_in_a_file_and_without_one_nothing_starts(trial: TrialPostgresql, tmp_path: Path) -> None:
    refused = trial.begin(POSTGRES_USER="owner")
    _, said = refused.communicate(timeout=SECONDS)
    assert refused.returncode == 2
    assert "POSTGRES_PASSWORD" in said
    secret = trial.data.parent / "secret"
    secret.write_text(f"{PASSWORD}\n", encoding="utf-8")
    process = trial.start(POSTGRES_USER="owner", POSTGRES_PASSWORD_FILE=str(secret), POSTGRES_DB="only")
    trial.connect("only", PASSWORD).close()
    end(process, signal.SIGINT)
