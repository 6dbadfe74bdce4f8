"""How both languages write numbers, dates and plurals, and that no value acts as markup."""

from datetime import UTC, datetime

import pytest

from pigeonhole_frontends.app_session.language import Language, choose_language, escape_markdown
from pigeonhole_frontends.app_texts import CATALOGS

pytestmark = pytest.mark.unit

ENGLISH = choose_language("en-GB", None)
FRENCH = choose_language("fr-FR", "Europe/Paris")


@pytest.mark.parametrize(
    ("locale", "code"), [("fr", "fr"), ("fr_CA", "fr"), ("FR-be", "fr"), ("de-DE", "en"), ("", "en"), (None, "en")]
)
def test_the_language_follows_the_browser(locale: str | None, code: str) -> None:
    assert choose_language(locale, None).code == code


@pytest.mark.parametrize("zone", [None, "", "Nowhere/Land", "../etc/passwd"])
def test_an_unknown_zone_is_utc(zone: str | None) -> None:
    assert choose_language("en", zone).zone is UTC


@pytest.mark.parametrize(
    ("share", "english", "french"),
    [
        (0.0, "0%", "0\u00a0%"),
        (1.0, "100%", "100\u00a0%"),
        (0.6149, "61%", "61\u00a0%"),
        (0.9999, ">99%", ">99\u00a0%"),
        (0.0001, "<1%", "<1\u00a0%"),
    ],
)
def test_a_share_is_never_rounded_to_all_or_nothing(share: float, english: str, french: str) -> None:
    assert (ENGLISH.percent(share), FRENCH.percent(share)) == (english, french)


def test_a_share_may_have_decimals() -> None:
    assert (ENGLISH.percent(0.79912, 1), FRENCH.percent(0.79912, 1)) == ("79.9%", "79,9\u00a0%")
    assert ENGLISH.percent(0.99999, 1) == ">99.9%"


def test_numbers_are_written_as_the_language_does() -> None:
    assert (ENGLISH.whole(12_345), FRENCH.whole(12_345)) == ("12,345", "12\u202f345")
    assert (ENGLISH.decimal(0.5), FRENCH.decimal(0.5)) == ("0.50", "0,50")
    assert (ENGLISH.signed(-0.0301), FRENCH.signed(0.03)) == ("\u22120.030", "+0,030")
    assert ENGLISH.signed(-0.0001) == "\u00b10.000"
    assert (ENGLISH.size(999), ENGLISH.size(1_500), FRENCH.size(2_540_000)) == ("999 B", "2 kB", "2,5 Mo")


def test_a_moment_is_told_in_the_readers_zone() -> None:
    at = datetime(2026, 7, 14, 22, 5, tzinfo=UTC)
    assert (ENGLISH.moment(at), FRENCH.moment(at)) == ("14 Jul 2026, 22:05", "15/07/2026 00:05")


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "0 s"), (75, "1 min 15 s"), (7_260, "2 h 1 min"), (-3, "0 s")])
def test_a_duration_has_two_units(seconds: float, said: str) -> None:
    assert ENGLISH.seconds(seconds) == said


def test_none_is_plural_in_english_and_singular_in_french() -> None:
    catalog = {"file.one": "{count} file", "file.other": "{count} files"}
    assert [Language("en", catalog).counted("file", count) for count in (0, 1, 2)] == ["0 files", "1 file", "2 files"]
    assert [Language("fr", catalog).counted("file", count) for count in (0, 1, 2)] == ["0 file", "1 file", "2 files"]


def test_an_unknown_name_stays_what_it_is() -> None:
    assert ENGLISH.known("refusal", "eaten-by-the-dog") == "eaten-by-the-dog"
    assert ENGLISH.known("refusal", "empty") == CATALOGS["en"]["refusal.empty"]


def test_a_value_cannot_act_as_markdown() -> None:
    said = ENGLISH.markdown("upload.reference_used", reference="**[x](http://e.test)** :red[a] $b$ `c` <i>\n# d")
    assert "\\*\\*\\[x\\]\\(http\\://e\\.test\\)\\*\\*" in said
    assert "\\:red\\[a\\] \\$b\\$ \\`c\\` \\<i\\> \\# d" in said
    assert escape_markdown("a\n\n- b") == "a \\- b"


def test_a_value_cannot_act_as_html() -> None:
    said = ENGLISH.html("document.image", name='"><script>alert(1)</script>')
    assert "<" not in said
    assert '"' not in said
