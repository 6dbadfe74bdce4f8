"""The smallest pieces of the apps' HTML."""

import html
from collections.abc import Collection
from enum import StrEnum


class Tone(StrEnum):
    """What a colour says; a text always says the same beside it."""

    GOOD = "good"
    UNSURE = "unsure"
    BAD = "bad"
    BUSY = "busy"
    QUIET = "quiet"


def escaped(value: object) -> str:
    """Return a value as text that HTML cannot mistake for markup, inside an attribute too."""
    return html.escape(str(value), quote=True)


def breakable(name: str) -> str:
    """Return a name that may be broken behind each underscore or hyphen."""
    return escaped(name).replace("_", "_<wbr>").replace("-", "-<wbr>")


def unbroken(text: str) -> str:
    """Return a text that stays on one line."""
    return f'<span class="ph-unbroken">{escaped(text)}</span>'


def badge(text: str, tone: Tone) -> str:
    """Return a small label: a coloured mark and the text."""
    return f'<span class="ph-badge ph-{tone}">{escaped(text)}</span>'


def notice(text: str, tone: Tone) -> str:
    """Return a sentence that stands out; screen readers announce it."""
    return f'<p class="ph-notice ph-{tone}" role="status">{escaped(text)}</p>'


def facts(pairs: list[tuple[str, str]]) -> str:
    """Return names and values as a description list."""
    rows = "".join(f"<div><dt>{escaped(name)}</dt><dd>{escaped(value)}</dd></div>" for name, value in pairs)
    return f'<dl class="ph-facts">{rows}</dl>'


def table(caption: str, head: list[str], rows: list[list[str]], *, numbers: Collection[int] = ()) -> str:
    """Return a table; the cells are HTML already, the caption and the head are plain texts.

    Args:
        caption: What the table is about, for screen readers.
        head: The titles of the columns.
        rows: The cells of each row.
        numbers: The places of columns of numbers, which are aligned by their last digit.
    """
    kinds = [' class="ph-number"' if place in numbers else "" for place in range(len(head))]
    titles = "".join(f'<th scope="col"{kind}>{escaped(title)}</th>' for title, kind in zip(head, kinds, strict=True))
    body = "".join(
        "<tr>" + "".join(f"<td{kind}>{cell}</td>" for cell, kind in zip(row, kinds, strict=True)) + "</tr>"
        for row in rows
    )
    return (
        f'<div class="ph-scroll" role="region" aria-label="{escaped(caption)}" tabindex="0"><table class="ph-table">'
        f'<caption class="ph-hidden">{escaped(caption)}</caption><thead><tr>{titles}</tr></thead>'
        f"<tbody>{body}</tbody></table></div>"
    )
