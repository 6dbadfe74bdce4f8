"""A composed page with every mark at its place, and the text that a reader would find on it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from pigeonhole.synthetic.drawing.marks import Box, Composed, Line, Mark, Stroke, Text
from pigeonhole.synthetic.drawing.measuring import text_width


@dataclass(frozen=True)
class Sheet:
    """A page ready to paint: size in points, marks from back to front, the title's box (left, top, right, bottom)."""

    width: float
    height: float
    marks: tuple[Mark, ...]
    title_box: tuple[float, float, float, float] | None = None

    @property
    def text(self) -> str:
        """The readable words in reading order, a line of the page a line."""
        rows: dict[int, list[Text]] = {}
        for mark in self.marks:
            if isinstance(mark, Text) and mark.readable:
                rows.setdefault(round(mark.y / 4), []).append(mark)
        ordered = (sorted(rows[key], key=lambda mark: mark.x) for key in sorted(rows))
        return "\n".join(" ".join(mark.words for mark in row) for row in ordered)

    def without_title(self, above: float, covering: tuple[Mark, ...]) -> "Sheet":
        """The sheet whose title, and all text that ends above `above`, nobody can read; `covering` lies on top."""
        marks = tuple(_unreadable(mark) if self._is_lost(mark, above) else mark for mark in self.marks)
        return replace(self, marks=marks + covering)

    def _is_lost(self, mark: Mark, above: float) -> bool:
        if not isinstance(mark, Text):
            return False
        left, top, right, bottom = self.title_box or (0.0, 0.0, 0.0, 0.0)
        return mark.y <= above or (left <= mark.x <= right and top <= mark.y <= bottom)


def flatten(page: Composed, width: float) -> Sheet:
    """All marks of a page with their place on it."""
    titles: list[Text] = []
    marks = tuple(_walk(page, 0.0, 0.0, titles, in_title=False))
    return Sheet(width, page.height, marks, _box_around(titles) if titles else None)


def _walk(part: Composed, dx: float, dy: float, titles: list[Text], *, in_title: bool) -> Iterator[Mark]:
    in_title = in_title or part.is_title
    for mark in part.marks:
        moved = _moved(mark, dx, dy)
        if in_title and isinstance(moved, Text):
            titles.append(moved)
        yield moved
    for x, y, inner in part.parts:
        yield from _walk(inner, dx + x, dy + y, titles, in_title=in_title)


def _box_around(texts: list[Text]) -> tuple[float, float, float, float]:
    right = max(mark.x + text_width(mark.words, mark.font, mark.size) for mark in texts)
    top = min(mark.y - mark.size for mark in texts)
    return (min(mark.x for mark in texts), top, right, max(mark.y for mark in texts) + 2)


def _unreadable(mark: Mark) -> Mark:
    return replace(mark, readable=False) if isinstance(mark, Text) else mark


def _moved(mark: Mark, dx: float, dy: float) -> Mark:
    """The mark at its place; built anew, as `dataclasses.replace` takes three times as long."""
    match mark:
        case Text(x, y, words, font, size, colour, angle, alpha, readable, spacing):
            return Text(x + dx, y + dy, words, font, size, colour, angle, alpha, readable, spacing)
        case Box(x, y, width, height, fill, stroke, line_width, radius):
            return Box(x + dx, y + dy, width, height, fill, stroke, line_width, radius)
        case Line():
            return replace(mark, x1=mark.x1 + dx, y1=mark.y1 + dy, x2=mark.x2 + dx, y2=mark.y2 + dy)
        case Stroke():
            return replace(mark, points=tuple((x + dx, y + dy) for x, y in mark.points))
        case _:
            return replace(mark, x=mark.x + dx, y=mark.y + dy)
