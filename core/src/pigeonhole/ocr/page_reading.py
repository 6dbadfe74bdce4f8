"""What was read of a page image, and how much of it can be trusted."""

from dataclasses import dataclass

from pigeonhole.ocr.engine import Recognition
from pigeonhole.ocr.page_text import View, Word
from pigeonhole.ocr.preparation import Tilt

_SURE = 0.7
# Of the first rows of 140 generated scans laid both ways (docs/ocr.md), 129 passed the right way up and 1 upside down.
_RIGHT_WAY_UP_SHARE = 0.25
_RIGHT_WAY_UP_LETTERS = 6
_HARDLY_ANY_LETTERS = 12


@dataclass(frozen=True)
class PageReading:
    """What was read of a page image.

    Boxes are in pixels of the image as it came; `tilt` tells how it was laid; `view` is `full` where no lines of print
    were found to choose from.
    """

    recognition: Recognition
    view: View
    tilt: Tilt

    @property
    def letters(self) -> int:
        """Count the letters of all words; digits do not count, since many of them can be read upside down."""
        return sum(_letters(word) for word in self.recognition.words)

    @property
    def sure_letters(self) -> int:
        """Count the letters of the words that the recogniser is sure of."""
        return sum(_letters(word) for word in self.recognition.words if word.confidence >= _SURE)

    @property
    def is_right_way_up(self) -> bool:
        """Tell whether enough of it is sure for a page that lies as it was printed."""
        return self.sure_letters >= max(_RIGHT_WAY_UP_LETTERS, _RIGHT_WAY_UP_SHARE * self.letters)

    @property
    def is_nearly_blank(self) -> bool:
        """Tell whether hardly anything is there to be read, however the page lies."""
        return self.letters < _HARDLY_ANY_LETTERS

    def followed_by(self, other: "PageReading") -> "PageReading":
        """Return both readings as one."""
        text = "\n".join(filter(None, (self.recognition.text, other.recognition.text)))
        words = self.recognition.words + other.recognition.words
        return PageReading(Recognition(text, words), self.view, self.tilt)


def _letters(word: Word) -> int:
    return sum(character.isalpha() for character in word.text)
