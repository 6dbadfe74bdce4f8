"""How the blocks of one template are set."""

from dataclasses import dataclass, replace

from pigeonhole.synthetic.drawing.marks import BLACK, WHITE, Colour
from pigeonhole.synthetic.drawing.typefaces import Typeface


@dataclass(frozen=True)
class Style:
    """Typefaces, sizes (points), colours and the variant of each block."""

    body: Typeface
    display: Typeface
    size: float
    accent: Colour
    tint: Colour
    title: str
    heading: str
    fields: str
    table: str
    totals: str
    letterhead: str
    ink: Colour = BLACK
    leading: float = 1.3

    def scaled(self, factor: float) -> "Style":
        """The same style with all sizes multiplied."""
        return replace(self, size=self.size * factor)

    def inverted(self) -> "Style":
        """The same style in white, for text on the accent colour."""
        return replace(self, ink=WHITE, accent=WHITE)

    @property
    def line(self) -> float:
        """Distance between two baselines, in points."""
        return self.size * self.leading
