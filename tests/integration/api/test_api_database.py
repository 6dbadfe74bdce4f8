"""Migrations and leases on real databases, SQLite and PostgreSQL."""

import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import func, inspect, select, update
from sqlalchemy.exc import IntegrityError, OperationalError

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, DatabaseError, database_now, migrate, now
from pigeonhole_api.database.migrating import MIGRATIONS, NEWEST
from pigeonhole_api.database.tables import documents, metadata, predictions
from pigeonhole_api.intake.received import Received
from pigeonhole_api.models import FINAL_JOB_STATES, OcrSummary, Prediction, PredictionModel
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records import leases
from pigeonhole_api.records.job_changes import cancel_job, retry_job
from pigeonhole_api.records.jobs import get_job
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.records.submissions import Submission, insert_job

pytestmark = pytest.mark.integration
CALLER = Caller("tester", "request")
ATTEMPTS = 3


def submit(database: Database, count: int, reference: str = "r") -> str:
    files = [Received(f"{n}.png", 10, f"{n:064d}", True, "image/png", 1) for n in range(count)]
    with database.write() as connection:
        return insert_job(connection, Submission(reference, "0" * 64), files, CALLER, most_queued=1000)


def claim(database: Database, owner: str, most: int) -> list[Lease]:
    with database.write() as connection:
        return leases.claim(connection, owner, most, seconds=30)


def expire_all(database: Database) -> int:
    with database.write() as connection:
        past = update(documents).where(documents.c.state == "leased").values(lease_until=database_now() - 1)
        connection.execute(past)
        return leases.end_expired(connection, most_attempts=ATTEMPTS)


def move_to(database: Database, revision: str) -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with database.reshape() as connection:
        config.attributes["connection"] = connection
        current = MigrationContext.configure(connection).get_current_revision() or ""
        (command.downgrade if revision == "base" or revision < current else command.upgrade)(config, revision)


def prediction(version: str = "1") -> Prediction:
    model = PredictionModel(name="m", version=version)
    return Prediction(class_name="invoice", confidence=0.9, abstained=False, model=model)


def test_the_migrations_make_exactly_the_tables_that_the_code_expects(database: Database) -> None:
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_the_newest_migration_is_the_one_that_the_code_names() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_heads() == [NEWEST]


def test_migrating_again_changes_nothing(database: Database) -> None:
    job_id = submit(database, 1)
    migrate(database)
    with database.read() as connection:
        assert get_job(connection, CALLER.tenant, job_id).counts.total == 1


def test_migrations_go_down_and_up_again_with_everything_in_place(database: Database) -> None:
    job_id = submit(database, 3)
    (lease,) = claim(database, "a", 1)
    with database.write() as connection:
        assert leases.finish(connection, lease, prediction())
    for revision in (*reversed(range(1, int(NEWEST))), *range(2, int(NEWEST) + 1)):
        move_to(database, f"{revision:04d}")
        with database.read() as connection:
            assert connection.execute(select(func.count()).select_from(documents)).scalar_one() == 3
            assert connection.execute(select(predictions.c.document_id)).scalars().all() == [lease.document_id]
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert get_job(connection, CALLER.tenant, job_id).counts.queued == 2
    for wrong in ({"state": "unknown"}, {"state": "leased"}, {"job_id": "none"}):
        with pytest.raises(IntegrityError), database.write() as connection:
            connection.execute(update(documents).values(wrong))


def test_answers_from_before_have_the_features_that_figures_count_by(database: Database) -> None:
    submit(database, 4)
    read = OcrSummary(engine="tesseract", engine_version="5", seconds=1, pages_read=1, language="fr", confidence=0.75)
    unsure, unscored = {"abstained": True}, {"confidence": None, "class_name": None}
    with database.write() as connection:
        taken = sorted(leases.claim(connection, "a", 4, seconds=30), key=lambda lease: lease.document_id)
        for lease, changes in zip(taken, ({}, unsure, unscored, {"ocr": read}), strict=True):
            assert leases.finish(connection, lease, prediction().model_copy(update=changes))
    features = select(
        *(predictions.c.document_id, predictions.c.uncertain, predictions.c.language, predictions.c.engine),
        predictions.c.ocr_confidence,
    ).order_by(predictions.c.document_id)
    with database.read() as connection:
        before = connection.execute(features).all()
    assert [tuple(row)[1:] for row in before] == [
        (False, None, None, None),
        (True, None, None, None),
        (True, None, None, None),
        (False, "fr", "tesseract", 0.75),
    ]
    move_to(database, "0005")
    move_to(database, NEWEST)
    with database.read() as connection:
        assert connection.execute(features).all() == before


def test_migrations_go_down_to_nothing(database: Database) -> None:
    move_to(database, "base")
    with database.read() as connection:
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}


