"""Work that comes round again and that one process does for all, by a row that says when it is due."""

from sqlalchemy import Connection, select, update
from sqlalchemy.dialects import postgresql, sqlite

from pigeonhole_api.database import database_now
from pigeonhole_api.database.tables import periodic_work


def is_due(connection: Connection, name: str) -> bool:
    """Tell whether a work may be taken; one that nobody has ever done is due."""
    later = (periodic_work.c.name == name, periodic_work.c.due_at > database_now())
    return connection.execute(select(periodic_work.c.name).where(*later)).first() is None


def take(connection: Connection, name: str, owner: str, *, seconds: float) -> bool:
    """Take a work that is due; it is due again in so many seconds, whether it succeeds or its owner dies."""
    added = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(periodic_work)
    due_at = database_now() + seconds
    statement = added.values(name=name, owner=owner, due_at=due_at).on_conflict_do_update(
        index_elements=["name"],
        set_={"owner": owner, "due_at": due_at},
        where=periodic_work.c.due_at <= database_now(),
    )
    return connection.execute(statement.returning(periodic_work.c.name)).first() is not None


def note_success(connection: Connection, name: str, owner: str) -> bool:
    """Keep that a work has been done; False when it took so long that someone else has taken it meanwhile."""
    own = (periodic_work.c.name == name, periodic_work.c.owner == owner)
    return connection.execute(update(periodic_work).where(*own).values(succeeded_at=database_now())).rowcount == 1


def last_success(connection: Connection, name: str) -> float | None:
    """Return when a work was last done, or None."""
    return connection.execute(
        select(periodic_work.c.succeeded_at).where(periodic_work.c.name == name)
    ).scalar_one_or_none()
