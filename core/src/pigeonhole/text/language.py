"""French or English."""

from functools import cache

from py3langid.langid import MODEL_FILE, LanguageIdentifier

LANGUAGES = ("fr", "en")
"""The languages that Pigeonhole reads, the first being the one of a text that shows neither."""

_SAMPLE = 4000


@cache
def _identifier() -> LanguageIdentifier:
    identifier = LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)
    identifier.set_languages(list(LANGUAGES))
    return identifier


def detect_language(text: str) -> str:
    """Return `fr` or `en`, whichever the text's beginning looks more like; `fr` for a text without letters."""
    sample = text[:_SAMPLE]
    if not any(character.isalpha() for character in sample):
        return LANGUAGES[0]
    return str(_identifier().classify(sample)[0])