def test_processes_that_start_together_migrate_once(database_url: str) -> None:
    code = f"from pigeonhole_api.database import *; migrate(Database('{database_url}'))"
    started = [subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) for _ in range(2)]
    for process in started:
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()


def test_a_process_that_starts_while_another_first_writes_waits_for_it(tmp_path: Path) -> None:
    first = sqlite3.connect(tmp_path / "p.db", isolation_level=None, check_same_thread=False)
    first.execute("BEGIN IMMEDIATE")
    committed = threading.Event()

    def commit() -> None:
        # Told before it is done: who waits for it may go on before this thread does.
        committed.set()
        first.execute("COMMIT")

    timer = threading.Timer(0.5, commit)
    timer.start()
    database = Database(f"sqlite:///{tmp_path}/p.db")
    with database.read() as connection:
        assert committed.is_set()
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
    database.close()
    timer.join()
    first.close()


def test_a_commit_is_on_the_disk_before_it_is_told(database: Database) -> None:
    with database.read() as connection:
        if connection.dialect.name == "postgresql":
            assert connection.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
            return
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
        assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_an_unknown_database_is_refused() -> None:
    with pytest.raises(DatabaseError, match="PIGEONHOLE_API_DATABASE_URL"):
        Database("nonsense")


def test_the_databases_clock_is_the_time(database: Database) -> None:
    import time

    with database.read() as connection:
        assert now(connection) == pytest.approx(time.time(), abs=2)


def test_a_full_queue_takes_nothing_more_until_something_is_done(database: Database) -> None:
    submit(database, 3)
    files = [Received("a.png", 10, "f" * 64, True, "image/png", 1)]
    with database.write() as connection:
        with pytest.raises(Refusal) as caught:
            insert_job(connection, Submission("late", "0" * 64), files, CALLER, most_queued=3)
        assert (caught.value.status, caught.value.code) == (429, "queue-full")
        assert int(caught.value.headers["Retry-After"]) > 0
        leases.claim(connection, "a", 1, seconds=30)
        assert insert_job(connection, Submission("late", "0" * 64), files, CALLER, most_queued=3)


def test_two_workers_never_take_the_same_document(database: Database) -> None:
    submit(database, 10)
    taken = [lease.document_id for owner in ("a", "b", "a") for lease in claim(database, owner, 4)]
    assert len(taken) == len(set(taken)) == 10


def test_a_result_of_a_lost_lease_is_dropped(database: Database) -> None:
    job_id = submit(database, 1)
    (lost,) = claim(database, "a", 1)
    assert expire_all(database) == 1
    (current,) = claim(database, "b", 1)
    with database.write() as connection:
        assert not leases.finish(connection, lost, prediction("stale"))
        assert not leases.release(connection, lost)
        assert leases.finish(connection, current, prediction("fresh"))
        assert not leases.finish(connection, current, prediction("twice"))
        assert get_job(connection, CALLER.tenant, job_id).model_version == "fresh"


def test_a_lease_that_was_given_back_is_not_the_next_workers(database: Database) -> None:
    submit(database, 1)
    (given_back,) = claim(database, "a", 1)
    with database.write() as connection:
        assert leases.release(connection, given_back)
    (current,) = claim(database, "b", 1)
    assert current.attempt == given_back.attempt
    with database.write() as connection:
        assert not leases.finish(connection, given_back, prediction())


def test_what_is_given_back_after_a_cancellation_is_cancelled(database: Database) -> None:
    job_id = submit(database, 3)
    released, put_back, _ = claim(database, "a", 3)
    with database.write() as connection:
        cancel_job(connection, job_id, CALLER)
        leases.release(connection, released)
        leases.put_back(connection, put_back)
    expire_all(database)
    with database.read() as connection:
        job = get_job(connection, CALLER.tenant, job_id)
    assert (job.state, job.counts.cancelled) == ("cancelled", 3)


def test_work_waits_while_it_is_queued_or_its_lease_has_ended(database: Database) -> None:
    def is_waiting() -> bool:
        with database.read() as connection:
            return leases.is_work_waiting(connection)

    assert not is_waiting()
    submit(database, 1)
    assert is_waiting()
    claim(database, "a", 1)
    assert not is_waiting()
    submit(database, 1, "r2")
    with database.write() as connection:
        leases.claim(connection, "b", 1, seconds=-1)
    assert is_waiting()


def test_a_renewed_lease_does_not_expire_and_one_that_no_hand_holds_does(database: Database) -> None:
    submit(database, 2)
    with database.write() as connection:
        held, _ = leases.claim(connection, "a", 2, seconds=-1)
        assert leases.renew(connection, "a", [held.document_id], seconds=30) == 1
        assert leases.end_expired(connection, most_attempts=ATTEMPTS) == 1
        assert leases.finish(connection, held, prediction())


