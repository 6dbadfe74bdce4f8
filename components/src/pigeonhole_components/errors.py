"""How a training step fails."""

from pigeonhole.errors import PigeonholeError


class StepError(PigeonholeError):
    """A step cannot do its work; the code is the kind of obstacle."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


class ParamsError(StepError):
    """A parameter is unknown or out of range; the message names it with its section."""

    def __init__(self, message: str) -> None:
        super().__init__(message, code="params-invalid", hint="docs/training.md lists every parameter.")
