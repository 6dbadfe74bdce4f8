"""The plain form of a text: lemmas without stop words, digits by their shape."""

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache

import simplemma
from stop_words import get_stop_words

from pigeonhole.text.language import LANGUAGES, detect_language

_TOKEN = re.compile(r"[^\W_]+")
_DIGIT = re.compile(r"\d")
_LONGEST_TOKEN = 40


@dataclass(frozen=True)
class CleanText:
    """A text's plain form: its tokens, the same joined by blanks, and its language (`fr` or `en`)."""

    text: str
    language: str
    tokens: tuple[str, ...]


def clean_text(raw: str, language: str | None = None) -> CleanText:
    """Return the plain form of a text as it was read, in the language that `detect_language` finds unless it is given.

    Tokens are lower-case lemmas of the text's language, or of the other one where the first does not know the word.
    Stop words, single letters and strings longer than any word are left out. A digit becomes 0, so that the shape of
    a date, an amount or an account number stays and its value does not.
    """
    language = language or detect_language(raw)
    tokens = tuple(
        token for word in _TOKEN.findall(unicodedata.normalize("NFC", raw)) if (token := clean_word(word, language))
    )
    return CleanText(" ".join(tokens), language, tokens)


@lru_cache(maxsize=100_000)
def clean_word(word: str, language: str) -> str | None:
    """Return the token that a single word becomes in a text of the language, or None when it is left out."""
    lower = word.lower()
    if len(lower) < 2 or len(lower) > _LONGEST_TOKEN:
        return None
    if any(character.isdigit() for character in lower):
        return _DIGIT.sub("0", lower)
    if lower in _stop_words():
        return None
    other = tuple(name for name in LANGUAGES if name != language)
    return str(simplemma.lemmatize(lower, lang=(language, *other))).lower()


@cache
def _stop_words() -> frozenset[str]:
    # Of both languages at once: documents mix them, and a language is a guess on a short text.
    return frozenset(word.lower() for language in LANGUAGES for word in get_stop_words(language))
