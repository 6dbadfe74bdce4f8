"""Bring the database to this version's tables."""

from pathlib import Path

from sqlalchemy import inspect, text

from pigeonhole.settings import PlatformSettings
from pigeonhole_api.database.engine import Database
from pigeonhole_api.settings import DatabaseSettings

NEWEST = "0006"
"""The newest migration's number."""

MIGRATIONS = Path(__file__).with_name("migrations")

_LOCK_NUMBER = 7_201_407


def open_database(settings: DatabaseSettings, platform: PlatformSettings) -> Database:
    """Return the database of an installation, migrated.

    Raises:
        DatabaseError: `database-url-invalid`.
    """
    database = Database(settings.database_url or f"sqlite:///{platform.home.absolute() / 'platform.db'}")
    migrate(database)
    return database


def migrate(database: Database) -> None:
    """Apply what migrations are missing; processes that start together take turns."""
    if _is_newest(database):
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


def _is_newest(database: Database) -> bool:
    with database.read() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return False
        return connection.execute(text("SELECT version_num FROM alembic_version")).scalars().all() == [NEWEST]
