"""A job's state and how long it still takes, from the counts of its documents: pure decisions."""

from pigeonhole_api.models import JobCounts, JobState

_FEWEST_DONE = 3


def unfinished_state(*, expected: bool, open_: bool, started: bool, cancelled: bool) -> JobState | None:
    """Return a job's state while something still happens to it, else None.

    Args:
        expected: Whether a declared document has not come.
        open_: Whether a document waits or is at work.
        started: Whether a worker has ever taken a document.
        cancelled: Whether someone cancelled the job.
    """
    if expected and not cancelled:
        return "uploading"
    if not open_:
        return None
    if cancelled:
        return "cancelling"
    return "running" if started else "queued"


def job_state(counts: JobCounts, *, started: bool, cancelled: bool) -> JobState:
    """Return a job's state.

    Args:
        counts: Its documents by state.
        started: Whether a worker has ever taken one of them.
        cancelled: Whether someone cancelled it.
    """
    expected, open_ = counts.waiting_upload > 0, counts.queued + counts.leased > 0
    unfinished = unfinished_state(expected=expected, open_=open_, started=started, cancelled=cancelled)
    if unfinished is not None:
        return unfinished
    if counts.cancelled:
        return "cancelled"
    if counts.failed == 0:
        return "succeeded"
    return "failed" if counts.failed == counts.total else "partially_failed"


def eta_seconds(counts: JobCounts, started_at: float | None, now: float) -> float | None:
    """Return how long the rest takes at the pace so far, or None while nobody can tell."""
    done = counts.classified + counts.needs_review
    left = counts.waiting_upload + counts.queued + counts.leased
    if started_at is None or done < _FEWEST_DONE or left == 0:
        return None
    return round(left * max(0.0, now - started_at) / done, 1)
