"""The database: short read transactions, and write transactions that never fail half-way for want of a lock."""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from pigeonhole.errors import PigeonholeError
from pigeonhole_api.database.clock import database_now

_WRITES = "pigeonhole_writes"
_LOCK_SECONDS = 30
_LOOK_SECONDS = 0.001
_CONNECT_SECONDS = 5
_CONNECTIONS = 48
_NOW = select(database_now())


class DatabaseError(PigeonholeError):
    """The database cannot be used."""

    def __init__(self, message: str, *, code: str = "database-unavailable", hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class Database:
    """Connections to SQLite or PostgreSQL behind one way to read and one to write."""

    def __init__(self, url: str) -> None:
        """Connect lazily.

        Raises:
            DatabaseError: `database-url-invalid`.
        """
        self.engine = _create_engine(url)
        self._writing = threading.Lock()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Yield a connection that sees one state of the database."""
        with self.engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Yield a connection whose changes are kept together, durably, when the block ends without an exception."""
        with self._turn(), self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            with connection.begin():
                yield connection

    @contextmanager
    def reshape(self) -> Iterator[Connection]:
        """Yield a connection as `write` does, in which tables may be made anew.

        SQLite changes a table by making another in its place, and would take the rows that refer to it for orphans;
        their references are checked at the end instead.

        Raises:
            DatabaseError: `references-broken`; nothing is changed.
        """
        with self.engine.connect() as connection:
            connection.execution_options(**{_WRITES: True})
            is_sqlite = connection.dialect.name == "sqlite"
            # Within a transaction the switch would do nothing.
            _check_references(connection, at_once=not is_sqlite)
            try:
                with connection.begin():
                    yield connection
                    if is_sqlite and connection.exec_driver_sql("PRAGMA foreign_key_check").first():
                        raise DatabaseError("A migration would break references.", code="references-broken")
            finally:
                _check_references(connection, at_once=True)

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """Let this process's writers of SQLite queue up, since one alone can write and the others would look for that.

        Whoever has waited too long goes on without a turn: it is the database's lock that counts.
        """
        if self.engine.dialect.name != "sqlite":
            yield
            return
        has_turn = self._writing.acquire(timeout=_LOCK_SECONDS)
        try:
            yield
        finally:
            if has_turn:
                self._writing.release()


def now(connection: Connection) -> float:
    """Return the present time by the database."""
    return float(connection.execute(_NOW).scalar_one())


def _create_engine(url: str) -> Engine:
    try:
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql":
            # Whatever driver the address names, this is the one that is installed.
            parsed = parsed.set(drivername="postgresql+psycopg")
            arguments = {"connect_timeout": _CONNECT_SECONDS, "options": f"-c lock_timeout={_LOCK_SECONDS}s"}
            return create_engine(parsed, pool_size=_CONNECTIONS, pool_pre_ping=True, connect_args=arguments)
        if parsed.database:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(parsed, pool_size=_CONNECTIONS, connect_args={"timeout": _LOCK_SECONDS})
    except (ArgumentError, SQLAlchemyError, ModuleNotFoundError, OSError) as error:
        raise DatabaseError(
            "PIGEONHOLE_API_DATABASE_URL: the database cannot be opened.",
            code="database-url-invalid",
            hint="Use sqlite:////path/platform.db or postgresql://user@host/name.",
        ) from error
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # The driver would begin transactions by itself, and late: then an upgrade from read to write fails at once.
    connection.isolation_level = None
    cursor = connection.cursor()
    _use_wal(cursor)
    cursor.execute("PRAGMA synchronous=FULL")  # a commit is on the disk when it returns: accepted means kept
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_LOCK_SECONDS * 1000}")
    cursor.close()


def _check_references(connection: Connection, *, at_once: bool) -> None:
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys={'ON' if at_once else 'OFF'}")
        cursor.close()


def _use_wal(cursor: sqlite3.Cursor) -> None:
    # A database on its way to WAL refuses at once while another process writes, whatever the busy timeout says;
    # a transaction of one's own does wait for that process.
    end = time.monotonic() + _LOCK_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            cursor.execute("BEGIN IMMEDIATE")
            cursor.execute("ROLLBACK")


def _begin_sqlite(connection: Connection) -> None:
    if connection.get_execution_options().get(_WRITES, False):
        _begin_writing(connection)
    else:
        connection.exec_driver_sql("BEGIN")


def _begin_writing(connection: Connection) -> None:
    # SQLite itself looks for the lock at ever longer distances, up to 100 ms: writers who hold it for a few by turns
    # would spend most of their time asleep.
    cursor = connection.connection.cursor()
    end = time.monotonic() + _LOCK_SECONDS
    cursor.execute("PRAGMA busy_timeout=0")
    try:
        while not _begins(cursor):
            if time.monotonic() > end:
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # which fails as every statement of an engine does
                return
            time.sleep(_LOOK_SECONDS)
    finally:
        cursor.execute(f"PRAGMA busy_timeout={_LOCK_SECONDS * 1000}")
        cursor.close()


def _begins(cursor: Any) -> bool:
    try:
        cursor.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
            raise
        return False
    return True
