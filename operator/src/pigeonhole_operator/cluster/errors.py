"""What a request to the API server can come to, each with a CamelCase reason; nothing else is raised by the port."""

from pigeonhole.errors import PigeonholeError


class ClusterError(PigeonholeError):
    """A request to the API server that did not do what it should; the sentence never quotes a body."""

    reason = "ClusterError"

    def __init__(self, message: str) -> None:
        super().__init__(message, code=self.reason)


class Unreachable(ClusterError):
    """No answer, not in time, or one by which the API server says that it cannot just now."""

    reason = "Unreachable"


class Conflict(ClusterError):
    """The object is another than the one that was looked at: a new version, another uid, or a namespace that ends."""

    reason = "Conflict"


class FieldConflict(ClusterError):
    """Fields to be written belong to somebody else; `managers` are their names."""

    reason = "FieldConflict"

    def __init__(self, message: str, managers: tuple[str, ...]) -> None:
        super().__init__(message)
        self.managers = managers


class AlreadyExists(ClusterError):
    """There is an object of that name."""

    reason = "AlreadyExists"


class NotFound(ClusterError):
    """There is no such object, or the cluster does not know its kind."""

    reason = "NotFound"


class Forbidden(ClusterError):
    """The operator's credentials are not taken, or do not allow it."""

    reason = "Forbidden"


class Invalid(ClusterError):
    """The API server refuses the object as it is."""

    reason = "Invalid"
