"""Tables, transactions, the clock and migrations."""

from pigeonhole_api.database.clock import database_now
from pigeonhole_api.database.engine import Database, DatabaseError, now
from pigeonhole_api.database.migrating import migrate, open_database
from pigeonhole_api.database.probing import probe

__all__ = ["Database", "DatabaseError", "database_now", "migrate", "now", "open_database", "probe"]
