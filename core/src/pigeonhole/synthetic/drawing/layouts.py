"""Layouts as data: the skeleton of the page and the style that a template always has.

A layout is one skeleton of `layouts.json` (pages, panels, rows of slots) with one variant of each block. A row such as
`"notes+mark:52 totals:48"` is two columns of 52 % and 48 % of the width; `+` stacks slots, `-` leaves a column empty.
"""

import json
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any, Literal, cast

from pigeonhole.synthetic.drawing.marks import Colour
from pigeonhole.synthetic.drawing.style import Style
from pigeonhole.synthetic.drawing.typefaces import available_typefaces
from pigeonhole.synthetic.draws import stable_choice, stable_hash

POINTS_PER_MM = 72 / 25.4


@dataclass(frozen=True)
class Column:
    """Slots stacked in a part of a row; `share` is its part of the row's width."""

    share: float
    slots: tuple[str, ...]


@dataclass(frozen=True)
class Panel:
    """A part of the page, as fractions of it: rows from the top, `foot` slots at its lower end."""

    box: tuple[float, float, float, float]
    rows: tuple[tuple[Column, ...], ...]
    foot: tuple[str, ...]
    frame: str
    fill: str
    inset: tuple[float, float]


@dataclass(frozen=True)
class Skeleton:
    """A page: its size in points, the size of its body text in points, its panels."""

    name: str
    width: float
    height: float
    size: float
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class Layout:
    """What makes a template look as it does."""

    template: str
    skeleton: Skeleton
    style: Style


def template_name(class_name: str, language: str, family: int) -> str:
    """The name of a template; it ends with its family."""
    return f"{class_name}-{language}-{family:02d}"


@cache
def layout_for(class_name: str, language: str, family: int, fonts: Literal["system", "builtin"]) -> Layout:
    """The layout of one class and language in one family.

    Both languages of a class share the skeleton within a family, and never across families, so that a layout held out
    in one language is held out in the other. Their styles differ.
    """
    name = template_name(class_name, language, family)
    names = _data()["classes"][class_name]
    return Layout(name, _skeletons()[names[family]], _style(name, _skeletons()[names[family]].size, fonts))


def _style(template: str, size: float, fonts: Literal["system", "builtin"]) -> Style:
    faces = available_typefaces(fonts)
    accent = cast(Colour, tuple(stable_choice(_data()["colours"], "accent", template)))
    body = stable_choice(faces, "body", template)
    chosen = {kind: stable_choice(options, kind, template) for kind, options in _data()["variants"].items()}
    return Style(
        body=body,
        display=stable_choice((body, *faces), "display", template),
        size=size * (0.94 + 0.12 * (stable_hash("size", template) % 100) / 100),
        accent=accent,
        tint=cast(Colour, tuple(1 - (1 - part) * 0.13 for part in accent)),
        leading=1.2 + 0.2 * (stable_hash("leading", template) % 100) / 100,
        **chosen,
    )


@cache
def _data() -> dict[str, Any]:
    text = resources.files(__package__).joinpath("layouts.json").read_text(encoding="utf-8")
    return cast(dict[str, Any], json.loads(text))


@cache
def _skeletons() -> dict[str, Skeleton]:
    return {name: _read_skeleton(name, entry) for name, entry in _data()["skeletons"].items()}


def _read_skeleton(name: str, entry: dict[str, Any]) -> Skeleton:
    width, height = (side * POINTS_PER_MM for side in entry["page"])
    return Skeleton(name, width, height, entry["size"], tuple(_read_panel(panel) for panel in entry["panels"]))


def _read_panel(entry: dict[str, Any]) -> Panel:
    return Panel(
        box=tuple(entry["box"]),
        rows=tuple(tuple(_read_column(part) for part in row.split()) for row in entry["rows"]),
        foot=tuple(entry.get("foot", ())),
        frame=entry.get("frame", "none"),
        fill=entry.get("fill", "none"),
        inset=tuple(entry.get("inset", (0.0, 0.0))),
    )


def _read_column(part: str) -> Column:
    slots, _, share = part.partition(":")
    return Column(float(share or 100) / 100, () if slots == "-" else tuple(slots.split("+")))
