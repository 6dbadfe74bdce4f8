"""How good the answers are, and whether the documents have changed: pure functions over counts."""

from pigeonhole_api.quality.figures import DriftFigure, ShareFigure, compare_mixes, compare_numbers, share_figure
from pigeonhole_api.quality.sampling import is_audited

__all__ = [
    "DriftFigure",
    "ShareFigure",
    "compare_mixes",
    "compare_numbers",
    "is_audited",
    "share_figure",
]
