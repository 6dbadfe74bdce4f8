"""Intervals of shares, against published figures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_operator.decision.intervals import difference, wilson

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("hits", "total", "low", "high"),
    # Newcombe 1998, "Two-sided confidence intervals for the single proportion", table I, method 3.
    [(81, 263, 0.2553, 0.3662), (15, 148, 0.0624, 0.1605), (0, 20, 0.0, 0.1611), (1, 29, 0.0061, 0.1718)],
)
def test_the_interval_of_a_share_is_the_published_one(hits: int, total: int, low: float, high: float) -> None:
    assert wilson(hits, total) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(
    ("first", "second", "low", "high"),
    # Newcombe 1998, "Interval estimation for the difference between independent proportions", table II, method 10.
    [
        ((56, 70), (48, 80), 0.0524, 0.3339),
        ((9, 10), (3, 10), 0.1705, 0.8090),
        ((10, 10), (0, 20), 0.6791, 1.0),
    ],
)
def test_the_interval_of_a_difference_is_the_published_one(
    first: tuple[int, int], second: tuple[int, int], low: float, high: float
) -> None:
    assert difference(first, second) == pytest.approx((low, high), abs=5e-5)


@given(total=st.integers(1, 5000), share=st.floats(0, 1))
def test_the_share_lies_within_its_interval(total: int, share: float) -> None:
    hits = round(total * share)
    low, high = wilson(hits, total)
    assert 0 <= low <= hits / total <= high <= 1


def test_nothing_is_known_of_no_documents() -> None:
    assert wilson(0, 0) == (0.0, 1.0)
    assert difference((0, 0), (5, 10)) == (-1.0, 1.0)
