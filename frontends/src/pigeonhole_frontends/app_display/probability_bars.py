"""All probabilities of a document as bars, and its confidence in words and colour."""

from collections.abc import Sequence

from pigeonhole_frontends.app_display.markup import Tone, badge, escaped
from pigeonhole_frontends.app_session.language import Language


def probability_bars(probabilities: Sequence[tuple[str, float]], language: Language) -> str:
    """Return a list of classes with their probabilities; the first is the model's answer."""
    rows = "".join(
        f'<li><span class="ph-bar-name">{escaped(name)}</span>'
        f'<span class="ph-bar-track" aria-hidden="true"><span style="width:{100 * p:.1f}%"></span></span>'
        f'<span class="ph-bar-share">{escaped(language.percent(p))}</span></li>'
        for name, p in probabilities
    )
    return f'<ul class="ph-bars" aria-label="{language.html("prediction.all")}">{rows}</ul>'


def confidence_badge(confidence: float | None, *, abstained: bool, language: Language) -> str:
    """Return the confidence as text with a colour; without a score it says so."""
    if confidence is None:
        return badge(language.text("confidence.none"), Tone.QUIET)
    key = "confidence.unsure" if abstained else "confidence.sure"
    tone = Tone.UNSURE if abstained else Tone.GOOD
    return badge(language.text(key, share=language.percent(confidence)), tone)
