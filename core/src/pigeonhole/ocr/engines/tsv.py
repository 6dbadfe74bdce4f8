"""Tesseract's table of what it read (TSV), the same from its program and from its library."""

from collections.abc import Iterator

from pigeonhole.ocr.engine import Recognition
from pigeonhole.ocr.page_text import Box, Word

_COLUMNS = 12
_WORD_LEVEL = "5"


def parse_tsv(table: str) -> Recognition:
    """Return the words of a table and the text that they make, a line of print a line.

    The columns are level, page, block, paragraph, line, word, left, top, width, height, confidence and text; other
    levels than words, and words of blanks alone, are passed over.
    """
    lines: dict[tuple[str, ...], list[str]] = {}
    words = []
    for row in _word_rows(table):
        text = row[11].strip()
        left, top, width, height = (int(side) for side in row[6:10])
        # Tesseract's confidence is 0..100, and -1 where there is none.
        words.append(Word(text, min(max(float(row[10]) / 100, 0.0), 1.0), Box(left, top, width, height)))
        lines.setdefault(tuple(row[1:5]), []).append(text)
    return Recognition("\n".join(" ".join(line) for line in lines.values()), tuple(words))


def _word_rows(table: str) -> Iterator[list[str]]:
    # Not splitlines: a word may hold a form feed or another of Unicode's line ends.
    for line in table.split("\n"):
        row = line.split("\t", _COLUMNS - 1)
        if len(row) == _COLUMNS and row[0] == _WORD_LEVEL and row[11].strip():
            yield row
