"""Which names a class may have: a pure check."""

import re

MOST_CHARACTERS = 64
ENOUGH_EXAMPLES = 20
"""With fewer examples than this, a class is hardly learned (research of the vendors' own minimums)."""

_NAME = re.compile(r"[^/\x00-\x1f\x7f]+")


def check_class_name(name: str, known: list[str]) -> str | None:
    """Return the key of the text that says what is wrong with a new class's name, or None."""
    if not name.strip():
        return "classes.name_missing"
    if len(name) > MOST_CHARACTERS or _NAME.fullmatch(name.strip()) is None:
        return "classes.name_malformed"
    return "classes.name_taken" if name.strip() in known else None
