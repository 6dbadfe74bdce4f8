"""Read a document for the classifier: its page texts, their plain forms and where each plain word stands."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from pigeonhole.ocr import DocumentReader, DocumentText, PageText
from pigeonhole.prediction.prediction import PageBox
from pigeonhole.text import CleanText, clean_text
from pigeonhole.text.cleaning import clean_word

_WORD = re.compile(r"[^\W_]+")
_MAX_BOXES = 20


@dataclass(frozen=True)
class ReadDocument:
    """A document that was read.

    `clean` is the plain form of all readable pages joined, which is what the model was trained on; `page_texts` holds
    each page's own plain form, in the order of `text.pages`; `boxes` maps plain words to places, when asked for.
    """

    text: DocumentText
    clean: CleanText
    page_texts: tuple[str, ...]
    boxes: Mapping[str, tuple[PageBox, ...]] = field(default_factory=dict)


def read_document(reader: DocumentReader, data: bytes, *, with_boxes: bool) -> ReadDocument:
    """Read a document and clean its text.

    Raises:
        DocumentRefused: The document cannot be accepted or no page of it can be read.
        EngineFailure: The OCR engine is missing or broken.
    """
    text = reader.read(data)
    clean = clean_text(text.text)
    page_texts = (clean.text,) if len(text.pages) == 1 else tuple(clean_text(page.text).text for page in text.pages)
    return ReadDocument(text, clean, page_texts, _word_boxes(text, clean.language) if with_boxes else {})


def _word_boxes(text: DocumentText, language: str) -> dict[str, tuple[PageBox, ...]]:
    boxes: dict[str, list[PageBox]] = {}
    for page in text.pages:
        for token, box in _tokens(page, language):
            places = boxes.setdefault(token, [])
            if len(places) < _MAX_BOXES:
                places.append(box)
    return {token: tuple(places) for token, places in boxes.items()}


def _tokens(page: PageText, language: str) -> Iterator[tuple[str, PageBox]]:
    for word in page.words:
        box = PageBox(page.page + 1, word.box.left, word.box.top, word.box.width, word.box.height)
        # A printed word such as "d'identité" holds several of the plain text's words.
        for part in _WORD.findall(unicodedata.normalize("NFC", word.text)):
            token = clean_word(part, language)
            if token is not None:
                yield token, box
