"""The classes screen: the training images of each class, to look through, to add to, and to delete from."""

import streamlit as st

from pigeonhole_api.models import ClassSummary, Example, ExamplesAdded
from pigeonhole_frontends.admin_app.class_names import ENOUGH_EXAMPLES, MOST_CHARACTERS, check_class_name
from pigeonhole_frontends.app_display.gallery import Picture, gallery
from pigeonhole_frontends.app_display.markup import escaped, table
from pigeonhole_frontends.app_session import AppSettings, image_url, platform, show_screen
from pigeonhole_frontends.app_session.language import Language, escape_markdown

_NEW_CLASSES = "classes_new"
_TRAIL = "classes_page_tokens"
_REPORT = "classes_report"
_DOOMED = "classes_doomed"


def draw(language: Language) -> None:
    """Draw the classes and the images of the chosen one."""
    known = platform().classes()
    names = [each.name for each in known]
    names += [name for name in st.session_state.get(_NEW_CLASSES, []) if name not in names]
    counts = {each.name: each for each in known}
    _draw_new_class(names, language)
    if not names:
        st.info(language.text("classes.none"), icon=":material/info:")
        return
    chosen = st.pills(
        language.text("classes.choose"),
        names,
        default=names[0],
        required=True,
        format_func=lambda name: (
            f"{escape_markdown(name)} · {language.whole(counts[name].examples if name in counts else 0)}"
        ),
        key="class",
    )
    _draw_class(str(chosen), counts.get(str(chosen)), language)


def _draw_class(name: str, summary: ClassSummary | None, language: Language) -> None:
    examples = summary.examples if summary else 0
    st.subheader(escape_markdown(name), anchor=False)
    if examples < ENOUGH_EXAMPLES:
        missing = ENOUGH_EXAMPLES - examples
        st.warning(language.counted("classes.too_few", missing, enough=ENOUGH_EXAMPLES), icon=":material/info:")
    _draw_adding(name, language)
    _draw_report(language)
    if examples:
        _draw_images(name, examples, language)


def _draw_new_class(names: list[str], language: Language) -> None:
    with st.popover(language.text("classes.new"), icon=":material/add:"), st.form("new_class", border=False):
        name = st.text_input(
            language.text("classes.new_name"), max_chars=MOST_CHARACTERS, help=language.text("classes.name_help")
        )
        if st.form_submit_button(language.text("classes.create"), type="primary"):
            problem = check_class_name(name, names)
            if problem is not None:
                st.error(language.text(problem), icon=":material/error:")
                return
            st.session_state.setdefault(_NEW_CLASSES, []).append(name.strip())
            st.session_state["class"] = name.strip()
            st.rerun()


def _draw_adding(name: str, language: Language) -> None:
    with st.form(f"add-{name}", clear_on_submit=True):
        files = st.file_uploader(
            language.markdown("classes.add", **{"class": name}), accept_multiple_files=True, key=f"files-{name}"
        )
        if st.form_submit_button(language.text("classes.add_button"), icon=":material/add_photo_alternate:") and files:
            with st.spinner(language.counted("classes.adding", len(files))):
                added = platform().add_examples(name, [(file.name, file.getvalue()) for file in files])
            st.session_state[_REPORT] = added
            st.rerun()


def _draw_report(language: Language) -> None:
    """Tell once what became of the files added last."""
    added: ExamplesAdded | None = st.session_state.pop(_REPORT, None)
    if added is None:
        return
    st.success(language.counted("classes.added", len(added.examples)), icon=":material/check:")
    if added.duplicates:
        st.info(language.counted("classes.duplicates", added.duplicates), icon=":material/content_copy:")
    if added.refused:
        st.html(
            table(
                language.text("classes.refused"),
                [language.text("classes.refused"), language.text("classes.reason")],
                [[escaped(each.name), escaped(language.known("refusal", each.reason))] for each in added.refused],
            )
        )


def _draw_images(name: str, total: int, language: Language) -> None:
    trail: list[str | None] = st.session_state.setdefault(f"{_TRAIL}-{name}", [None])
    page = platform().examples(name, page_size=AppSettings().images_per_page, page_token=trail[-1])
    if not page.examples and len(trail) > 1:
        trail.pop()
        st.rerun()
    first = (len(trail) - 1) * AppSettings().images_per_page + 1
    shown = language.text(
        "classes.shown",
        first=language.whole(first),
        last=language.whole(first + len(page.examples) - 1),
        total=language.whole(total),
    )
    # What acts on the selection stands above the images, where it is seen, but is drawn once the selection is known.
    actions = st.container()
    pictures = [_picture(each, place, language) for place, each in enumerate(page.examples, start=first)]
    selected = gallery(pictures, label=shown, key=f"gallery-{name}")
    with actions:
        _draw_turning(trail, page.next_page_token, shown, language)
        _draw_deletion(name, selected, language)


def _draw_turning(trail: list[str | None], following: str | None, shown: str, language: Language) -> None:
    """Draw the way to the images before and after, which the trail of page tokens leads back along."""
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(language.text("classes.page_before"), icon=":material/arrow_back:", disabled=len(trail) == 1):
            trail.pop()
            st.rerun()
        st.markdown(shown, width="content")
        if st.button(language.text("classes.page_after"), icon=":material/arrow_forward:", disabled=following is None):
            trail.append(following)
            st.rerun()


def _picture(example: Example, place: int, language: Language) -> Picture:
    alt = language.text("classes.image_alt", place=place, **{"class": example.class_name})
    caption = f"{language.known('source', example.source)} · {language.moment(example.added_at)}"
    return Picture(example.id, image_url(example.thumbnail_url) or "", alt, caption)


def _draw_deletion(name: str, selected: list[str], language: Language) -> None:
    question = f"{_DOOMED}-{name}"
    doomed: list[str] = st.session_state.get(question, [])
    if not doomed:
        label = language.counted("classes.delete", len(selected)) if selected else language.text("classes.delete_none")
        if st.button(label, icon=":material/delete:", disabled=not selected, key="delete"):
            st.session_state[question] = selected
            st.rerun()
        return
    st.warning(language.counted("classes.delete_sure", len(doomed)), icon=":material/delete:")
    with st.container(horizontal=True):
        if st.button(language.text("classes.delete_yes"), type="primary", key="delete_yes"):
            st.session_state.pop(question)
            for example_id in doomed:
                platform().delete_example(example_id)
            st.rerun()
        if st.button(language.text("classes.delete_no"), key="delete_no"):
            st.session_state.pop(question)
            st.rerun()


if __name__ == "__main__":
    show_screen("classes.title", draw, no_model="model.none_for_admins")
