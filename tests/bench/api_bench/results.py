"""What the stages of the bench give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from api_bench.uploading import Uploaded

SQLITE, POSTGRESQL, PROCRASTINATE = "sqlite", "postgresql", "procrastinate"
DATABASES = (SQLITE, POSTGRESQL)


@dataclass(frozen=True)
class Intake:
    """A large job that was uploaded and checked, the milliseconds of each job that was declared, and the memory."""

    uploaded: Uploaded
    declared_documents: int
    declared_ms: Sequence[float]
    peak_mb: float
    memory_mb: Sequence[float]


@dataclass(frozen=True)
class Claims:
    """Milliseconds of each claim while so many documents were queued, and of queuing a document in a large job."""

    queued: int
    milliseconds: Sequence[float]
    queuing_ms_per_document: float


@dataclass(frozen=True)
class Drain:
    """How long a queue of documents took to empty, from their submission to the last result."""

    queue: str
    documents: int
    seconds: float

    @property
    def per_second(self) -> float:
        """Documents a second."""
        return self.documents / self.seconds


@dataclass(frozen=True)
class Wait:
    """How long a job of one file waited to be taken, and for its answer."""

    started_seconds: float
    answered_seconds: float


@dataclass(frozen=True)
class Shares:
    """While all documents of a small job were done, so many of a large one were, which had come as so many jobs."""

    jobs: int
    large: int
    small: int

    @property
    def ratio(self) -> float:
        """Documents of the large one for each of the small one: 1 is fair, and what splitting must not change."""
        return self.large / self.small


@dataclass(frozen=True)
class Fairness:
    """Waits beside a large job, and the shares of one who sends as much in one job and in many."""

    waiting: int
    waits: Sequence[Wait]
    shares: Sequence[Shares]


@dataclass(frozen=True)
class Results:
    """All that was measured, and why a database or a rival is left out."""

    intake: Intake
    claims: Mapping[str, Claims]
    drains: Sequence[Drain]
    fairness: Fairness
    left_out: Mapping[str, str] = field(default_factory=dict)
