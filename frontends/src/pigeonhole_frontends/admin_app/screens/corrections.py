"""The corrections screen: what reviewers decided and the training set does not have yet."""

import streamlit as st

from pigeonhole_api.models import Document
from pigeonhole_frontends.admin_app.addresses import TRAIN_SCREEN
from pigeonhole_frontends.app_display.gallery import Picture, gallery
from pigeonhole_frontends.app_session import image_url, platform, show_screen
from pigeonhole_frontends.app_session.language import Language

_IMPORTED = "corrections_imported"


def draw(language: Language) -> None:
    """Draw the waiting documents and import the selected ones, or all."""
    st.write(language.text("corrections.lead"))
    _draw_result(language)
    waiting = list(platform().corrections())
    if not waiting:
        st.success(language.text("corrections.none"), icon=":material/done_all:")
        return
    st.subheader(language.counted("corrections.waiting", len(waiting)), anchor=False)
    selected = gallery(
        [_picture(each, language) for each in waiting], label=language.text("corrections.gallery"), key="corrections"
    )
    label = (
        language.counted("corrections.import", len(selected)) if selected else language.text("corrections.import_all")
    )
    if st.button(label, type="primary", icon=":material/library_add:", key="import"):
        result = platform().import_corrections(selected or None)
        st.session_state[_IMPORTED] = result
        st.rerun()


def _picture(document: Document, language: Language) -> Picture:
    review, prediction = document.review, document.prediction
    decided = review.class_name if review else ""
    predicted = prediction.class_name if prediction else None
    key = "corrections.accepted" if predicted == decided else "corrections.corrected"
    change = language.text(key, before=predicted or language.text("document.no_class"), after=decided)
    by = language.text("corrections.by", by=review.by, at=language.moment(review.at)) if review else ""
    marks = (language.text("corrections.duplicate"),) if document.duplicate_of else ()
    alt = language.text("document.image", name=document.name)
    return Picture(document.id, image_url(document.thumbnail_url) or "", alt, f"{change}\n{document.name}\n{by}", marks)


def _draw_result(language: Language) -> None:
    """Tell once what the import did."""
    result = st.session_state.pop(_IMPORTED, None)
    if result is None:
        return
    st.success(language.counted("corrections.imported", result.added), icon=":material/check:")
    if result.duplicates:
        st.info(language.counted("classes.duplicates", result.duplicates), icon=":material/content_copy:")
    st.page_link(TRAIN_SCREEN, label=language.text("corrections.train_next"), icon=":material/model_training:")


if __name__ == "__main__":
    show_screen("corrections.title", draw, no_model="model.none_for_admins")
