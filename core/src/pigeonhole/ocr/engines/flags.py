"""How Tesseract is run: the flags that both engines share, which are part of the cache's key."""

import os

from pigeonhole.ocr.engine import Layout

# OpenMP's threads spin when cores are contended: 16.5 s a page instead of 2.3 s on two cores (docs/ocr.md). Tesseract
# looks when its library is loaded, so this stands before any import of it.
os.environ.setdefault("OMP_THREAD_LIMIT", "1")

SEGMENTATION: dict[Layout, int] = {"page": 3, "rows": 6}
"""Tesseract's page segmentation modes: fully automatic, and one uniform block of text."""

LSTM_ONLY = 1
"""Tesseract's engine mode without the recogniser of version 3."""

# No second pass on inverted lines, since prepared pages are dark on light; no dictionaries, which an LSTM hardly needs.
VARIABLES = {"tessedit_do_invert": "0", "load_system_dawg": "0", "load_freq_dawg": "0"}


def fingerprint(languages: str) -> str:
    """Return the languages and flags as text."""
    flags = " ".join(f"{name}={value}" for name, value in VARIABLES.items())
    return f"{languages} oem={LSTM_ONLY} psm={SEGMENTATION['page']},{SEGMENTATION['rows']} {flags}"
