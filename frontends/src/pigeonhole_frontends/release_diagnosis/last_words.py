"""The one line of a log that says why a process ended."""

import json
import re
from typing import Any

_MOST_CHARACTERS = 200
_PASSWORD = re.compile(r"(://[^:/@\s]*:)[^@\s]+@")
_REASONS = ("reason", "error", "message", "exception")


def last_words(log: str) -> str:
    """Return the last line that says something, cut, without passwords in addresses; empty when there is none.

    The lines of a trace are passed over, and of a line in JSON the event and its reason are kept.
    """
    for line in reversed(log.splitlines()):
        # Python indents where it was; what it was stands in the last line.
        if line.strip() and not line[0].isspace() and not line.startswith("Traceback"):
            return _PASSWORD.sub(r"\1***@", _told(line.strip()))[:_MOST_CHARACTERS]
    return ""


def _told(line: str) -> str:
    try:
        fields: Any = json.loads(line)
    except ValueError:
        return line
    if not isinstance(fields, dict) or "event" not in fields:
        return line
    reason = next((str(fields[key]) for key in _REASONS if fields.get(key)), "")
    return f"{fields['event']}: {reason}" if reason else str(fields["event"])
