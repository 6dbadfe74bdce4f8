"""What a request's conditions ask for."""

import pytest

from pigeonhole_api.conditions import is_fresh, wanted_range
from pigeonhole_api.problems import Refusal

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("if_none_match", "fresh"),
    [
        (None, False),
        ("", False),
        ('"a"', True),
        ('W/"a"', True),
        ('"b", "a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ("a", False),
        ('"a', False),
    ],
)
def test_a_caller_who_names_the_tag_has_it(if_none_match: str | None, fresh: bool) -> None:
    assert is_fresh('"a"', if_none_match) is fresh
    assert is_fresh('W/"a"', if_none_match) is fresh


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        (None, None),
        ("bytes=0-0", (0, 1)),
        ("bytes=2-4", (2, 5)),
        ("bytes=2-", (2, 10)),
        ("bytes=2-99", (2, 10)),
        ("bytes=-3", (7, 10)),
        ("bytes=-99", (0, 10)),
        ("bytes=-", None),
        ("bytes=4-2", None),
        ("bytes=0-1,3-4", None),
        ("lines=0-1", None),
        ("bytes=a-b", None),
        ("bytes=٣-", None),
        ("", None),
    ],
)
def test_one_range_of_bytes_is_understood_and_all_else_gives_everything(
    given: str | None, wanted: tuple[int, int] | None
) -> None:
    assert wanted_range(given, None, tag='"a"', size=10) == wanted


@pytest.mark.parametrize("given", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_beyond_the_end_is_refused_with_the_size(given: str) -> None:
    with pytest.raises(Refusal) as caught:
        wanted_range(given, None, tag='"a"', size=10)
    assert (caught.value.status, caught.value.headers) == (416, {"Content-Range": "bytes */10"})


@pytest.mark.parametrize(("if_range", "wanted"), [('"a"', (2, 10)), ('"b"', None), ('W/"a"', None)])
def test_the_rest_of_something_else_is_not_sent(if_range: str, wanted: tuple[int, int] | None) -> None:
    assert wanted_range("bytes=2-", if_range, tag='"a"', size=10) == wanted
