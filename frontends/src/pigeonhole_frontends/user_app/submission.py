"""Whether an upload can be sent: a pure check."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class SubmissionProblem:
    """What keeps an upload from being sent, as a text's key and its values."""

    key: str
    values: dict[str, int] = field(default_factory=dict)


def check_submission(reference: str, files: int, most_files: int) -> SubmissionProblem | None:
    """Return what is wrong with an upload, or None."""
    if not reference.strip():
        return SubmissionProblem("upload.no_reference")
    if files == 0:
        return SubmissionProblem("upload.no_files")
    if files > most_files:
        return SubmissionProblem("upload.too_many_files", {"chosen": files, "most": most_files})
    return None
