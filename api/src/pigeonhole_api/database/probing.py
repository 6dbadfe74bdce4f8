"""Whether the database answers."""

from sqlalchemy import text

from pigeonhole_api.database.engine import Database

_NO_JOB = text("SELECT count(*) FROM jobs WHERE id = ''")


def probe(database: Database) -> None:
    """Ask one of our tables for nothing.

    Raises:
        SQLAlchemyError: The database does not answer, or has no such table.
    """
    with database.read() as connection:
        connection.execute(_NO_JOB)
