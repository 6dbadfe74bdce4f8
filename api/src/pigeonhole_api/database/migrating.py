"""Bring the database to this version's tables."""

from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.exc import OperationalError

from pigeonhole.settings import PlatformSettings
from pigeonhole.telemetry import get_logger
from pigeonhole_api.database.engine import Database, DatabaseError
from pigeonhole_api.settings import DatabaseSettings

NEWEST = "0006"
"""The newest migration's number."""

MIGRATIONS = Path(__file__).with_name("migrations")

_LOCK_NUMBER = 7_201_407
_log = get_logger(__name__)


def open_database(settings: DatabaseSettings, platform: PlatformSettings) -> Database:
    """Return the database of an installation, migrated.

    Raises:
        DatabaseError: `database-url-invalid`, or `database-unavailable` when it does not answer.
    """
    database = Database(settings.database_url or f"sqlite:///{platform.home.absolute() / 'platform.db'}")
    try:
        migrate(database)
    except OperationalError as error:
        database.close()
        raise DatabaseError(f"The database does not answer: {_first_line(error)}") from error
    return database


def migrate(database: Database) -> None:
    """Apply what migrations are missing; processes that start together take turns.

    A database that a later version has migrated is used as it is: migrations leave the version before able to work, so
    that an upgrade can be taken back.
    """
    present = _version(database)
    if present is not None and present >= NEWEST:
        if present > NEWEST:
            _log.warning("database_is_newer", version=present, known=NEWEST)
        return
    from alembic import command  # takes half a second to import, and most starts have nothing to migrate
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    with database.reshape() as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _LOCK_NUMBER})
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def _version(database: Database) -> str | None:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
        return found


def _first_line(error: OperationalError) -> str:
    return str(error.orig).strip().partition("\n")[0]
