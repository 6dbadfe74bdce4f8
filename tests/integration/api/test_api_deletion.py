"""What is deleted is gone: from answers at once, from the storage soon after, and nothing else goes with it."""

import random
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from pigeonhole.documents import document_sha256
from pigeonhole.storage import LocalStorage
from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.database import Database
from pigeonhole_api.database.tables import audit_events, content_removals, documents, jobs, predictions, reviews
from tests.integration.api.oidc_issuer import OidcIssuer

pytestmark = pytest.mark.integration
Pictures = Callable[[int], list[tuple[str, bytes]]]
SOON = {"PIGEONHOLE_API_REMOVAL_GRACE_SECONDS": "1", "PIGEONHOLE_API_REAP_SECONDS": "0.1"}


@pytest.fixture
def hasty(installation_on_either: Any) -> Any:
    """A platform on either database that removes contents a second after their deletion."""
    installation = installation_on_either
    installation.environment |= SOON
    installation.start_api()
    installation.start_worker()
    return installation


def sort(client: PlatformClient, files: list[tuple[str, bytes]], reference: str) -> Any:
    return client.wait(client.submit_job(reference, files).id, timeout=60)


def kept_files(installation: Any, content: bytes) -> list[str]:
    """What the storage has of a content, wherever its hash is a part of the name."""
    sha256 = document_sha256(content)
    storage = Path(installation.home) / "storage"
    files = (path.relative_to(storage) for path in storage.rglob("*") if path.is_file())
    return sorted(str(path) for path in files if sha256 in str(path))


def count(database: Database, table: Any, *conditions: Any) -> int:
    with database.read() as connection:
        return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())


def database_of(installation: Any) -> Database:
    return Database(installation.environment["PIGEONHOLE_API_DATABASE_URL"])


def test_a_deleted_job_is_gone_with_everything_that_it_was(
    hasty: Any, pictures: Pictures, wait_until: Callable[..., None], refused: Callable[..., ApiError]
) -> None:
    client, files = hasty.client, pictures(2)
    job, other = sort(client, files, "to be deleted"), sort(client, files[:1], "to be kept")
    first, second = client.all_documents(job.id)
    client.review(first, "accepted", first.prediction.class_name)
    for document in (first, second):
        assert hasty.call("GET", document.thumbnail_url, token=None).status_code == 200
    sha256 = document_sha256(files[1][1])
    LocalStorage(Path(hasty.home) / "storage").put(f"page-texts/{sha256[:2]}/{sha256}/0-settings.json", b"{}")
    assert len(kept_files(hasty, files[1][1])) == 3

    deleted = client.delete(job.id)

    assert (deleted.documents, deleted.examples_erased) == (2, 0)
    assert refused(lambda: client.job(job.id)).status == 410
    assert refused(lambda: client.delete(job.id)).code == "job-deleted"
    for path in ("", "/content", "/pages/1", "/thumbnail"):
        assert hasty.call("GET", f"/v1/documents/{second.id}{path}").status_code == 404
    assert hasty.call("GET", second.thumbnail_url, token=None).status_code == 404
    assert [each.id for each in client.jobs().jobs] == [other.id]
    wait_until(lambda: not kept_files(hasty, files[1][1]), "the removal of the content")
    # The other job has the first one's bytes.
    assert client.content(next(client.all_documents(other.id)).id) == files[0][1]
    assert next(client.all_documents(other.id)).duplicate_of is None
    database = database_of(hasty)
    for table in (documents, predictions):
        assert count(database, table) == 1
    assert count(database, reviews) == 0
    with database.read() as connection:
        everything = str([connection.execute(select(table)).all() for table in (jobs, documents, audit_events)])
    for name in ("to be deleted", files[1][0], document_sha256(files[1][1])):
        assert name not in everything
    events = hasty.call("GET", "/v1/audit-events").json()["events"]
    assert events[0]["action"] == "job.deleted"
    assert events[0]["details"] == {"documents": 2, "examples": 0}
    database.close()


