"""Every text that the apps' code asks for exists in both languages with the same values, and no text is left over."""

import ast
import re
import string
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

import pigeonhole_frontends
from pigeonhole_frontends.app_texts import CATALOGS

pytestmark = pytest.mark.unit

ROOMS = ("app_display", "app_session", "user_app", "admin_app")
ASKING = {"text", "markdown", "html", "counted"}
ENGLISH, FRENCH = CATALOGS["en"], CATALOGS["fr"]
COUNTED = (".one", ".other")


@dataclass(frozen=True)
class Asked:
    """A call that asks for a text by a key written out, with the names of the values it gives."""

    key: str
    values: frozenset[str]
    place: str
    counted: bool
    all_values_known: bool


def trees() -> Iterator[tuple[str, ast.Module]]:
    root = Path(pigeonhole_frontends.__file__).parent
    for room in ROOMS:
        for path in sorted((root / room).rglob("*.py")):
            yield path.name, ast.parse(path.read_text(encoding="utf-8"))


def nodes() -> list[tuple[str, ast.AST]]:
    return [(name, node) for name, tree in trees() for node in ast.walk(tree)]


def values_of(call: ast.Call) -> tuple[frozenset[str], bool]:
    names: set[str] = set()
    known = True
    for keyword in call.keywords:
        if keyword.arg is not None:
            names.add(keyword.arg)
        elif isinstance(keyword.value, ast.Dict):
            names.update(str(key.value) for key in keyword.value.keys if isinstance(key, ast.Constant))
        else:
            known = False
    return frozenset(names), known


def asked() -> list[Asked]:
    calls = []
    for name, node in nodes():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in ASKING):
            continue
        if node.args and isinstance(node.args[0], ast.Constant) and isinstance(node.args[0].value, str):
            values, known = values_of(node)
            counted = node.func.attr == "counted"
            calls.append(Asked(node.args[0].value, values, f"{name}:{node.lineno}", counted, known))
    return calls


def placeholders(text: str) -> frozenset[str]:
    return frozenset(name for _, name, _, _ in string.Formatter().parse(text) if name is not None)


def bare(key: str) -> str:
    return key.rpartition(".")[0] if key.endswith(COUNTED) else key


def key_patterns() -> list[re.Pattern[str]]:
    """Return what keys put together in code can look like."""
    patterns = []
    for _, node in nodes():
        if isinstance(node, ast.JoinedStr):
            parts = [re.escape(str(part.value)) if isinstance(part, ast.Constant) else ".+" for part in node.values]
            if re.match(r"[a-z_]+\\\.", parts[0]):
                patterns.append(re.compile("".join(parts)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "known":
            first = node.args[0]
            if isinstance(first, ast.Constant):
                patterns.append(re.compile(re.escape(str(first.value)) + r"\..+"))
    return patterns


def test_both_languages_have_the_same_keys() -> None:
    assert sorted(ENGLISH) == sorted(FRENCH)


def test_both_languages_fill_in_the_same_values() -> None:
    assert [key for key in ENGLISH if placeholders(ENGLISH[key]) != placeholders(FRENCH[key])] == []


def test_the_catalogs_do_not_repeat_a_key() -> None:
    from pigeonhole_frontends.app_texts.admin_en import ADMIN_EN
    from pigeonhole_frontends.app_texts.platform_en import PLATFORM_EN
    from pigeonhole_frontends.app_texts.user_en import USER_EN

    assert len(PLATFORM_EN) + len(USER_EN) + len(ADMIN_EN) == len(ENGLISH)


def test_what_can_be_counted_has_one_and_many() -> None:
    counted = {bare(key) for key in ENGLISH if key.endswith(COUNTED)}
    assert [key for key in counted if not all(key + ending in ENGLISH for ending in COUNTED)] == []


def test_every_text_that_code_asks_for_exists() -> None:
    missing = [
        f"{each.place} {each.key}"
        for each in asked()
        if (f"{each.key}.one" if each.counted else each.key) not in ENGLISH
    ]
    assert missing == []
    assert len(asked()) > 100


def test_every_text_gets_exactly_the_values_it_fills_in() -> None:
    wrong = []
    for each in asked():
        wanted = placeholders(ENGLISH[f"{each.key}.other" if each.counted else each.key])
        given = each.values | {"count"} if each.counted else each.values
        if each.all_values_known and given != wanted:
            wrong.append(f"{each.place} {each.key}: gives {sorted(given)}, fills in {sorted(wanted)}")
    assert wrong == []


def test_no_text_is_left_over() -> None:
    written = {node.value for _, node in nodes() if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    patterns = key_patterns()
    unused = [
        key
        for key in ENGLISH
        if key not in written and bare(key) not in written and not any(each.fullmatch(bare(key)) for each in patterns)
    ]
    assert unused == []


@pytest.mark.parametrize("code", ["en", "fr"])
def test_no_text_is_empty_or_padded(code: str) -> None:
    assert [key for key, text in CATALOGS[code].items() if text != text.strip() or not text] == []


def test_french_marks_never_start_a_line() -> None:
    assert [key for key, text in FRENCH.items() if re.search(r" [:;?!»]|« ", text)] == []
