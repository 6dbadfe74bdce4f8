"""What a model says of plain texts, as it goes from a predictor to who asks; needs neither of their libraries."""

from dataclasses import dataclass

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import WordWeight


@dataclass(frozen=True)
class ScoredTexts:
    """A model's numbers: one row of probabilities a text, of NaN for a text with no n-gram that the model knows.

    `reasons` holds one tuple of words a text, or is empty when no reasons were asked for; `stop_confidence` is the
    model's, by which `reads_enough` decides.
    """

    model: ModelIdentity
    classes: tuple[str, ...]
    thresholds: tuple[float, ...]
    probabilities: tuple[tuple[float, ...], ...]
    stop_confidence: float | None
    reasons: tuple[tuple[WordWeight, ...], ...] = ()
