"""The root of Pigeonhole's own exceptions."""


class PigeonholeError(Exception):
    """A failure that a person can act on: a reason code, one sentence, and a hint when there is one.

    `str(error)` is the sentence alone, fit to be shown to a user.
    """

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.hint = hint
