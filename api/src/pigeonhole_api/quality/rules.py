"""Which decisions and documents a model's figures are about."""

from dataclasses import dataclass


@dataclass(frozen=True)
class QualityRules:
    """Windows in days, and the fewest documents on each side of a comparison.

    Decisions of the last `accuracy_days` count; documents of the last `drift_days` are compared with those that the
    version answered in its first `reference_days`.
    """

    accuracy_days: float
    drift_days: float
    reference_days: float
    fewest: int
