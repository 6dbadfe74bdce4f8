"""Where drawn sheets lie on the paper that is printed or scanned."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from pigeonhole.synthetic.drawing.sheets import Sheet
from pigeonhole.synthetic.draws import chance

A4 = (595.28, 841.89)
LETTER = (612.0, 792.0)
MOST_ENLARGED = 1.35
"""Small papers are copied enlarged at most by this factor."""


@dataclass(frozen=True)
class Placed:
    """A sheet with its top left corner at (x, y) of the paper, scaled, and turned by a quarter when `turned`."""

    sheet: Sheet
    x: float
    y: float
    scale: float
    turned: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height that the sheet covers, in points."""
        width, height = self.sheet.width * self.scale, self.sheet.height * self.scale
        return (height, width) if self.turned else (width, height)


@dataclass(frozen=True)
class Leaf:
    """A page of the file: the paper's size in points and what lies on it from the bottom; nothing on a blank."""

    width: float
    height: float
    placed: tuple[Placed, ...] = ()

    @property
    def text(self) -> str:
        """The words that can be read on it."""
        return "\n".join(placed.sheet.text for placed in reversed(self.placed))


@dataclass(frozen=True)
class Pose:
    """How paper lies on a scanner's glass: quarter turns and degrees anticlockwise, its share of the glass, the lid."""

    quarter_turns: int = 0
    skew: float = 0.0
    cover: float = 1.0
    lid: float = 1.0


def choose_paper(draw: random.Random) -> tuple[float, float]:
    """The size of the paper, by the same chances for every class so that it tells nothing."""
    width, height = LETTER if chance(draw, 0.1) else A4
    return (height, width) if chance(draw, 0.15) else (width, height)


def lay(sheet: Sheet, paper: tuple[float, float], draw: random.Random, *, may_turn: bool) -> Leaf:
    """One sheet on paper: a small one somewhere and perhaps enlarged, a large one shrunk to fit or turned."""
    turned = may_turn and (sheet.width > sheet.height) != (paper[0] > paper[1]) and chance(draw, 0.5)
    return Leaf(*paper, (_within(sheet, (0.0, 0.0, *paper), draw, turned=turned),))


def lay_two(sheets: Sequence[Sheet], paper: tuple[float, float], draw: random.Random) -> Leaf:
    """Two sheets side by side or below each other; the first gets more room and lies on top."""
    width, height = paper
    share = draw.uniform(0.5, 0.64)
    first_leads = chance(draw, 0.5)
    lead = share if first_leads else 1 - share
    if width > height:
        halves = ((0.0, 0.0, width * lead, height), (width * lead, 0.0, width * (1 - lead), height))
    else:
        halves = ((0.0, 0.0, width, height * lead), (0.0, height * lead, width, height * (1 - lead)))
    rooms = halves if first_leads else halves[::-1]
    first, second = (_within(sheet, room, draw, turned=False) for sheet, room in zip(sheets, rooms, strict=True))
    return Leaf(width, height, (second, first))


def _within(sheet: Sheet, room: tuple[float, float, float, float], draw: random.Random, *, turned: bool) -> Placed:
    left, top, width, height = room
    across, tall = (sheet.height, sheet.width) if turned else (sheet.width, sheet.height)
    fit = min(width / across, height / tall)
    scale = fit if fit < 1.02 else draw.uniform(1.0, min(fit, MOST_ENLARGED))
    x, y = left + (width - across * scale) * draw.random(), top + (height - tall * scale) * draw.betavariate(1, 2)
    return Placed(sheet, x, y, scale, turned)


def cut_top(leaf: Leaf, cut: float) -> Leaf:
    """The leaf as a scanner sees it that misses `cut` points at the top of the single sheet on it."""
    (placed,) = leaf.placed
    return Leaf(leaf.width, leaf.height, (Placed(placed.sheet, placed.x, -cut * placed.scale, placed.scale),))
