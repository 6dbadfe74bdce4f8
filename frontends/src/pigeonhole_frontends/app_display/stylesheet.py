"""The apps' style sheet, logo and mark."""

from pathlib import Path

STYLESHEET = Path(__file__).with_name("styles.css")
"""Colours follow the page's light or dark mode; nothing is loaded from elsewhere."""

LOGO = str(Path(__file__).with_name("logo.svg"))
"""A drawing that is readable on light and on dark ground."""

MARK = str(Path(__file__).with_name("mark.svg"))
"""The logo's square, for the browser's tab: an icon by name would be fetched from another server."""
