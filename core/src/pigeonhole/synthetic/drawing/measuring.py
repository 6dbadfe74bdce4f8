"""Widths of strings and breaking of lines."""

from functools import lru_cache

from reportlab.pdfbase import pdfmetrics


@lru_cache(maxsize=200_000)
def _unit_width(word: str, font: str) -> float:
    return float(pdfmetrics.stringWidth(word, font, 1000)) / 1000


def text_width(words: str, font: str, size: float) -> float:
    """Width of a string in points."""
    return _unit_width(words, font) * size


def wrap(words: str, font: str, size: float, width: float) -> list[str]:
    """Break a text into lines no wider than `width` points; a longer word stays whole."""
    room = width / size
    space = _unit_width(" ", font)
    lines: list[str] = []
    current: list[str] = []
    used = 0.0
    for word in words.split():
        needed = _unit_width(word, font)
        if current and used + space + needed > room:
            lines.append(" ".join(current))
            current, used = [], 0.0
        used += needed + (space if current else 0.0)
        current.append(word)
    if current:
        lines.append(" ".join(current))
    return lines


def fitted_size(words: str, font: str, size: float, width: float) -> float:
    """The size, or the smaller one at which the string fits into `width` points on one line."""
    return min(size, max(width, 1.0) / max(_unit_width(words, font), 0.01))


def wrapped_size(words: str, font: str, size: float, width: float) -> float:
    """The size, or the smaller one at which each word fits into `width` points."""
    return min((fitted_size(word, font, size, width) for word in words.split()), default=size)


def aligned_x(words: str, font: str, size: float, width: float, align: str) -> float:
    """Where a line starts so that it is left, right or centred in `width`."""
    if align == "left":
        return 0.0
    slack = width - text_width(words, font, size)
    return slack if align == "right" else slack / 2
