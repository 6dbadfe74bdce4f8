"""Typefaces found on this machine, and the ones that every PDF reader has."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

FOLDERS = (
    Path("/usr/share/fonts"),
    Path("/usr/local/share/fonts"),
    Path("/System/Library/Fonts/Supplemental"),
    Path("/Library/Fonts"),
)


@dataclass(frozen=True)
class Typeface:
    """Names of the regular, bold and italic fonts as reportlab knows them."""

    name: str
    regular: str
    bold: str
    italic: str


BUILTIN = (
    Typeface("Helvetica", "Helvetica", "Helvetica-Bold", "Helvetica-Oblique"),
    Typeface("Times", "Times-Roman", "Times-Bold", "Times-Italic"),
    Typeface("Courier", "Courier", "Courier-Bold", "Courier-Oblique"),
)
FIXED_WIDTH = "Courier-Bold"
_SYSTEM = (
    ("DejaVu Sans", "DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"),
    ("DejaVu Serif", "DejaVuSerif", "DejaVuSerif-Bold", "DejaVuSerif-Italic"),
    ("DejaVu Sans Condensed", "DejaVuSansCondensed", "DejaVuSansCondensed-Bold", "DejaVuSansCondensed-Oblique"),
    ("Liberation Sans", "LiberationSans-Regular", "LiberationSans-Bold", "LiberationSans-Italic"),
    ("Liberation Serif", "LiberationSerif-Regular", "LiberationSerif-Bold", "LiberationSerif-Italic"),
    ("Liberation Mono", "LiberationMono-Regular", "LiberationMono-Bold", "LiberationMono-Italic"),
    (
        "Liberation Sans Narrow",
        "LiberationSansNarrow-Regular",
        "LiberationSansNarrow-Bold",
        "LiberationSansNarrow-Italic",
    ),
    ("Carlito", "Carlito-Regular", "Carlito-Bold", "Carlito-Italic"),
    ("Arial", "Arial", "Arial Bold", "Arial Italic"),
    ("Georgia", "Georgia", "Georgia Bold", "Georgia Italic"),
    ("Verdana", "Verdana", "Verdana Bold", "Verdana Italic"),
    ("Times New Roman", "Times New Roman", "Times New Roman Bold", "Times New Roman Italic"),
)


@cache
def available_typefaces(fonts: Literal["system", "builtin"]) -> tuple[Typeface, ...]:
    """The typefaces to draw with, registered with reportlab, always in the same order.

    With "system", the TrueType faces found in `FOLDERS` followed by the built-in ones: the bytes of a corpus depend on
    them.
    """
    if fonts == "builtin":
        return BUILTIN
    files = {path.stem: path for folder in FOLDERS if folder.is_dir() for path in sorted(folder.rglob("*.ttf"))}
    found = tuple(Typeface(*names) for names in _SYSTEM if _register(names[1:], files))
    return found + BUILTIN


def _register(stems: tuple[str, ...], files: dict[str, Path]) -> bool:
    if not all(stem in files for stem in stems):
        return False
    try:
        faces = [TTFont(stem, str(files[stem])) for stem in stems]
    except TTFError:
        return False
    for face in faces:
        pdfmetrics.registerFont(face)
    return True
