"""Why the pool did not read a document that is not at fault itself."""

from pigeonhole.errors import PigeonholeError


class PoolFull(PigeonholeError):
    """As much work waits as may wait."""

    def __init__(self) -> None:
        super().__init__("Too many documents wait to be read.", code="queue-full", hint="Try again a little later.")


class PoolTimeout(PigeonholeError):
    """The caller's deadline passed before the document was read."""

    def __init__(self) -> None:
        super().__init__("The document was not read in time.", code="timeout")


class PoolStopped(PigeonholeError):
    """The pool was stopped before the document was read."""

    def __init__(self) -> None:
        super().__init__("Documents are no longer read here.", code="pool-stopped")
