"""Whatever ends, stands still or goes away meanwhile: in the end every document that was accepted has one result."""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer
from sqlalchemy import func, select

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import documents, predictions

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
# `make kill-list` has twenty; each takes seconds, as processes start anew.
KILLS = int(os.environ.get("KILL_LIST_KILLS", "3"))
# A seed of its own each time; the name of a test that fails says which. The processes of one run, which must agree on
# the names of the tests, get it from the run's id.
RUN = os.environ.get("PYTEST_XDIST_TESTRUNUID")
SEED = int(os.environ.get("KILL_LIST_SEED", "0")) or random.Random(RUN).randrange(1, 1 << 31)


def submit_until_accepted(client: PlatformClient, reference: str, files: list[tuple[str, bytes]]) -> str:
    """Send a job as a patient caller does: the same call again until it is answered."""
    deadline = time.monotonic() + 120
    while True:
        try:
            return client.submit_job(reference, files).id
        except ApiError as error:
            is_passing = error.status is None or error.status >= 500
            if not is_passing or time.monotonic() > deadline:
                raise
            time.sleep(0.05)


def check_each_has_one_result(
    installation: Any, url: str, jobs: dict[str, list[tuple[str, bytes]]], predict: Any
) -> None:
    """Compare results with documents, one by one, with what the bytes alone say their class is."""
    for job_id, files in jobs.items():
        job = installation.client.wait(job_id, timeout=120)
        assert (job.state, job.counts.classified, job.counts.total) == ("succeeded", len(files), len(files))
        for document, (name, content) in zip(installation.client.all_documents(job_id), files, strict=True):
            (expected,) = predict(content)[1]["predictions"]
            assert document.name == name
            assert document.prediction.class_name == expected["class"]
            assert installation.client.content(document.id) == content
    total = sum(len(files) for files in jobs.values())
    database = Database(url)
    with database.read() as connection:
        for table in (documents, predictions):
            assert connection.execute(select(func.count()).select_from(table)).scalar_one() == total
    database.close()


@pytest.fixture
def unhurried(own_transformer: Any, predict: Any) -> None:
    """The transformer takes its time, so that there is work in hand when something happens."""

    def answer(document: bytes) -> Any:
        time.sleep(0.02)
        return predict(document)

    own_transformer.behave = answer


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("seed", [SEED])
def test_killings_of_the_api_and_of_workers_at_random_points_lose_nothing(
    seed: int,
    installation_on_either: Any,
    database_url: str,
    pictures: Pictures,
    predict: Any,
    kill: Callable[..., None],
) -> None:
    installation, chance = installation_on_either, random.Random(seed)

    # A document at which three workers died has failed, as it may be what kills them; here it is not.
    installation.environment |= {"PIGEONHOLE_API_LEASE_SECONDS": "2", "PIGEONHOLE_API_MAX_ATTEMPTS": "20"}
    api, workers = installation.start_api(), [installation.start_worker() for _ in range(2)]
    jobs: dict[str, list[tuple[str, bytes]]] = {}
    over = threading.Event()

    def submit(number: int) -> None:
        client = PlatformClient(installation.url, "a-token-for-tests-alone")
        for turn in range(1000):
            if over.is_set() and turn >= 3:
                break
            files = pictures(random.Random(seed + 1000 * number + turn).randint(1, 25))
            jobs[submit_until_accepted(client, f"{number}-{turn}", files)] = files
        client.close()

    with ThreadPoolExecutor(3) as people:
        sending: list[Future[None]] = [people.submit(submit, number) for number in range(3)]
        try:
            for _ in range(KILLS):
                time.sleep(chance.uniform(0, 0.5))
                kill(workers.pop(0))
                workers.append(installation.start_worker())
                time.sleep(chance.uniform(0, 0.5))
                kill(api)
                api = installation.start_api()
        finally:
            over.set()
        for each in sending:
            each.result()
    assert len(jobs) >= 9
    check_each_has_one_result(installation, database_url, jobs, predict)


