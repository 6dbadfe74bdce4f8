"""What was read of a namespace, at one time."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from pigeonhole_frontends.release_diagnosis.objects import Object


@dataclass(frozen=True)
class Snapshot:
    """A namespace's objects by kind.

    `absent` holds kinds that the cluster does not know, `unread` those that may not be read, `last_words` the last line
    of a container that ended, by pod and container.
    """

    namespace: str
    now: datetime
    objects: Mapping[str, tuple[Object, ...]]
    absent: frozenset[str] = frozenset()
    unread: frozenset[str] = frozenset()
    last_words: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Object, ...]:
        """Return all that was read of a kind."""
        return self.objects.get(kind, ())

    def knows(self, kind: str) -> bool:
        """Tell whether what is not there of a kind is really not there."""
        return kind not in self.unread and kind not in self.absent