def test_a_reference_is_free_again_and_the_same_bytes_are_kept_again(
    hasty: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    client, files = hasty.client, pictures(1)
    client.delete(sort(client, files, "again").id)
    again = sort(client, files, "again")
    database = database_of(hasty)
    wait_until(lambda: count(database, content_removals) == 0, "the end of the removal")
    assert client.content(next(client.all_documents(again.id)).id) == files[0][1]
    database.close()


def test_copies_in_the_training_set_are_named_and_erased_only_on_demand(
    hasty: Any, pictures: Pictures, wait_until: Callable[..., None], refused: Callable[..., ApiError]
) -> None:
    client, files = hasty.client, pictures(1)
    for name in ("this-class", "that-class"):
        client.add_examples(name, pictures(1))
    job = sort(client, files, "given to training")
    document = next(client.all_documents(job.id))
    client.review(document, "accepted", document.prediction.class_name)
    assert client.import_corrections().added == 1
    version = client.create_dataset_version()

    error = refused(lambda: client.delete(job.id))
    assert (error.status, error.code) == (409, "in-training-set")
    assert error.problem is not None
    (named,) = error.problem.errors
    (example,) = client.examples(document.prediction.class_name).examples
    assert named.field == example.id
    assert client.job(job.id).counts.total == 1

    assert client.delete(job.id, force=True).examples_erased == 1
    assert client.examples(document.prediction.class_name).examples == []
    wait_until(lambda: not kept_files(hasty, files[0][1]), "the removal of the content")
    assert document.prediction.class_name not in client.create_dataset_version().classes
    assert version.id in {each.id for each in client.dataset_versions().dataset_versions}


def test_an_example_that_was_given_outlives_its_jobs_retention(
    installation_on_either: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    installation, files = installation_on_either, pictures(2)
    installation.environment |= {**SOON, "PIGEONHOLE_API_RETENTION_DAYS": "0.00002"}
    installation.start_api()
    client = installation.client
    job = client.submit_job("short-lived", files)
    client.add_examples("kept-class", files[:1])
    time.sleep(2)  # longer than the retention: it counts from a job's end, and this one has not begun
    assert client.job(job.id).retention_until is None
    installation.start_worker()
    wait_until(lambda: client.jobs().jobs == [], "the end of the retention")
    wait_until(lambda: not kept_files(installation, files[1][1]), "the removal of the content")
    assert kept_files(installation, files[0][1])
    events = installation.call("GET", "/v1/audit-events").json()["events"]
    assert [event["actor"] for event in events if event["action"] == "job.expired"] == ["retention"]


def test_a_retention_of_its_own_tenant_counts(
    installation: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    issuer = OidcIssuer()
    installation.environment |= {
        **SOON,
        "PIGEONHOLE_OIDC_ISSUER": issuer.url,
        "PIGEONHOLE_API_RETENTION_DAYS": "0",
        "PIGEONHOLE_API_RETENTION_DAYS_OF_TENANTS": '{"brief": 0.00002}',
    }
    installation.start_api()
    installation.start_worker()
    brief = PlatformClient(installation.url, issuer.token(tenant="brief"))
    sort(installation.client, pictures(1), "for ever")
    sort(brief, pictures(1), "brief")
    wait_until(lambda: brief.jobs().jobs == [], "the end of the retention")
    (kept,) = installation.client.jobs().jobs
    assert (kept.reference, kept.retention_until) == ("for ever", None)
    brief.close()
    issuer.close()


def test_what_is_deleted_while_a_worker_has_it_leaves_no_result(
    installation_on_either: Any, own_transformer: Any, pictures: Pictures, wait_until: Callable[..., None], predict: Any
) -> None:
    installation = installation_on_either
    asked, go_on = threading.Event(), threading.Event()

    def behave(document: bytes) -> Any:
        asked.set()
        assert go_on.wait(30)
        return predict(document)

    own_transformer.behave = behave
    installation.start_api()
    worker = installation.start_worker()
    job = installation.client.submit_job("in hand", pictures(3))
    assert asked.wait(30)
    assert installation.client.delete(job.id).documents == 3
    go_on.set()
    worker.terminate()
    assert worker.wait(30) == 0
    database = database_of(installation)
    for table in (documents, predictions):
        assert count(database, table) == 0
    assert count(database, jobs, jobs.c.deleted_at.is_not(None)) == 1
    database.close()


def test_only_an_admin_erases_from_the_training_set(installation: Any, pictures: Pictures) -> None:
    installation.start_api()
    made = installation.call("POST", "/v1/api-keys", json={"name": "clerk", "roles": ["reviewer"]}).json()
    job = installation.client.submit_job("r", pictures(1))
    forced = installation.call("DELETE", f"/v1/jobs/{job.id}?force=true", token=made["key"])
    assert forced.json()["code"] == "forbidden"
    assert installation.call("DELETE", f"/v1/jobs/{job.id}", token=made["key"]).status_code == 202


@pytest.mark.parametrize("seed", [1])
def test_bytes_that_are_deleted_and_sent_again_at_the_same_time_are_never_lost(
    seed: int, hasty: Any, pictures: Pictures, wait_until: Callable[..., None]
) -> None:
    """Four callers delete and send the same few files again; whatever is there in the end has its content."""
    files, failures = pictures(3), []

    def work(number: int) -> None:
        chance = random.Random(seed + number)
        client = PlatformClient(hasty.url, "a-token-for-tests-alone")
        try:
            for turn in range(12):
                job = client.submit_job(f"{number}-{turn}", chance.sample(files, chance.randint(1, 3)))
                time.sleep(chance.uniform(0, 0.4))
                if chance.random() < 0.8:
                    client.delete(job.id)
        except Exception as error:
            failures.append(error)
            raise
        finally:
            client.close()

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    database = database_of(hasty)
    wait_until(lambda: count(database, content_removals) == 0, "the end of all removals")
    database.close()
    by_hash = {document_sha256(content): content for _, content in files}
    live = [document for job in hasty.client.jobs().jobs for document in hasty.client.all_documents(job.id)]
    assert {document.state for document in live} <= {"queued", "leased", "classified", "needs_review"}
    for document in live:
        assert hasty.client.content(document.id) == by_hash[str(document.sha256)]
