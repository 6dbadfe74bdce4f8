"""What carrying out a plan came to, and when to try again."""

from dataclasses import dataclass
from enum import StrEnum

from pigeonhole_operator.cluster.errors import ClusterError, Conflict, FieldConflict, Forbidden, Invalid
from pigeonhole_operator.decision.observed import Problem
from pigeonhole_operator.sources.ports import SourceError

_HOPELESS_SECONDS = 60.0
"""Nothing but a change by a person helps: it is tried again, and no one is hurried."""


class Result(StrEnum):
    """The result of a look, as the metrics count it; a conflict is no error: what was seen is not so any more."""

    SUCCESS = "success"
    CONFLICT = "conflict"
    ERROR = "error"
    INVALID = "invalid"
    NOT_LEADING = "not_leading"
    GONE = "gone"


@dataclass(frozen=True)
class Outcome:
    """How a plan ended: `field_conflict` is who has fields that were to be written, `failure` why it ended early."""

    result: Result
    field_conflict: str | None = None
    failure: Problem | None = None
    again_after: float | None = None
    """Seconds until the next look; the least of them after a failure."""


NOT_LEADING = Outcome(Result.NOT_LEADING)


def failed_by(error: ClusterError | SourceError) -> Outcome:
    """Return what an action that failed means for the next look."""
    problem = Problem(error.code, error.message)
    match error:
        case FieldConflict():
            return Outcome(Result.CONFLICT, field_conflict=", ".join(error.managers))
        case Conflict():
            return Outcome(Result.CONFLICT)
        case Forbidden() | Invalid():
            return Outcome(Result.ERROR, failure=problem, again_after=_HOPELESS_SECONDS)
    return Outcome(Result.ERROR, failure=problem)
