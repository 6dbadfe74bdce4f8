"""The runs screen: every model with its metrics, two of them compared, and an earlier one restored."""

from collections.abc import Callable
from itertools import takewhile

import streamlit as st

from pigeonhole_api.models import ChosenModel, Model, ModelDetail
from pigeonhole_frontends.admin_app.addresses import TRAIN_SCREEN
from pigeonhole_frontends.admin_app.comparison import MetricChange, compare_metrics, joined_labels, on_same_labels
from pigeonhole_frontends.admin_app.quality_display import accuracy_table, drift_table
from pigeonhole_frontends.admin_app.training_display import (
    HEADLINE_METRICS,
    gate_badge,
    is_final,
    metric_name,
    metric_value,
    training_badge,
)
from pigeonhole_frontends.app_display.heat_map import difference_map
from pigeonhole_frontends.app_display.markup import Tone, badge, escaped, table, unbroken
from pigeonhole_frontends.app_session import platform, show_screen
from pigeonhole_frontends.app_session.language import Language

CHAMPION = "champion"
_CHOSEN = "runs_chosen"


def draw(language: Language) -> None:
    """Draw the models, the comparison and the restoring."""
    models = platform().models()
    if not models:
        st.info(language.text("runs.none"), icon=":material/info:")
        st.page_link(TRAIN_SCREEN, label=language.text("train.title"), icon=":material/model_training:")
    else:
        st.html(
            table(
                language.text("runs.models"),
                _model_head(language),
                [_model_row(each, language) for each in models],
                numbers=range(3, 6),
            )
        )
        _draw_refusals(models, language)
        _draw_quality(models, language)
        _draw_comparison(models, language)
        _draw_restoring(models, language)
    _draw_trainings_without_model(language)


def _model_head(language: Language) -> list[str]:
    return [
        language.text("runs.version"),
        language.text("runs.role"),
        language.text("runs.created"),
        *(metric_name(name, language) for name in HEADLINE_METRICS[:3]),
        language.text("gates.title"),
        language.text("train.dataset"),
    ]


def _model_row(model: Model, language: Language) -> list[str]:
    roles = [
        badge(language.known("alias", alias), Tone.GOOD if alias == CHAMPION else Tone.QUIET) for alias in model.aliases
    ]
    if model.promotion is not None and model.promotion.is_refusal:
        roles.append(badge(language.known("promotion", model.promotion.result), Tone.BAD))
    return [
        f"<b>{escaped(model.version)}</b>",
        " ".join(roles),
        unbroken(language.moment(model.created_at)),
        *(escaped(_metric(model, name, language)) for name in HEADLINE_METRICS[:3]),
        gate_badge(model.gates_passed, language),
        f"<code>{escaped(model.dataset_version[:12])}</code>",
    ]


def _draw_refusals(models: list[Model], language: Language) -> None:
    """Say what the operator has found of versions that came after the one in use."""
    newer = takewhile(lambda model: CHAMPION not in model.aliases, models)
    for model in newer:
        if model.promotion is not None and model.promotion.is_refusal:
            st.caption(language.markdown("runs.not_taken", version=model.version, message=model.promotion.message))


def _metric(model: Model, name: str, language: Language) -> str:
    value = model.metrics.get(name)
    return "–" if value is None else metric_value(name, value, language)


def _draw_quality(models: list[Model], language: Language) -> None:
    serving = _serving(models)
    if serving is None:
        return
    st.subheader(language.text("quality.title", version=serving), anchor=False)
    quality = platform().model_quality(serving)
    if quality.computed_at is None:
        st.caption(language.text("quality.none"))
        return
    st.html(accuracy_table(quality, language))
    st.caption(language.text("quality.explained"))
    st.html(drift_table(quality, language))
    st.caption(language.text("quality.computed", moment=language.moment(quality.computed_at)))


def _draw_comparison(models: list[Model], language: Language) -> None:
    st.subheader(language.text("runs.compare"), anchor=False)
    versions = [each.version for each in models]
    if len(versions) == 1:
        st.caption(language.text("runs.compare_needs_two"))
        return
    first, second = st.columns(2)
    before = first.selectbox(
        language.text("runs.before"), versions, index=1, key="before", format_func=_named(language)
    )
    after = second.selectbox(language.text("runs.after"), versions, index=0, key="after", format_func=_named(language))
    if before == after:
        st.info(language.text("runs.same"), icon=":material/info:")
        return
    _draw_difference(platform().model(before), platform().model(after), language)


