"""How a training fails beyond what its steps say themselves."""

from pigeonhole.errors import PigeonholeError


class StepFailed(PigeonholeError):
    """A step said in its own process why it cannot do its work: its sentence, code and hint."""

    def __init__(self, message: str, *, code: str, hint: str | None) -> None:
        super().__init__(message, code=code, hint=hint)


class TrainingCrashed(PigeonholeError):
    """A step ended without saying why."""

    def __init__(self, stage: str, *, hint: str) -> None:
        super().__init__(f"{stage}: the step ended unexpectedly.", code="training-crashed", hint=hint)


class SubmissionFailed(PigeonholeError):
    """Kubeflow Pipelines did not take the run."""

    def __init__(self, endpoint: str, *, reason: str) -> None:
        super().__init__(
            f"endpoint: Kubeflow Pipelines at {endpoint} {reason}.",
            code="submission-failed",
            hint="Check the address, and that this machine may reach it.",
        )
