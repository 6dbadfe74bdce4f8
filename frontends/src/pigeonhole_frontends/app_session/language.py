"""The reader's language and how it writes numbers, dates and plurals."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import streamlit as st

from pigeonhole_frontends.app_texts import CATALOGS

_MARKDOWN_MARKS = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~:$&])")
_ENGLISH_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def escape_markdown(text: str) -> str:
    """Return a text that Streamlit's markdown shows letter by letter, on one line."""
    return _MARKDOWN_MARKS.sub(r"\\\1", " ".join(text.split()))


@dataclass(frozen=True)
class Language:
    """One language: its texts, and how it writes numbers and dates."""

    code: str
    catalog: Mapping[str, str]
    zone: tzinfo = UTC

    def text(self, key: str, **values: object) -> str:
        """Return a text with its values filled in, for a place that shows plain text.

        Raises:
            KeyError: The catalog has no such text.
        """
        return self.catalog[key].format(**values)

    def markdown(self, key: str, **values: object) -> str:
        """Return a text whose values cannot act as markdown."""
        return self.catalog[key].format(**{name: escape_markdown(str(value)) for name, value in values.items()})

    def html(self, key: str, **values: object) -> str:
        """Return a text that is safe inside HTML, values included."""
        return html.escape(self.text(key, **values))

    def counted(self, key: str, count: int, **values: object) -> str:
        """Return the text for one or for many: `<key>.one` or `<key>.other`, with `count` as a value."""
        singular = count == 1 or (self.code == "fr" and count == 0)
        return self.text(f"{key}.{'one' if singular else 'other'}", count=self.whole(count), **values)

    def known(self, prefix: str, name: str) -> str:
        """Return the text `<prefix>.<name>`, or the name itself when the catalog does not know it."""
        return self.catalog.get(f"{prefix}.{name}", name)

    def whole(self, number: int) -> str:
        """Write a whole number with its thousands apart."""
        return f"{number:,}".replace(",", "\u202f" if self.code == "fr" else ",")

    def decimal(self, number: float, places: int = 2) -> str:
        """Write a number with a fixed number of decimals."""
        return self._with_comma(f"{number:.{places}f}")

    def signed(self, number: float, places: int = 3) -> str:
        """Write a difference with its sign; a minus as long as a plus."""
        written = f"{number:+.{places}f}"
        sign = "\u00b1" if float(written) == 0 else written[0].replace("-", "\u2212")
        return self._with_comma(sign + written[1:])

    def percent(self, share: float, places: int = 0) -> str:
        """Write a share of one as a percentage; what is not quite all or nothing is not written as such."""
        least: float = 10.0**-places
        rounded, sign = round(100 * share, places), ""
        if rounded == 100 and share < 1:
            sign, rounded = ">", 100 - least
        elif rounded == 0 and share > 0:
            sign, rounded = "<", least
        unit = "\u00a0%" if self.code == "fr" else "%"
        return f"{sign}{self.decimal(rounded, places)}{unit}"

    def moment(self, at: datetime) -> str:
        """Write a time in the reader's zone."""
        here = at.astimezone(self.zone)
        if self.code == "fr":
            return here.strftime("%d/%m/%Y %H:%M")
        return f"{here.day} {_ENGLISH_MONTHS[here.month - 1]} {here.year}, {here:%H:%M}"

    def seconds(self, seconds: float) -> str:
        """Write a duration in its two greatest units."""
        minutes, rest = divmod(max(0, round(seconds)), 60)
        hours, minutes = divmod(minutes, 60)
        if hours:
            return f"{hours} h {minutes} min"
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"

    def size(self, octets: int) -> str:
        """Write a file's size."""
        units = ("o", "ko", "Mo") if self.code == "fr" else ("B", "kB", "MB")
        if octets < 1000:
            return f"{octets} {units[0]}"
        if octets < 1_000_000:
            return f"{self.decimal(octets / 1000, 0)} {units[1]}"
        return f"{self.decimal(octets / 1_000_000, 1)} {units[2]}"

    def _with_comma(self, written: str) -> str:
        return written.replace(".", ",") if self.code == "fr" else written


def choose_language(locale: str | None, timezone: str | None) -> Language:
    """Return the language of a browser's locale, English when there is no catalog for it."""
    code = (locale or "").replace("_", "-").split("-")[0].lower()
    chosen = code if code in CATALOGS else "en"
    return Language(chosen, CATALOGS[chosen], _zone(timezone))


def session_language() -> Language:
    """Return the language of the session's browser."""
    return choose_language(st.context.locale, st.context.timezone)


def _zone(name: str | None) -> tzinfo:
    try:
        return ZoneInfo(name) if name else UTC
    except (ZoneInfoNotFoundError, ValueError):
        return UTC
