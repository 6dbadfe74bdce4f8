"""Read one page image: lay it upright, recognise, and lay it another way when little of it can be read."""

import time
from dataclasses import dataclass, replace

from pigeonhole.ocr.engine import EngineTimeout, OcrEngine, Recognition
from pigeonhole.ocr.geometry import chain, enclose, scaling
from pigeonhole.ocr.lines import PackedLines, erase_frames, find_lines, pack_lines
from pigeonhole.ocr.page_reading import PageReading
from pigeonhole.ocr.page_text import View
from pigeonhole.ocr.preparation import Gray, Tilt, even_out, find_tilt, lay_upright
from pigeonhole.pages import fit_long_side

_SKETCH_SIDE = 1000
# Degrees from which on the steps of a slanted rule, 1 / tan(skew) pixels long, are no longer than letters are high.
_BREAKING_SKEW = 0.8


# Upside down is the likeliest mistake by far; the axis of the lines is hardly ever found wrong.
_OTHER_TURNS = (180, 90, 270)


@dataclass(frozen=True)
class _Page:
    """A page as it came, evened out when it is to be read whole, a small version of that, and how it seems to lie."""

    gray: Gray
    even: Gray | None
    sketch: Gray
    tilt: Tilt


@dataclass(frozen=True)
class _Way:
    """A way to lay a page: its lines packed, and what the first row of them says."""

    packed: PackedLines
    first_row: PageReading


class PageReader:
    """Reads page images, each within a deadline.

    A page is laid level by the direction of its lines, which leaves two ways. Where next to nothing can be read, one
    row of its lines is tried upside down and along the other axis, and the page is read in the way that turns out best.
    """

    def __init__(self, engine: OcrEngine, *, rows: int, deadline_seconds: float) -> None:
        self._engine = engine
        self._rows = rows
        self._seconds = deadline_seconds

    def read(self, gray: Gray, view: View) -> PageReading:
        """Read a page image of shape (height, width).

        Args:
            gray: The page.
            view: `lines` reads some packed rows, and the whole page where no lines of print are found.

        Raises:
            EngineTimeout: The deadline passed.
            EngineFailure: The engine is missing or broke.
        """
        deadline = time.monotonic() + self._seconds
        even = even_out(gray) if view == "full" else None
        sketch = even_out(fit_long_side(gray, _SKETCH_SIDE)) if even is None else fit_long_side(even, _SKETCH_SIDE)
        tilt = find_tilt(sketch)
        page = _Page(gray, even, erase_frames(sketch) if abs(tilt.skew) >= _BREAKING_SKEW else sketch, tilt)
        if view == "lines" and (way := self._try(page, page.tilt, deadline)):
            return self._read_rows(page, way, deadline)
        return self._read_whole(page, deadline)

    def _read_rows(self, page: _Page, way: _Way, deadline: float) -> PageReading:
        best = self._best_way(page, way, deadline)
        rest = self._recognise_rows(page, best.packed, best.first_row.tilt, deadline, first=1, last=None)
        return best.first_row.followed_by(rest)

    def _read_whole(self, page: _Page, deadline: float) -> PageReading:
        reading = self._recognise_whole(page, page.tilt, deadline)
        if reading.is_right_way_up or reading.is_nearly_blank:
            return reading
        way = self._try(page, page.tilt, deadline)
        best = self._best_way(page, way, deadline) if way else None
        if best is None or best is way:
            return reading
        again = self._recognise_whole(page, best.first_row.tilt, deadline)
        return max(reading, again, key=lambda either: either.sure_letters)

    def _best_way(self, page: _Page, way: _Way, deadline: float) -> _Way:
        """Return the first way that is the right way up, else the one with the most letters that are sure."""
        best = way
        for degrees in _OTHER_TURNS:
            if best.first_row.is_right_way_up:
                break
            other = self._try(page, page.tilt.turned(degrees), deadline)
            if other and other.first_row.sure_letters > best.first_row.sure_letters:
                best = other
        return best

    def _try(self, page: _Page, tilt: Tilt, deadline: float) -> _Way | None:
        """Lay a page and read the first row of its lines; None where no lines of print are found."""
        upright = lay_upright(page.sketch, tilt)
        to_page = chain(upright.to_page, scaling(page.sketch.shape, page.gray.shape))
        packed = pack_lines(page.gray, find_lines(upright.pixels), to_page, self._rows)
        if not packed.pieces:
            return None
        return _Way(packed, self._recognise_rows(page, packed, tilt, deadline, first=0, last=1))

    def _recognise_rows(
        self, page: _Page, packed: PackedLines, tilt: Tilt, deadline: float, *, first: int, last: int | None
    ) -> PageReading:
        rows = packed.rows(first, last)
        found = Recognition("", ())
        if rows.size:
            found = self._engine.read(rows, layout="rows", deadline_seconds=self._left(deadline))
        words = packed.on_page(found.words, first, page.gray.shape)
        return PageReading(Recognition(found.text, words), "lines", tilt)

    def _recognise_whole(self, page: _Page, tilt: Tilt, deadline: float) -> PageReading:
        upright = lay_upright(even_out(page.gray) if page.even is None else page.even, tilt)
        found = self._engine.read(upright.pixels, layout="page", deadline_seconds=self._left(deadline))
        shape = page.gray.shape
        words = tuple(replace(word, box=enclose(word.box, upright.to_page, shape)) for word in found.words)
        return PageReading(Recognition(found.text, words), "full", tilt)

    def _left(self, deadline: float) -> float:
        left = deadline - time.monotonic()
        if left <= 0:
            raise EngineTimeout(self._seconds)
        return left
