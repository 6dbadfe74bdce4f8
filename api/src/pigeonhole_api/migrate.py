"""`python -m pigeonhole_api.migrate`: bring the database to this version's tables, and end.

Processes that start do the same; where several start at once, or may change no tables, this is run before them.
"""

import argparse
import time
from collections.abc import Sequence

from pydantic import ValidationError

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings, describe_invalid_settings
from pigeonhole.telemetry import configure_logging, get_logger
from pigeonhole_api.database import DatabaseError, open_database
from pigeonhole_api.database.migrating import NEWEST
from pigeonhole_api.settings import DatabaseSettings
from pigeonhole_api.startup import fail_to_start

_PAUSE_SECONDS = 1.0
_log = get_logger(__name__)


def main(arguments: Sequence[str] | None = None) -> None:
    """Migrate; exit code 2 when the settings are wrong or the database does not answer in time."""
    parser = argparse.ArgumentParser(prog="pigeonhole_api.migrate", description="Migrate the Pigeonhole database.")
    parser.add_argument("--wait", type=float, default=0.0, help="seconds to wait for a database that does not answer")
    options = parser.parse_args(arguments)
    try:
        settings, platform = DatabaseSettings(), PlatformSettings()
        configure_logging("migrate", settings.log_level)
        _migrate(settings, platform, time.monotonic() + options.wait)
    except ValidationError as error:
        fail_to_start(describe_invalid_settings(error) or "The settings are wrong.")
    except PigeonholeError as error:
        fail_to_start(f"{error.message} {error.hint or ''}")
    _log.info("migrated", version=NEWEST)


def _migrate(settings: DatabaseSettings, platform: PlatformSettings, until: float) -> None:
    while True:
        try:
            open_database(settings, platform).close()
        except DatabaseError as error:
            if error.code != "database-unavailable" or time.monotonic() > until:
                raise
            _log.info("database_awaited")
            time.sleep(_PAUSE_SECONDS)
        else:
            return


if __name__ == "__main__":
    main()