def test_a_document_that_kills_its_workers_fails_after_the_last_attempt(database: Database) -> None:
    job_id = submit(database, 1)
    for _ in range(ATTEMPTS):
        assert len(claim(database, "a", 1)) == 1
        expire_all(database)
    assert claim(database, "a", 1) == []
    with database.read() as connection:
        assert get_job(connection, CALLER.tenant, job_id).state == "failed"
        row = connection.execute(select(documents)).one()
    assert (row.error_reason, row.error_detail) == ("interrupted", "The work on it was interrupted 3 times.")


def test_a_second_result_for_a_document_cannot_be_written(database: Database) -> None:
    submit(database, 1)
    (lease,) = claim(database, "a", 1)
    with database.write() as connection:
        leases.finish(connection, lease, prediction())
    with pytest.raises(IntegrityError), database.write() as connection:
        connection.exec_driver_sql("INSERT INTO predictions SELECT * FROM predictions")


class Platform(RuleBasedStateMachine):
    """Workers, callers and accidents in any order; results are never lost, doubled or mixed up."""

    def __init__(self) -> None:
        super().__init__()
        self.database = Database("sqlite://")
        metadata.create_all(self.database.engine)
        self.jobs: list[str] = []
        self.held: list[Lease] = []
        self.kept: set[str] = set()

    @rule()
    @precondition(lambda self: len(self.jobs) < 4)
    def submit(self) -> None:
        self.jobs.append(submit(self.database, 3, f"r{len(self.jobs)}"))

    @rule(owner=st.sampled_from(["a", "b"]), most=st.integers(1, 4))
    def claim(self, owner: str, most: int) -> None:
        self.held += claim(self.database, owner, most)

    @rule(data=st.data(), way=st.sampled_from(["finish", "fail", "release", "put_back"]))
    @precondition(lambda self: self.held)
    def end(self, data: st.DataObject, way: str) -> None:
        lease = data.draw(st.sampled_from(self.held))
        with self.database.write() as connection:
            if way == "finish":
                if leases.finish(connection, lease, prediction()):
                    assert lease.document_id not in self.kept
                    self.kept.add(lease.document_id)
            elif way == "fail":
                leases.fail(connection, lease, "unreadable", "It is damaged.")
            else:
                getattr(leases, way)(connection, lease)

    @rule()
    def lose_all_workers(self) -> None:
        expire_all(self.database)

    @rule(data=st.data(), action=st.sampled_from([cancel_job, retry_job]))
    @precondition(lambda self: self.jobs)
    def change(self, data: st.DataObject, action: object) -> None:
        with self.database.write() as connection:
            action(connection, data.draw(st.sampled_from(self.jobs)), CALLER)  # type: ignore[operator]

    @invariant()
    def every_document_is_somewhere_and_every_result_is_kept_once(self) -> None:
        with self.database.read() as connection:
            written = connection.execute(select(predictions.c.document_id)).scalars().all()
            assert sorted(written) == sorted(self.kept)
            done = select(documents.c.id).where(documents.c.state.in_(["classified", "needs_review"]))
            assert set(connection.execute(done).scalars()) == self.kept
            for job_id in self.jobs:
                job = get_job(connection, CALLER.tenant, job_id)
                counts = job.counts
                parts = (counts.queued, counts.leased, counts.classified, counts.failed, counts.cancelled)
                assert sum(parts) == counts.total == 3
                assert job.state != "cancelling" or counts.queued == 0
                assert (job.state in FINAL_JOB_STATES) == (counts.queued + counts.leased == 0)
                assert (job.finished_at is not None) == (job.state in FINAL_JOB_STATES)
            attempts = connection.execute(select(func.min(documents.c.attempts))).scalar_one()
            assert attempts is None or attempts >= 0

    def teardown(self) -> None:
        self.database.close()


TestPlatform = Platform.TestCase
TestPlatform.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck)
)


def test_a_writer_waits_for_another_process_and_goes_on_as_soon_as_that_is_done(tmp_path: Path) -> None:
    database, other = Database(f"sqlite:///{tmp_path}/p.db"), sqlite3.connect(tmp_path / "p.db", isolation_level=None)
    migrate(database)
    other.execute("BEGIN IMMEDIATE")
    waited: list[float] = []

    def write() -> None:
        with database.write() as connection:
            waited.append(now(connection))

    writer = threading.Thread(target=write)
    writer.start()
    writer.join(0.3)
    assert not waited
    other.execute("COMMIT")
    writer.join(10)
    assert waited
    other.close()
    database.close()


def test_a_writer_who_waits_too_long_fails_as_any_statement_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, other = Database(f"sqlite:///{tmp_path}/p.db"), sqlite3.connect(tmp_path / "p.db", isolation_level=None)
    migrate(database)
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr("pigeonhole_api.database.engine._LOCK_SECONDS", 0.1)
    with pytest.raises(OperationalError, match="locked"), database.write():
        pass
    other.execute("COMMIT")
    monkeypatch.undo()
    with database.write() as connection:
        assert now(connection) > 0
    other.close()
    database.close()
