"""Whether the text that a PDF carries can be trusted."""

from pigeonhole.ocr.settings import OcrSettings


def letter_count(text: str) -> int:
    """Return how many letters a text holds."""
    return sum(character.isalpha() for character in text)


def is_usable_layer(text: str, settings: OcrSettings) -> bool:
    """Tell whether a text layer is text: enough letters, and mostly letters and digits.

    Scanners embed layers of noise, and fonts without a character map give private-use or replacement characters.
    """
    visible = [character for character in text if not character.isspace()]
    if letter_count(text) < settings.min_layer_letters:
        return False
    return sum(character.isalnum() for character in visible) / len(visible) >= settings.min_layer_letter_share
