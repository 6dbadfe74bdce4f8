"""What became of documents is written down: the results of those that end together in one transaction."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from pigeonhole.telemetry import bind_context, get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.metrics import DOCUMENT_SECONDS, DOCUMENTS, RESULTS_DROPPED
from pigeonhole_api.models import Prediction
from pigeonhole_api.records import leases
from pigeonhole_api.records.leases import Lease
from pigeonhole_api.worker.faults import count_fault
from pigeonhole_api.worker.outcomes import Answered, Failed, Outcome, Refused, Unavailable

Claim = Callable[[Connection], list[Lease]]
"""Takes new documents within a transaction."""

_log = get_logger(__name__)


@dataclass(frozen=True)
class Ending:
    """A document that has left a worker's hand, and what became of it."""

    lease: Lease
    outcome: Outcome


def has_answers(endings: Sequence[Ending]) -> bool:
    """Tell whether there is a result among endings."""
    return any(isinstance(each.outcome, Answered) for each in endings)


class EndingWriter:
    """Writes endings down; what cannot be written is left to the end of its lease, which nobody renews any more."""

    def __init__(self, database: Database, *, max_attempts: int, audit_share: float = 0.0) -> None:
        self._database = database
        self._max_attempts = max_attempts
        self._audit_share = audit_share

    def write(self, endings: Sequence[Ending], claim: Claim | None = None) -> list[Lease]:
        """Keep answers together, since a commit waits for the disk, and everything else one by one.

        Returns:
            What `claim` has taken in the transaction of the answers; nothing when that has failed.
        """
        answers = {each.lease: each.outcome.prediction for each in endings if isinstance(each.outcome, Answered)}
        taken: list[Lease] = []
        try:
            taken = self._keep_answers(answers, claim)
        except Exception as error:  # noqa: BLE001 - one of them may be at fault, and the others must not suffer for it
            count_fault("results_failed", error)
            for lease, prediction in answers.items():
                self._keep_answer_alone(lease, prediction)
        for each in endings:
            if each.lease not in answers:
                self._write_other(each.lease, each.outcome)
        return taken

    def _keep_answers(self, answers: dict[Lease, Prediction], claim: Claim | None = None) -> list[Lease]:
        if not answers:
            return []
        with self._database.write() as connection:
            kept = leases.finish_all(connection, answers, audit_share=self._audit_share)
            taken = [] if claim is None else claim(connection)
        for lease in answers:
            _note(lease, "answered", kept=lease in kept)
        return taken

    def _keep_answer_alone(self, lease: Lease, prediction: Prediction) -> None:
        try:
            self._keep_answers({lease: prediction})
        except Exception as error:  # noqa: BLE001 - the lease ends by itself
            with bind_context(document_id=lease.document_id, job_id=lease.job_id):
                count_fault("document_failed", error)

    def _write_other(self, lease: Lease, outcome: Outcome) -> None:
        try:
            with self._database.write() as connection:
                match outcome:
                    case Refused(reason, detail):
                        kept, result = leases.fail(connection, lease, reason, detail), "refused"
                    case Failed(reason, detail) if lease.attempt >= self._max_attempts:
                        kept, result = leases.fail(connection, lease, reason, detail), "failed"
                    case Failed():
                        kept, result = leases.put_back(connection, lease), "put_back"
                    case Unavailable():
                        kept, result = leases.release(connection, lease), "released"
            _note(lease, result, kept=kept)
        except Exception as error:  # noqa: BLE001 - the lease ends by itself
            with bind_context(document_id=lease.document_id, job_id=lease.job_id):
                count_fault("document_failed", error)


def _note(lease: Lease, result: str, *, kept: bool) -> None:
    found = {"document_id": lease.document_id, "job_id": lease.job_id, "attempt": lease.attempt}
    if not kept:
        RESULTS_DROPPED.inc()
        _log.warning("result_dropped", **found)
        return
    DOCUMENTS.labels(result).inc()
    if result == "answered":
        DOCUMENT_SECONDS.observe(max(0.0, time.time() - lease.created_at))
    _log.info("document_ended", result=result, **found)
