"""A training's state, stages, metrics and gates as HTML."""

from collections.abc import Mapping, Sequence

from pigeonhole_api.models import FINAL_TRAINING_STATES, Gate, PerClassScores, Training
from pigeonhole_frontends.app_display.markup import Tone, badge, escaped, table
from pigeonhole_frontends.app_session.language import Language

STAGES = ("dataset", "ocr", "clean", "preprocess", "train", "evaluate", "register")
HEADLINE_METRICS = ("macro_f1", "accuracy", "expected_calibration_error", "abstention_rate", "accuracy_when_confident")

_STATE_TONES = {
    "queued": Tone.QUIET,
    "running": Tone.BUSY,
    "succeeded": Tone.GOOD,
    "rejected": Tone.UNSURE,
    "failed": Tone.BAD,
}


def is_final(training: Training) -> bool:
    """Tell whether a training has ended."""
    return training.state in FINAL_TRAINING_STATES


def training_badge(state: str, language: Language) -> str:
    """Return a training's state as a badge."""
    return badge(language.known("training.state", state), _STATE_TONES.get(state, Tone.QUIET))


def stage_list(training: Training, language: Language) -> str:
    """Return the stages in their order: done, at work, still to come; the one at work is marked for screen readers."""
    current = STAGES.index(training.stage) if training.stage in STAGES else -1
    items = "".join(_stage(place, name, current, training, language) for place, name in enumerate(STAGES))
    return f'<ol class="ph-stages" aria-label="{language.html("training.stages")}">{items}</ol>'


def metric_tiles(metrics: Mapping[str, float], language: Language) -> str:
    """Return the headline metrics as tiles."""
    tiles = "".join(
        f"<div><dt>{escaped(metric_name(name, language))}</dt>"
        f"<dd>{escaped(metric_value(name, metrics[name], language))}</dd></div>"
        for name in HEADLINE_METRICS
        if name in metrics
    )
    return f'<dl class="ph-tiles">{tiles}</dl>'


def gate_table(gates: Sequence[Gate], language: Language) -> str:
    """Return every gate with its value, its limit, and whether it was passed."""
    head = [language.text(f"gates.{column}") for column in ("name", "value", "limit", "passed")]
    rows = [
        [
            escaped(gate_name(gate.name, language)),
            escaped(metric_value(gate.name, gate.value, language)),
            escaped(_limit(gate, language)),
            gate_badge(gate.passed, language),
        ]
        for gate in gates
    ]
    return table(language.text("gates.caption"), head, rows, numbers=(1, 2))


def gate_badge(passed: bool | None, language: Language) -> str:
    """Return whether gates were passed as a badge; None means that none was judged."""
    if passed is None:
        return badge(language.text("gates.none"), Tone.QUIET)
    return badge(language.text("gates.yes"), Tone.GOOD) if passed else badge(language.text("gates.no"), Tone.BAD)


def class_table(per_class: Sequence[PerClassScores], language: Language) -> str:
    """Return each class's precision, recall, F1 and number of documents."""
    head = [language.text(f"scores.{column}") for column in ("class", "precision", "recall", "f1", "support")]
    rows = [
        [
            escaped(each.class_name),
            *(escaped(language.decimal(score, 3)) for score in (each.precision, each.recall, each.f1)),
            escaped(language.whole(each.support)),
        ]
        for each in per_class
    ]
    return table(language.text("scores.title"), head, rows, numbers=range(1, 5))


def metric_name(name: str, language: Language) -> str:
    """Return a metric's name in words."""
    return language.known("metric", name)


def metric_value(name: str, value: float, language: Language) -> str:
    """Write a metric: counts whole, everything else with three decimals."""
    return language.whole(round(value)) if name == "documents" else language.decimal(value, 3)


def gate_name(name: str, language: Language) -> str:
    """Return a gate's name in words; a gate on one class names it after a colon."""
    kind, _, class_name = name.partition(":")
    return f"{language.known('gate', kind)}{f' – {class_name}' if class_name else ''}"


def _limit(gate: Gate, language: Language) -> str:
    sign = "\u2264" if gate.name == "expected_calibration_error" else "\u2265"
    return f"{sign} {metric_value(gate.name, gate.limit, language)}"


def _stage(place: int, name: str, current: int, training: Training, language: Language) -> str:
    done = place < current or training.state in {"succeeded", "rejected"}
    working = place == current and training.state == "running"
    failed = place == current and training.state == "failed"
    tone = Tone.GOOD if done else Tone.BUSY if working else Tone.BAD if failed else Tone.QUIET
    mark = "\u2713" if done else "\u25b6" if working else "\u2715" if failed else "\u2022"
    said = language.text(f"stage.{'done' if done else 'working' if working else 'failed' if failed else 'waiting'}")
    return (
        f'<li class="ph-{tone}"{" aria-current=step" if working else ""}><span aria-hidden="true">{mark}</span>'
        f"{language.html(f'stage.{name}')}{_share_done(training, language) if working else ''}"
        f'<span class="ph-hidden">{escaped(said)}</span></li>'
    )


def _share_done(training: Training, language: Language) -> str:
    if training.stage_done is None or not training.stage_total:
        return ""
    done, total = language.whole(training.stage_done), language.whole(training.stage_total)
    return f" <small>{escaped(f'{done}/{total}')}</small>"
