"""Read a document for the classifier: its page texts, their plain forms and where each plain word stands."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from pigeonhole.ocr import DocumentText, Word
from pigeonhole.prediction.prediction import PageBox
from pigeonhole.text import CleanText, clean_text
from pigeonhole.text.cleaning import clean_word

_WORD = re.compile(r"[^\W_]+")
_MAX_BOXES = 20
_MAX_WORDS = 10_000


@dataclass(frozen=True)
class ReadDocument:
    """A document that was read.

    `clean` is the plain form of all readable pages joined, which is what the model was trained on; `page_texts` holds
    each page's own plain form, in the order of `text.pages`.
    """

    text: DocumentText
    clean: CleanText
    page_texts: tuple[str, ...]


def clean_document(text: DocumentText) -> ReadDocument:
    """Return what was read of a document with its plain forms."""
    if len(text.pages) == 1:
        clean = clean_text(text.text, text.pages[0].language)
        return ReadDocument(text, clean, (clean.text,))
    page_texts = tuple(clean_text(page.text, page.language).text for page in text.pages)
    return ReadDocument(text, clean_text(text.text), page_texts)


def word_boxes(read: ReadDocument) -> dict[str, tuple[PageBox, ...]]:
    """Return where each plain word stands: its first 20 places, among the first 10,000 printed words."""
    boxes: dict[str, list[PageBox]] = {}
    for number, word in islice(_printed_words(read.text), _MAX_WORDS):
        for token in _tokens(word, read.clean.language):
            places = boxes.setdefault(token, [])
            if len(places) < _MAX_BOXES:
                places.append(PageBox(number, word.box.left, word.box.top, word.box.width, word.box.height))
    return {token: tuple(places) for token, places in boxes.items()}


def _printed_words(text: DocumentText) -> Iterator[tuple[int, Word]]:
    return ((page.page + 1, word) for page in text.pages for word in page.words)


def _tokens(word: Word, language: str) -> Iterator[str]:
    # A printed word such as "d'identité" holds several of the plain text's words.
    for part in _WORD.findall(unicodedata.normalize("NFC", word.text)):
        token = clean_word(part, language)
        if token is not None:
            yield token
