"""One page of a document, large: switch pages, zoom, turn."""

import io
from collections.abc import Callable
from contextlib import suppress

import streamlit as st
from PIL import Image

from pigeonhole_api.client import ApiError
from pigeonhole_api.models import Document, SampledDocument
from pigeonhole_frontends.app_session import AppSettings, platform
from pigeonhole_frontends.app_session.faults import show_fault
from pigeonhole_frontends.app_session.language import Language

Viewed = Document | SampledDocument
"""What has pages to look at, with or without an answer."""

_ZOOMS = ("page", "width", "150", "200")
_ZOOM = "page_view_zoom"
_TURNS = "page_view_quarter_turns"
_PAGE = "page_view_page"
_IMAGES = "page_view_images"
_IMAGES_KEPT = 12


def draw_page_view(document: Viewed, language: Language) -> None:
    """Draw the page with its tools; a page that cannot be shown says so and leaves the rest of the screen."""
    pages = max(1, document.pages or 1)
    page = min(_of_document(_PAGE, document, 1), pages)
    _draw_tools(document, page, pages, language)
    zoom = st.session_state.get(_ZOOM, _ZOOMS[0])
    with st.container(key=f"page-view-{zoom}", height=720, border=True):
        try:
            image = _turned(page_image(document.id, page), _of_document(_TURNS, document, 0))
        except ApiError as error:
            if error.status is None:
                raise
            show_fault(error, language)
            return
        st.image(image, width="stretch", alt=language.text("review.page_alt", page=page, name=document.name))


def fetch_page_image(document_id: str, page: int) -> None:
    """Load a page image before it is asked for; what goes wrong shows when it is."""
    with suppress(ApiError):
        page_image(document_id, page)


def page_image(document_id: str, page: int) -> bytes:
    """Return a page image of this session's latest ones, or else the API's."""
    images: dict[tuple[str, int], bytes] = st.session_state.setdefault(_IMAGES, {})
    key = (document_id, page)
    if key not in images:
        images[key] = platform().page_image(document_id, page, long_side=AppSettings().page_image_pixels)
        while len(images) > _IMAGES_KEPT:
            del images[next(iter(images))]
    return images[key]


def _draw_tools(document: Viewed, page: int, pages: int, language: Language) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if pages > 1:
            _tool("review.page_before", "arrow_back", "Left", page == 1, _set, (_PAGE, document.id, page - 1), language)
            st.markdown(language.text("review.page", page=page, pages=pages), width="content")
            _tool(
                "review.page_after",
                "arrow_forward",
                "Right",
                page == pages,
                _set,
                (_PAGE, document.id, page + 1),
                language,
            )
        zoom = _ZOOMS.index(st.session_state.get(_ZOOM, _ZOOMS[0]))
        _tool("review.zoom_out", "zoom_out", "O", zoom == 0, _zoom_to, (zoom - 1,), language)
        _tool("review.zoom_in", "zoom_in", "I", zoom == len(_ZOOMS) - 1, _zoom_to, (zoom + 1,), language)
        turns = (_of_document(_TURNS, document, 0) + 1) % 4
        _tool("review.turn", "rotate_right", "T", False, _set, (_TURNS, document.id, turns), language)


def _tool(
    name: str,
    icon: str,
    key: str,
    disabled: bool,
    action: Callable[..., None],
    values: tuple[object, ...],
    language: Language,
) -> None:
    """Draw a button that shows its icon and key; its name is there for screen readers (see the style sheet)."""
    st.button(
        language.text(name),
        key=f"tool-{name}",
        icon=f":material/{icon}:",
        shortcut=key,
        disabled=disabled,
        on_click=action,
        args=values,
    )


def _of_document(what: str, document: Viewed, otherwise: int) -> int:
    """Return a number remembered for this document alone."""
    owner, value = st.session_state.get(what, ("", otherwise))
    return int(value) if owner == document.id else otherwise


def _set(what: str, document_id: str, value: int) -> None:
    st.session_state[what] = (document_id, value)


def _zoom_to(place: int) -> None:
    st.session_state[_ZOOM] = _ZOOMS[place]


def _turned(image: bytes, quarter_turns: int) -> bytes:
    """Return a JPEG turned clockwise."""
    if quarter_turns == 0:
        return image
    out = io.BytesIO()
    with Image.open(io.BytesIO(image)) as picture:
        picture.rotate(-90 * quarter_turns, expand=True).save(out, format="JPEG", quality=90)
    return out.getvalue()
