"""Thumbnails to look through and to select from, as one block of lazily loaded images."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import streamlit as st

_HERE = Path(__file__).parent

_mount = st.components.v2.component(
    "pigeonhole_gallery",
    html='<div class="gallery" role="group"></div>',
    css=(_HERE / "gallery.css").read_text(encoding="utf-8"),
    js=(_HERE / "gallery.js").read_text(encoding="utf-8"),
)


@dataclass(frozen=True)
class Picture:
    """One thumbnail: its id, address, alternative text, caption, and short marks such as "duplicate"."""

    id: str
    src: str
    alt: str
    caption: str
    marks: tuple[str, ...] = ()


def gallery(pictures: Sequence[Picture], *, label: str, key: str) -> list[str]:
    """Show the thumbnails and return the ids of the selected ones, in the order of the pictures."""
    result = _mount(
        key=key,
        data={"label": label, "items": [asdict(picture) for picture in pictures]},
        default={"selected": []},
        on_selected_change=_rerun,
    )
    chosen = set(result.selected or [])
    return [picture.id for picture in pictures if picture.id in chosen]


def _rerun() -> None:
    """Let a change of the selection run the page again, which a component does only with a callback."""
