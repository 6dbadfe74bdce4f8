"""Many at once: workers, callers and accidents lock the same rows, on SQLite and on PostgreSQL."""

import random
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import func, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, database_now
from pigeonhole_api.database.tables import documents, predictions
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import FINAL_JOB_STATES, Prediction, PredictionModel
from pigeonhole_api.records import leases
from pigeonhole_api.records.job_changes import cancel_job, retry_job
from pigeonhole_api.records.jobs import get_job
from pigeonhole_api.records.submissions import Submission, insert_job
from tests.postgresql_server import PostgresqlServer

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
CALLER = Caller("tester", "request")
PREDICTION = Prediction(
    class_name="invoice", confidence=0.9, abstained=False, model=PredictionModel(name="m", version="1")
)


def submit(database: Database, reference: str, count: int) -> str:
    files = [Received(f"{n}.png", 10, f"{n:064d}", True, "image/png", 1) for n in range(count)]
    with database.write() as connection:
        return insert_job(connection, Submission(reference, "0" * 64), files, CALLER, most_queued=10_000)


def results(database: Database) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(predictions)).scalar_one())


def test_eight_workers_at_once_take_each_document_once(database: Database) -> None:
    job_id = submit(database, "r", 400)
    taken: Counter[str] = Counter()

    def work(owner: str) -> None:
        while True:
            with database.write() as connection:
                held = leases.claim(connection, owner, 7, seconds=60)
            if not held:
                return
            for lease in held:
                taken[lease.document_id] += 1
                with database.write() as connection:
                    assert leases.finish(connection, lease, PREDICTION)

    with ThreadPoolExecutor(8) as workers:
        for each in [workers.submit(work, f"worker-{number}") for number in range(8)]:
            each.result()
    assert len(taken) == 400
    assert set(taken.values()) == {1}
    assert results(database) == 400
    with database.read() as connection:
        assert get_job(connection, CALLER.tenant, job_id).state == "succeeded"


class Crowd:
    """Workers who work until they are told to stop, and callers who disturb them; each by a seed of its own."""

    def __init__(self, database: Database, jobs: list[str], seed: int) -> None:
        self.database = database
        self.jobs = jobs
        self.seed = seed
        self.ended = threading.Event()

    def work(self, owner: str) -> None:
        chance = random.Random(f"{self.seed}/{owner}")
        while not self.ended.is_set():
            with self.database.write() as connection:
                leases.end_expired(connection, most_attempts=1000)
                held = leases.claim(connection, owner, 5, seconds=60)
            if chance.random() < 0.5:
                with self.database.write() as connection:
                    leases.finish_all(connection, dict.fromkeys(held, PREDICTION))
                continue
            for lease in held:
                way = chance.choice([leases.release, leases.put_back, leases.finish, leases.finish])
                with self.database.write() as connection:
                    way(connection, lease, *([PREDICTION] if way is leases.finish else []))

    def disturb(self, number: int) -> None:
        chance = random.Random(f"{self.seed}/{number}")
        for _ in range(60):
            action = chance.choice([cancel_job, retry_job, None])
            with self.database.write() as connection:
                if action:
                    action(connection, chance.choice(self.jobs), CALLER)
                else:
                    past = update(documents).where(documents.c.state == "leased", documents.c.position == number)
                    connection.execute(past.values(lease_until=database_now() - 1))


@pytest.mark.parametrize("seed", range(3))
def test_workers_callers_and_accidents_never_wait_for_each_other(database: Database, seed: int) -> None:
    jobs = [submit(database, f"r{number}", 40) for number in range(3)]
    crowd = Crowd(database, jobs, seed)
    with ThreadPoolExecutor(8) as people:
        working = [people.submit(crowd.work, f"worker-{number}") for number in range(4)]
        try:
            for each in [people.submit(crowd.disturb, number) for number in range(3)]:
                each.result()
        finally:
            crowd.ended.set()
        for each in working:
            each.result()
    with database.write() as connection:
        for job_id in jobs:
            cancel_job(connection, job_id, CALLER)
    with database.read() as connection:
        for job_id in jobs:
            job = get_job(connection, CALLER.tenant, job_id)
            assert job.state in FINAL_JOB_STATES
            assert job.counts.queued == job.counts.leased == 0
            assert job.counts.total == 40
        done = select(func.count()).select_from(documents).where(documents.c.state == "classified")
        assert connection.execute(done).scalar_one() == results(database)


def test_one_reference_submitted_by_many_at_once_is_one_job(
    installation_on_either: Any, pictures: Pictures, reference: str
) -> None:
    installation_on_either.start_api()
    parts = [("files", file) for file in pictures(3)]

    def send(_number: int) -> tuple[int, str]:
        answer = installation_on_either.call("POST", "/v1/jobs", data={"reference": reference}, files=parts)
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(send, range(16)))
    assert Counter(status for status, _ in answers) == {202: 1, 200: 15}
    assert len({job_id for _, job_id in answers}) == 1


@pytest.fixture
def own_postgresql() -> Iterator[PostgresqlServer]:
    server = PostgresqlServer()
    yield server
    server.close()


def test_postgresql_restarted_again_and_again_loses_nothing(
    own_postgresql: PostgresqlServer,
    installation: Any,
    transformer: Any,
    pictures: Pictures,
    predict: Any,
    wait_until: Any,
    reference: str,
) -> None:
    url = own_postgresql.new_database()
    installation.environment["PIGEONHOLE_API_DATABASE_URL"] = url
    slow = threading.Event()

    def answer(document: bytes) -> Any:
        slow.wait(0.02)
        return predict(document)

    transformer.behave = answer
    installation.start_api()
    installation.start_worker()
    job = installation.client.submit_job(reference, pictures(100))
    database = Database(url)
    for goal in (10, 40, 70):
        wait_until(lambda: results(database) >= goal, f"{goal} results")  # noqa: B023
        own_postgresql.restart()
        database.close()
    assert installation.client.wait(job.id, timeout=60).counts.classified == 100
    assert results(database) == 100
    database.close()
