"""Workers that do a part of the work, what probes learn from them, and migrations as a process of their own."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator

import httpx
import pytest
from sqlalchemy import text

from pigeonhole_api.database import Database, migrate
from pigeonhole_frontends.laptop.ports import any_free_port
from tests.integration.api.conftest import Installation
from tests.postgresql_server import PostgresqlServer

pytestmark = pytest.mark.integration
Wait = Callable[..., None]


@pytest.fixture
def own_server() -> Iterator[PostgresqlServer]:
    """A PostgreSQL server that the test may stop."""
    server = PostgresqlServer()
    yield server
    server.close()


def ask(port: int, path: str) -> httpx.Response | None:
    try:
        return httpx.get(f"http://127.0.0.1:{port}{path}", timeout=10)
    except httpx.TransportError:
        return None


def answers(port: int, path: str, status: int) -> bool:
    answer = ask(port, path)
    return answer is not None and answer.status_code == status


def run_migrate(url: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pigeonhole_api.migrate", *arguments]
    environment = {"PATH": "/usr/bin", "PIGEONHOLE_API_DATABASE_URL": url}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_a_worker_for_trainings_leaves_documents_to_one_that_takes_them(
    installation: Installation, wait_until: Wait
) -> None:
    installation.start_api()
    port = any_free_port()
    installation.start_worker(PIGEONHOLE_API_DUTIES="trainings", PIGEONHOLE_API_METRICS_PORT=str(port))
    job = installation.client.submit_job("duties", [("a.png", installation.picture(1))])
    wait_until(lambda: answers(port, "/readyz", 200), "the trainer")
    # The worker answers probes before it says that it has started.
    wait_until(lambda: '"worker_started"' in installation.log("work"), "the log to say so")
    started = json.loads(next(line for line in installation.log("work").splitlines() if "worker_started" in line))
    assert started["duties"] == ["trainings"]
    assert installation.client.job(job.id).counts.queued == 1
    installation.start_worker(PIGEONHOLE_API_DUTIES="documents")
    assert installation.client.wait(job.id, timeout=30).counts.queued == 0


def test_a_worker_lives_and_is_not_ready_while_its_database_is_away(
    installation: Installation, own_server: PostgresqlServer, wait_until: Wait
) -> None:
    port = any_free_port()
    url = own_server.new_database()
    installation.start_worker(PIGEONHOLE_API_DATABASE_URL=url, PIGEONHOLE_API_METRICS_PORT=str(port))
    wait_until(lambda: answers(port, "/readyz", 200), "the worker")
    own_server.stop()
    wait_until(lambda: answers(port, "/readyz", 503), "the worker to miss its database")
    assert answers(port, "/livez", 200)
    assert answers(port, "/other", 404)
    own_server.start()
    wait_until(lambda: answers(port, "/readyz", 200), "the worker to find its database again")


def test_migrating_waits_for_a_database_and_says_when_there_is_none(own_server: PostgresqlServer) -> None:
    url = own_server.new_database()
    own_server.stop()
    refused = run_migrate(url)
    assert refused.returncode == 2
    assert refused.stderr.startswith("The database does not answer: ")
    waiting = subprocess.Popen(
        [sys.executable, "-m", "pigeonhole_api.migrate", "--wait", "60"],
        env={"PATH": "/usr/bin", "PIGEONHOLE_API_DATABASE_URL": url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert waiting.stdout is not None
        assert any("database_awaited" in line for line in waiting.stdout)
        own_server.start()
        assert waiting.wait(60) == 0
    finally:
        waiting.kill()
        waiting.wait(10)


def test_a_database_that_a_later_version_has_migrated_is_used_as_it_is(database: Database) -> None:
    with database.write() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    migrate(database)
    with database.read() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "9999"
