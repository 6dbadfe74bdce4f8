"""Text in French and English: which of the two, and its plain form for the classifier."""

from pigeonhole.text.cleaning import CleanText, clean_text
from pigeonhole.text.language import LANGUAGES, detect_language

__all__ = ["LANGUAGES", "CleanText", "clean_text", "detect_language"]
