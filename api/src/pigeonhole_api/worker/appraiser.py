"""The models' figures, computed from time to time by one worker for all."""

from pigeonhole.telemetry import get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.records.periodic_work import is_due, note_success, take
from pigeonhole_api.records.quality import QUALITY_WORK, replace_figures
from pigeonhole_api.records.quality_counts import compute_figures
from pigeonhole_api.settings import WorkerSettings
from pigeonhole_api.worker.repeating import Repeating

_log = get_logger(__name__)
_LOOKS_A_PERIOD = 10
"""Workers that look at different times make no period much longer than it is meant to be."""


class Appraiser(Repeating):
    """A thread that computes the figures when they are due and no other worker does."""

    def __init__(self, database: Database, owner: str, settings: WorkerSettings) -> None:
        super().__init__("appraiser", settings.quality_seconds / _LOOKS_A_PERIOD, fault="quality_failed")
        self._database = database
        self._owner = owner
        self._seconds = settings.quality_seconds
        self._rules = settings.quality_rules

    def _act(self) -> None:
        if self._is_taken():
            self._compute()

    def _is_taken(self) -> bool:
        with self._database.read() as connection:
            if not is_due(connection, QUALITY_WORK):
                return False
        with self._database.write() as connection:
            return take(connection, QUALITY_WORK, self._owner, seconds=self._seconds)

    def _compute(self) -> None:
        # Counted in a transaction that only reads, since it may take long, and written in one that is short.
        with self._database.read() as connection:
            figures = compute_figures(connection, self._rules)
        with self._database.write() as connection:
            kept = note_success(connection, QUALITY_WORK, self._owner)
            if kept:
                replace_figures(connection, figures, self._rules)
        _log.info("quality_computed", versions=len(figures), kept=kept)
