"""What has happened in a job since a moment: its documents that have ended, in that order."""

from dataclasses import dataclass

from sqlalchemy import Connection, select

from pigeonhole_api.database.tables import documents, predictions
from pigeonhole_api.models import DocumentEvent

_OVERLAP_SECONDS = 5.0
"""An end is dated before its transaction is kept: a look goes back so far, lest one that was kept late is missed."""


@dataclass(frozen=True)
class Ended:
    """A document's end: `key` is the same for the same end, `at` is in seconds since 1970."""

    key: tuple[str, int]
    at: float
    event: DocumentEvent


def ended_since(connection: Connection, job_id: str, since: float) -> list[Ended]:
    """Return ends from a little before a moment on; a reader passes over those that it has seen."""
    recent = (documents.c.job_id == job_id, documents.c.finished_at >= since - _OVERLAP_SECONDS)
    statement = (
        select(documents, predictions.c.class_name, predictions.c.confidence)
        .outerjoin(predictions, predictions.c.document_id == documents.c.id)
        .where(*recent)
        .order_by(documents.c.finished_at, documents.c.id)
    )
    return [
        Ended(
            key=(row.id, row.attempts),
            at=row.finished_at,
            event=DocumentEvent(
                document_id=row.id,
                state=row.state,
                class_name=row.class_name,
                confidence=row.confidence,
                reason=row.error_reason,
            ),
        )
        for row in connection.execute(statement)
    ]
