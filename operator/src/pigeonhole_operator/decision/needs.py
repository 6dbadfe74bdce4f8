"""What a look has to find out before a decision can be taken: whatever is not needed is not asked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Needs:
    """Questions to the sources; versions are those of the registry."""

    versions: frozenset[str] = frozenset()
    evaluations: frozenset[str] = frozenset()
    artefacts: frozenset[str] = frozenset()
    routing: bool = False
    served_stable: bool = False
    served_candidate: bool = False
    readings: bool = False
    replay: bool = False
