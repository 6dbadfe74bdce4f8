"""How a model does since it serves: what a blind audit found, and whether documents drift, as HTML."""

from pigeonhole_api.models import AccuracyFigure, DriftScore, ModelQuality
from pigeonhole_frontends.app_display.markup import Tone, badge, escaped, table
from pigeonhole_frontends.app_session.language import Language

_TONES = {"stable": Tone.GOOD, "moderate": Tone.UNSURE, "shifted": Tone.BAD}


def accuracy_table(quality: ModelQuality, language: Language) -> str:
    """Return each share of people's decisions that were for the model, with its interval and how many there are."""
    head = [language.text(f"quality.{column}") for column in ("figure", "value", "interval", "decisions")]
    rows = [_accuracy_row(each, language) for each in quality.accuracy]
    days = _days(quality.accuracy_days, language)
    return table(language.text("quality.accuracy", days=days), head, rows, numbers=(1, 2, 3))


def drift_table(quality: ModelQuality, language: Language) -> str:
    """Return how far the latest documents are from the model's first ones, feature by feature."""
    head = [language.text(f"quality.{column}") for column in ("feature", "index", "chance", "documents", "verdict")]
    rows = [_drift_row(each, language) for each in quality.drift]
    days = {"days": _days(quality.drift_days, language), "first": _days(quality.reference_days, language)}
    return table(language.text("quality.drift", **days), head, rows, numbers=(1, 2, 3))


def _accuracy_row(each: AccuracyFigure, language: Language) -> list[str]:
    interval = "–"
    if each.low is not None and each.high is not None:
        interval = f"{language.percent(each.low, 1)} – {language.percent(each.high, 1)}"
    return [
        language.html(f"quality.{each.name}"),
        "–" if each.value is None else f"<b>{escaped(language.percent(each.value, 1))}</b>",
        escaped(interval),
        escaped(language.whole(each.n)),
    ]


def _drift_row(each: DriftScore, language: Language) -> list[str]:
    verdict = (
        escaped(language.known("quality.reason", each.reason or ""))
        if each.verdict is None
        else badge(language.text(f"quality.{each.verdict}"), _TONES[each.verdict])
    )
    return [
        language.html(f"quality.feature.{each.feature}"),
        *("–" if value is None else escaped(language.decimal(value, 3)) for value in (each.value, each.chance)),
        escaped(f"{language.whole(each.n)} / {language.whole(each.reference_n)}"),
        verdict,
    ]


def _days(days: float | None, language: Language) -> str:
    return language.whole(round(days or 0))
