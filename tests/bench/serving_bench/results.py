"""What the stages of the bench give."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from serving_bench.load import Turn
from serving_bench.memory import MemoryCourse
from serving_bench.overload import Outcome
from serving_bench.single import Answered


@dataclass(frozen=True)
class Comparison:
    """All turns of all servers, why a rival is left out, and by how much probabilities differed at most."""

    turns: Sequence[Turn]
    left_out: Mapping[str, str] = field(default_factory=dict)
    largest_difference: float = 0.0


@dataclass(frozen=True)
class Overload:
    """What the transformer did under more documents than it can read; `planned` is how many were to be sent."""

    capacity_per_second: float
    planned: int
    outcomes: Sequence[Outcome]
    liveness_ms: Sequence[float]
    liveness_failed: int
    memory_mb: Sequence[float]
    memory: MemoryCourse
    seconds: float


@dataclass(frozen=True)
class Results:
    """All that was measured."""

    comparison: Comparison
    cold: Sequence[Answered]
    cached: Sequence[Answered]
    overload: Overload