def _draw_difference(before: ModelDetail, after: ModelDetail, language: Language) -> None:
    names = {"before": before.version, "after": after.version}
    head = [
        language.text("runs.metric"),
        language.text("model.in_use", version=before.version),
        language.text("model.in_use", version=after.version),
        language.text("runs.change"),
    ]
    changes = compare_metrics(before.metrics, after.metrics)
    rows = [_change_row(each, language) for each in changes]
    st.html(table(language.text("runs.metrics_of", **names), head, rows, numbers=(1, 2)))
    if not (before.confusion and after.confusion):
        st.caption(language.text("runs.no_confusion"))
        return
    labels = joined_labels(before.labels, after.labels)
    st.html(
        difference_map(
            labels,
            on_same_labels(before.labels, before.confusion, labels),
            on_same_labels(after.labels, after.confusion, labels),
            language,
        )
    )


def _change_row(each: MetricChange, language: Language) -> list[str]:
    tone = Tone.QUIET if each.better is None else Tone.GOOD if each.better else Tone.BAD
    words = [language.signed(each.change)]
    if each.better is not None:
        words.append(language.text("runs.better" if each.better else "runs.worse"))
    elif each.change == 0:
        words.append(language.text("runs.equal"))
    return [
        escaped(metric_name(each.name, language)),
        escaped(metric_value(each.name, each.before, language)),
        escaped(metric_value(each.name, each.after, language)),
        badge(" · ".join(words), tone),
    ]


def _draw_restoring(models: list[Model], language: Language) -> None:
    st.subheader(language.text("runs.restore"), anchor=False)
    if chosen := st.session_state.pop(_CHOSEN, None):
        _say_chosen(chosen, language)
    serving = _serving(models)
    others = [each.version for each in models if each.version != serving]
    if not others:
        st.caption(language.text("runs.nothing_to_restore"))
        return
    with st.form("restore"):
        version = st.selectbox(
            language.text("runs.version"), others, format_func=_named(language), key="restore_version"
        )
        reason = st.text_input(
            language.text("runs.reason"), max_chars=500, placeholder=language.text("runs.reason_example")
        )
        sure = st.checkbox(language.text("runs.sure"))
        asked = st.form_submit_button(language.text("runs.restore_button"), icon=":material/settings_backup_restore:")
    if not asked:
        return
    if not reason.strip() or not sure:
        st.error(language.text("runs.no_reason" if not reason.strip() else "runs.not_sure"), icon=":material/error:")
        return
    st.session_state[_CHOSEN] = platform().set_production(version, reason.strip(), instead_of=serving)
    st.rerun()


def _say_chosen(chosen: ChosenModel, language: Language) -> None:
    if chosen.requested:
        st.info(language.markdown("runs.requested", version=chosen.version), icon=":material/schedule:")
    else:
        st.success(language.markdown("runs.restored", version=chosen.version), icon=":material/check:")


def _draw_trainings_without_model(language: Language) -> None:
    ended = [each for each in platform().trainings() if is_final(each) and each.state != "succeeded"]
    if not ended:
        return
    st.subheader(language.text("runs.unsuccessful"), anchor=False)
    head = [language.text(key) for key in ("train.started", "runs.state", "runs.version", "runs.cause")]
    rows = [
        [
            unbroken(language.moment(each.created_at)),
            training_badge(each.state, language),
            escaped(each.model_version or "–"),
            escaped(each.error or language.text("train.rejected")),
        ]
        for each in ended
    ]
    st.html(table(language.text("runs.unsuccessful"), head, rows))


def _serving(models: list[Model]) -> str | None:
    return next((each.version for each in models if CHAMPION in each.aliases), None)


def _named(language: Language) -> Callable[[str], str]:
    return lambda version: language.text("model.in_use", version=version)


if __name__ == "__main__":
    show_screen("runs.title", draw, no_model="model.none_for_admins")
