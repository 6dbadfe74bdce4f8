"""What stands on a document, before anyone decides how it looks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Align = Literal["left", "right", "centre"]
FigureKind = Literal["photo", "signature", "qr", "barcode", "stamp", "seal", "chart", "emblem", "chip"]


@dataclass(frozen=True)
class Letterhead:
    """The issuer: a name, lines of address and contact, and a drawn logo when `logo` is a seed."""

    name: str
    lines: tuple[str, ...] = ()
    logo: int | None = None


@dataclass(frozen=True)
class Title:
    """The name of the document, and a line below it."""

    text: str
    subtitle: str = ""


@dataclass(frozen=True)
class Heading:
    """The name of a part of the document."""

    text: str


@dataclass(frozen=True)
class Lines:
    """Lines kept as they are: addresses, places and dates."""

    lines: tuple[str, ...]
    align: Align = "left"
    strong_first: bool = False


@dataclass(frozen=True)
class Paragraphs:
    """Running text; `small` is the size of legal notes."""

    texts: tuple[str, ...]
    small: bool = False
    align: Align = "left"


@dataclass(frozen=True)
class Bullets:
    """A list of short items."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class Fields:
    """Labels and their values."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Table:
    """Columns and rows; the first column takes the room that the others leave."""

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Totals:
    """Amounts at the end, the last of which counts."""

    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Entry:
    """One station of a life: period, heading, place and details."""

    period: str
    heading: str
    place: str
    details: tuple[str, ...] = ()


@dataclass(frozen=True)
class Entries:
    """Stations, latest first."""

    items: tuple[Entry, ...]


@dataclass(frozen=True)
class Cells:
    """Groups of characters in boxes, each under its label."""

    groups: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class CodeLines:
    """Lines in a fixed-width font for machines to read."""

    lines: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A drawn shape; `words` is printed in or below it."""

    kind: FigureKind
    seed: int
    words: str = ""


Block: TypeAlias = (
    Letterhead
    | Title
    | Heading
    | Lines
    | Paragraphs
    | Bullets
    | Fields
    | Table
    | Totals
    | Entries
    | Cells
    | CodeLines
    | Figure
)


@dataclass(frozen=True)
class Content:
    """The blocks of a document by slot; a `specimen` has that word across the page.

    Slots are the names that layouts know: sender, recipient, title, meta, intro, main, totals, side, mark, notes, sign,
    legal.
    """

    slots: Mapping[str, tuple[Block, ...]] = field(default_factory=dict)
    specimen: bool = False
