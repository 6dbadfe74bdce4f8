"""The training screen: what would be trained on, the training at work, and what the last one came to."""

import streamlit as st

from pigeonhole_api.models import ClassSummary, Training
from pigeonhole_frontends.admin_app.addresses import CLASSES_SCREEN, CORRECTIONS_SCREEN
from pigeonhole_frontends.admin_app.class_names import ENOUGH_EXAMPLES
from pigeonhole_frontends.admin_app.training_display import (
    class_table,
    gate_table,
    is_final,
    metric_tiles,
    stage_list,
    training_badge,
)
from pigeonhole_frontends.app_display.heat_map import heat_map
from pigeonhole_frontends.app_display.markup import Tone, badge, escaped, facts, notice, table
from pigeonhole_frontends.app_session import AppSettings, platform, show_screen
from pigeonhole_frontends.app_session.faults import faults_in_words
from pigeonhole_frontends.app_session.language import Language

_FEWEST_CLASSES = 2


def draw(language: Language) -> None:
    """Draw the training set, the button, and the latest training."""
    trainings = platform().trainings()
    latest = trainings[0] if trainings else None
    busy = latest is not None and not is_final(latest)
    _draw_training_set(platform().classes(), busy=busy, language=language)
    if latest is not None:
        st.fragment(run_every=AppSettings().refresh_seconds if busy else None)(_draw_training)(
            latest.id, language, was_busy=busy
        )


def _draw_training_set(classes: list[ClassSummary], *, busy: bool, language: Language) -> None:
    st.subheader(language.text("train.set"), anchor=False)
    if not classes:
        st.info(language.text("train.no_classes"), icon=":material/info:")
        st.page_link(CLASSES_SCREEN, label=language.text("classes.title"), icon=":material/category:")
        return
    head = [language.text(f"train.{column}") for column in ("class", "examples", "waiting")]
    st.html(table(language.text("train.set"), head, [_class_row(each, language) for each in classes], numbers=(1, 2)))
    if waiting := sum(each.corrections_waiting for each in classes):
        st.page_link(
            CORRECTIONS_SCREEN,
            label=language.counted("train.corrections_waiting", waiting),
            icon=":material/fact_check:",
        )
    ready = sum(1 for each in classes if each.examples) >= _FEWEST_CLASSES
    if not ready:
        st.warning(language.text("train.too_few_classes"), icon=":material/info:")
    if st.button(
        language.text("train.start"),
        type="primary",
        icon=":material/play_arrow:",
        disabled=busy or not ready,
        key="start",
    ):
        version = platform().create_dataset_version()
        platform().start_training(version.id)
        st.rerun()


def _class_row(each: ClassSummary, language: Language) -> list[str]:
    few = f" {badge(language.text('train.few'), Tone.UNSURE)}" if each.examples < ENOUGH_EXAMPLES else ""
    return [
        f"{escaped(each.name)}{few}",
        escaped(language.whole(each.examples)),
        escaped(language.whole(each.corrections_waiting)),
    ]


def _draw_training(training_id: str, language: Language, *, was_busy: bool) -> None:
    with faults_in_words(language, key="training"):
        training = platform().training(training_id)
        if was_busy and is_final(training):
            st.rerun()
        st.subheader(language.text("train.latest"), anchor=False)
        st.html(training_badge(training.state, language))
        st.html(stage_list(training, language))
        st.html(facts(_known(training, language)))
        if training.error is not None:
            st.html(notice(language.text("train.failed", error=training.error), Tone.BAD))
        if training.state == "rejected":
            st.html(notice(language.text("train.rejected"), Tone.UNSURE))
        _draw_result(training, language)


def _known(training: Training, language: Language) -> list[tuple[str, str]]:
    known = [(language.text("train.dataset"), (training.dataset_version or "")[:12])]
    if training.started_at is not None:
        known.append((language.text("train.started"), language.moment(training.started_at)))
    if training.started_at is not None and training.finished_at is not None:
        took = (training.finished_at - training.started_at).total_seconds()
        known.append((language.text("train.took"), language.seconds(took)))
    if training.model_version is not None:
        known.append((language.text("train.model"), training.model_version))
    return known


def _draw_result(training: Training, language: Language) -> None:
    if training.metrics:
        st.subheader(language.text("train.metrics"), anchor=False)
        st.html(metric_tiles(training.metrics, language))
    if training.gates is not None:
        st.subheader(language.text("gates.title"), anchor=False)
        st.html(gate_table(training.gates.gates, language))
    if training.labels and training.confusion:
        st.subheader(language.text("heat_map.title"), anchor=False)
        st.html(heat_map(training.labels, training.confusion, language))
    if training.per_class:
        st.subheader(language.text("scores.title"), anchor=False)
        st.html(class_table(training.per_class, language))


if __name__ == "__main__":
    show_screen("train.title", draw, no_model="model.none_for_admins")