@pytest.mark.usefixtures("unhurried")
@pytest.mark.parametrize("seed", [SEED])
def test_workers_that_stand_still_beyond_their_leases_bring_no_second_result(
    seed: int,
    installation_on_either: Any,
    database_url: str,
    pictures: Pictures,
    predict: Any,
    wait_until: Callable[..., None],
) -> None:
    installation, chance = installation_on_either, random.Random(seed)

    installation.environment |= {"PIGEONHOLE_API_LEASE_SECONDS": "1", "PIGEONHOLE_API_MAX_ATTEMPTS": "20"}
    installation.start_api()
    workers = [installation.start_worker() for _ in range(2)]
    files = pictures(400)
    job = installation.client.submit_job("stand still", files)
    wait_until(lambda: installation.client.job(job.id).counts.classified > 10, "the first results")
    for _ in range(4):
        stopped = chance.choice(workers)
        stopped.send_signal(signal.SIGSTOP)
        time.sleep(1.5)  # beyond the lease
        stopped.send_signal(signal.SIGCONT)
        time.sleep(chance.uniform(0, 0.3))
    check_each_has_one_result(installation, database_url, {job.id: files}, predict)


@pytest.fixture
def s3() -> Iterator[Callable[[], ThreadedMotoServer]]:
    """Starts an S3 server with a bucket, and again with all that it had, at the same address."""
    running: list[ThreadedMotoServer] = []

    def start() -> ThreadedMotoServer:
        port = 0 if not running else running[-1].get_host_and_port()[1]
        server = ThreadedMotoServer(ip_address="127.0.0.1", port=port)
        server.start()
        running.append(server)
        return server

    yield start
    running[-1].stop()


@pytest.mark.usefixtures("unhurried")
def test_a_storage_that_goes_away_loses_nothing(
    installation: Any, s3: Callable[[], ThreadedMotoServer], pictures: Pictures, predict: Any
) -> None:
    """S3 ends twice, in the midst of uploads and of work, and comes back."""

    server = s3()
    host, port = server.get_host_and_port()
    keys = {"AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret", "AWS_DEFAULT_REGION": "us-east-1"}
    endpoint = f"http://{host}:{port}"
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="key",
        aws_secret_access_key="secret",
    )
    client.create_bucket(Bucket="kill-list")
    url = f"sqlite:///{installation.home}/platform.db"
    installation.environment |= {
        **keys,
        "AWS_ENDPOINT_URL": endpoint,
        "PIGEONHOLE_STORAGE_URL": "s3://kill-list",
        "PIGEONHOLE_API_DATABASE_URL": url,
    }
    installation.start_api()
    installation.start_worker()
    jobs: dict[str, list[tuple[str, bytes]]] = {}

    def submit() -> None:
        for turn in range(8):
            files = pictures(15)
            jobs[submit_until_accepted(installation.client, f"s3-{turn}", files)] = files

    with ThreadPoolExecutor(1) as people:
        sending = people.submit(submit)
        for _ in range(2):
            time.sleep(1)
            server.stop()
            refused = installation.call("POST", "/v1/jobs", data={"reference": "down"}, files={"files": pictures(1)[0]})
            assert (refused.status_code, refused.json()["code"]) == (503, "storage-unavailable")
            server = s3()
        sending.result()
    assert installation.client.job_by_reference("down") is None
    check_each_has_one_result(installation, url, jobs, predict)


def test_inference_that_is_down_for_long_costs_no_attempt(
    installation_on_either: Any, own_transformer: Any, database_url: str, pictures: Pictures, predict: Any
) -> None:
    installation, files = installation_on_either, pictures(60)
    seconds = float(os.environ.get("KILL_LIST_DOWN_SECONDS", "5"))
    up = time.monotonic() + seconds

    def answer(document: bytes) -> Any:
        if time.monotonic() < up:
            return 503, {"error": "Nobody is here.", "reason": "queue-full"}, {}
        return predict(document)

    own_transformer.behave = answer
    installation.start_api()
    installation.start_worker()
    job = installation.client.submit_job("inference down", files)
    check_each_has_one_result(installation, database_url, {job.id: files}, predict)
    assert time.monotonic() > up
    assert {document.attempts for document in installation.client.all_documents(job.id)} == {1}
