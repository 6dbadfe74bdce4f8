"""What the model says about a document, why people should look, and what they decided: as sentences."""

from pigeonhole_api.models import Document
from pigeonhole_frontends.app_display.markup import Tone, badge
from pigeonhole_frontends.app_session.language import Language

_STATE_TONES = {
    "waiting_upload": Tone.QUIET,
    "queued": Tone.QUIET,
    "leased": Tone.BUSY,
    "classified": Tone.GOOD,
    "needs_review": Tone.UNSURE,
    "failed": Tone.BAD,
    "cancelled": Tone.QUIET,
}


def reason_for_review(document: Document, language: Language) -> str | None:
    """Return why the model left a document to people, or None when it did not."""
    prediction = document.prediction
    if prediction is None or not prediction.abstained:
        return None
    if prediction.confidence is None or prediction.class_name is None:
        return language.text("reason.not_scored")
    if prediction.threshold is None:
        return language.text("reason.no_threshold", **{"class": prediction.class_name})
    confidence, threshold = _told_apart(prediction.confidence, prediction.threshold, language)
    return language.text("reason.below", confidence=confidence, threshold=threshold, **{"class": prediction.class_name})


def refusal(document: Document, language: Language) -> str | None:
    """Return why a document was not read, in words, or None."""
    if document.error is None:
        return None
    known = language.known("refusal", document.error.reason)
    return document.error.detail if known == document.error.reason else known


def decided_class(document: Document) -> str | None:
    """Return the class a document has now: the reviewer's word, else the model's."""
    if document.review is not None:
        return document.review.class_name
    return document.prediction.class_name if document.prediction else None


def state_badge(document: Document, language: Language) -> str:
    """Return a document's state as a badge; a review outweighs the model's state."""
    if document.review is not None:
        key = "review.corrected" if document.review.decision == "corrected" else "review.accepted"
        return badge(language.text(key), Tone.GOOD)
    return badge(language.known("document.state", document.state), _STATE_TONES.get(document.state, Tone.QUIET))


def _told_apart(confidence: float, threshold: float, language: Language) -> tuple[str, str]:
    """Write a confidence and its threshold with as many decimals as it takes to see which is the greater."""
    for places in range(3):
        written = language.percent(confidence, places), language.percent(threshold, places)
        if written[0] != written[1]:
            return written
    return language.percent(confidence, 3), language.percent(threshold, 3)
