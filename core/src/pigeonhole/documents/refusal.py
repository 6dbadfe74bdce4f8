"""Why a document is refused."""

from enum import StrEnum

from pigeonhole.errors import PigeonholeError


class RefusalReason(StrEnum):
    """The closed list of reasons to refuse a document."""

    UNSUPPORTED_TYPE = "unsupported-type"
    TOO_LARGE = "too-large"
    TOO_MANY_PIXELS = "too-many-pixels"
    ENCRYPTED = "encrypted"
    UNREADABLE = "unreadable"
    EMPTY = "empty"
    TIMEOUT = "timeout"


class DocumentRefused(PigeonholeError):
    """A document that cannot be read; its `reason` is also the error's code."""

    def __init__(self, reason: RefusalReason, detail: str) -> None:
        super().__init__(detail, code=reason.value)
        self.reason = reason
        self.detail = detail

    def __reduce__(self) -> tuple[type["DocumentRefused"], tuple[RefusalReason, str]]:
        """Pickle by the constructor's own arguments, so that a worker process can raise it."""
        return DocumentRefused, (self.reason, self.detail)
