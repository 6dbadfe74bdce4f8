"""A job's state and progress as HTML."""

from pigeonhole_api.models import FINAL_JOB_STATES, Job
from pigeonhole_frontends.app_display.markup import Tone, badge, escaped
from pigeonhole_frontends.app_session.language import Language

_STATE_TONES = {
    "uploading": Tone.BUSY,
    "queued": Tone.QUIET,
    "running": Tone.BUSY,
    "cancelling": Tone.BUSY,
    "succeeded": Tone.GOOD,
    "partially_failed": Tone.UNSURE,
    "failed": Tone.BAD,
    "cancelled": Tone.QUIET,
}
_SHARES = (
    ("classified", Tone.GOOD),
    ("needs_review", Tone.UNSURE),
    ("failed", Tone.BAD),
    ("cancelled", Tone.QUIET),
    ("leased", Tone.BUSY),
)


def is_final(job: Job) -> bool:
    """Tell whether nothing more happens to a job by itself."""
    return job.state in FINAL_JOB_STATES


def job_badge(job: Job, language: Language) -> str:
    """Return the job's state as a badge."""
    return badge(language.known("job.state", job.state), _STATE_TONES.get(job.state, Tone.QUIET))


def progress_bar(job: Job, language: Language) -> str:
    """Return a bar of the documents' states with a legend that says the same in words."""
    counts = {name: getattr(job.counts, name) for name, _ in _SHARES}
    total = max(1, job.counts.total)
    bar = "".join(
        f'<span class="ph-{tone}" style="width:{100 * counts[name] / total:.2f}%"></span>' for name, tone in _SHARES
    )
    to_come = {"queued": job.counts.queued, "waiting_upload": job.counts.waiting_upload}
    waiting = [(name, Tone.QUIET, count) for name, count in to_come.items()]
    legend = "".join(
        f'<li class="ph-{tone}">{escaped(language.counted(f"document.count.{name}", count))}</li>'
        for name, tone, count in [*((n, t, counts[n]) for n, t in _SHARES), *waiting]
        if count
    )
    done = job.counts.total - sum(to_come.values()) - job.counts.leased
    said = language.text("job.progress", done=language.whole(done), total=language.whole(job.counts.total))
    return (
        f'<div class="ph-progress" role="progressbar" aria-valuemin="0" aria-valuemax="{job.counts.total}" '
        f'aria-valuenow="{done}" aria-label="{escaped(said)}"><div class="ph-progress-track" aria-hidden="true">{bar}'
        f'</div><ul class="ph-progress-legend">{legend}</ul></div>'
    )


def time_left(job: Job, language: Language) -> str:
    """Return how long the job still takes, or an empty text when nobody can tell."""
    if is_final(job) or job.eta_seconds is None:
        return ""
    return language.text("job.eta", left=language.seconds(job.eta_seconds))
