"""The figures of a model: shares with their intervals, the stability index with its limits, and the draw."""

from math import log
from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pigeonhole_api.identifiers import new_id
from pigeonhole_api.quality import compare_mixes, compare_numbers, is_audited, share_figure
from pigeonhole_api.quality.figures import judge
from pigeonhole_api.quality.intervals import wilson_interval
from pigeonhole_api.quality.stability import MAJOR, chance_level, cut_bins, stability_index

pytestmark = pytest.mark.unit

MIXES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 500), min_size=1)


@pytest.mark.parametrize(
    ("hits", "n", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_a_share_lies_in_wilsons_interval(hits: int, n: int, low: float, high: float) -> None:
    assert wilson_interval(hits, n) == pytest.approx((low, high), abs=5e-5)


@given(n=st.integers(1, 10_000), data=st.data())
def test_an_interval_holds_its_share_and_lies_within_0_and_1(n: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = wilson_interval(hits, n)
    assert 0 <= low <= hits / n + 1e-12
    assert hits / n - 1e-12 <= high <= 1
    mirrored = wilson_interval(n - hits, n)
    assert (low, high) == pytest.approx((1 - mirrored[1], 1 - mirrored[0]), abs=1e-9)


def test_no_decision_is_no_share() -> None:
    nothing = share_figure(0, 0)
    assert (nothing.value, nothing.low, nothing.high, nothing.n, nothing.reason) == (
        None,
        None,
        None,
        0,
        "no-decisions",
    )
    some = share_figure(9, 10)
    assert (some.value, some.n, some.reason) == (0.9, 10, None)
    assert (some.low, some.high) == pytest.approx((0.5958, 0.9821), abs=5e-5)


def test_the_index_is_the_one_worked_out_by_hand() -> None:
    # Shares .5, .3, .2 against .4, .4, .2: (.1)(ln 1.25) + (-.1)(ln .75).
    index = stability_index({"a": 50, "b": 30, "c": 20}, {"a": 400, "b": 400, "c": 200})
    assert index == pytest.approx(0.1 * log(1.25) - 0.1 * log(0.75))
    assert index == pytest.approx(0.0510825624)


def test_an_empty_bin_counts_as_half_a_document_of_the_smaller_sample() -> None:
    # Shares .9, .1 against 1, 0: the 0 is .5 / 100, in both directions.
    expected = (0.9 - 1) * log(0.9) + (0.1 - 0.005) * log(0.1 / 0.005)
    assert stability_index({"a": 90, "b": 10}, {"a": 1000}) == pytest.approx(expected)
    assert stability_index({"a": 1000}, {"a": 90, "b": 10}) == pytest.approx(expected)
    # One document of a new class among many is no alarm.
    assert stability_index({"a": 999, "b": 1}, {"a": 1000}) < 0.001


@given(MIXES, st.integers(1, 20))
def test_equal_mixes_have_the_index_0_whatever_their_sizes(mix: dict[str, int], times: int) -> None:
    assert stability_index({name: count * times for name, count in mix.items()}, mix) == pytest.approx(0, abs=1e-12)


@given(MIXES, MIXES)
def test_the_index_is_symmetric_and_never_negative(first: dict[str, int], second: dict[str, int]) -> None:
    index = stability_index(first, second)
    assert index >= 0
    assert index == pytest.approx(stability_index(second, first))
    assert chance_level(first, second) == pytest.approx(chance_level(second, first))


@given(size=st.integers(50, 500), step=st.integers(1, 40))
def test_the_index_grows_with_the_shift(size: int, step: int) -> None:
    reference = {"a": size, "b": size}
    shifted = [{"a": size + moved, "b": size - moved} for moved in (0, step, step + 1)]
    none, less, more = (stability_index(current, reference) for current in shifted)
    assert none == 0
    assert 0 < less < more


@pytest.mark.parametrize(("bins", "quantile"), [(2, 3.841), (3, 5.991), (6, 11.070), (10, 16.919), (20, 30.144)])
def test_what_chance_explains_is_the_chi_squared_quantile(bins: int, quantile: float) -> None:
    sample = {str(number): 100 // bins + 1 for number in range(bins)}
    n = sum(sample.values())
    assert chance_level(sample, sample) == pytest.approx(quantile * 2 / n, rel=0.03)


def test_a_single_bin_cannot_differ() -> None:
    assert chance_level({"a": 5}, {"a": 7, "b": 0}) == 0.0
    assert stability_index({"a": 5}, {"a": 7}) == 0.0


def test_a_verdict_needs_a_limit_and_more_than_chance() -> None:
    assert [judge(value, 0.05) for value in (0.04, 0.09, 0.1, 0.25, 0.26)] == [
        *("stable", "stable", "moderate", "moderate", "shifted"),
    ]
    assert [judge(value, 0.34) for value in (0.2, 0.3, 0.35)] == ["stable", "stable", "shifted"]


def test_a_comparison_of_few_documents_is_none() -> None:
    few, enough = {"a": 99}, {"a": 100}
    assert compare_mixes(few, enough, fewest=100).reason == "too-few-documents"
    assert compare_mixes(enough, few, fewest=100).reason == "too-few-reference-documents"
    assert compare_mixes(few, enough, fewest=100).value is None
    found = compare_mixes(enough, enough, fewest=100)
    assert (found.value, found.n, found.reference_n, found.reason) == (0.0, 100, 100, None)
    assert compare_mixes({}, {}, fewest=1).reason == "too-few-documents"
    assert compare_numbers({}, {}, fewest=1).reason == "too-few-documents"


def test_numbers_are_cut_into_ten_bins_that_the_reference_fills_alike() -> None:
    reference = {float(number): 3 for number in range(100)}
    bins = cut_bins(reference)
    assert bins.edges == tuple(float(number) for number in range(9, 100, 10))
    assert set(bins.count(reference).values()) == {30}
    assert bins.count({9.0: 1, 9.5: 2, 1000.0: 4}) == {"0": 1, "1": 2, "10": 4}


def test_a_value_that_many_have_is_a_bin_of_its_own() -> None:
    reference = {1.0: 95, 2.0: 3, 3.0: 2}
    found = compare_numbers({1.0: 50, 2.0: 30, 3.0: 20}, reference, fewest=10)
    assert found.value
    assert found.value > MAJOR
    all_one = {1.0: 100}
    for elsewhere in (0.5, 5.0):
        moved = compare_numbers({elsewhere: 100}, all_one, fewest=10)
        assert moved.value
        assert moved.value > MAJOR
    assert compare_numbers(all_one, all_one, fewest=10).value == 0.0


@given(st.dictionaries(st.integers(0, 1000).map(float), st.integers(1, 50), min_size=1))
def test_every_number_is_in_one_bin_and_no_bin_is_small(reference: dict[float, int]) -> None:
    bins, total = cut_bins(reference), sum(reference.values())
    counted = bins.count(reference)
    assert sum(counted.values()) == total
    small = [name for name, count in counted.items() if count * 10 < total]
    assert small in ([], [str(len(bins.edges))])


def test_a_shift_of_confidence_is_seen_and_a_normal_week_is_not() -> None:
    def scores(mean: float, spread: float = 60.0, size: int = 500) -> dict[float, int]:
        normal = NormalDist(mean, spread)
        counted: dict[float, int] = {}
        for place in range(size):
            value = float(round(normal.inv_cdf((place + 0.5) / size)))
            counted[value] = counted.get(value, 0) + 1
        return counted

    same = compare_numbers(scores(800, size=300), scores(800), fewest=100)
    lower = compare_numbers(scores(740, size=300), scores(800), fewest=100)
    assert same.value is not None
    assert lower.value is not None
    assert same.value < 0.01
    assert lower.value > 0.25


def test_the_draw_is_the_same_each_time_and_the_share_that_was_asked_for() -> None:
    ids = [new_id("doc") for _ in range(20_000)]
    drawn = [each for each in ids if is_audited(each, 0.02)]
    # Five standard deviations of a binomial draw.
    assert abs(len(drawn) - 400) < 100
    assert [each for each in ids if is_audited(each, 0.02)] == drawn
    # A larger share holds the smaller one, so that changing the setting re-draws nothing.
    assert all(is_audited(each, 0.1) for each in drawn)
    assert not any(is_audited(each, 0.0) for each in ids)
    assert all(is_audited(each, 1.0) for each in ids)


def test_the_draw_is_not_one_of_neighbours() -> None:
    base = int(new_id("doc").removeprefix("doc_"), 16)
    drawn = sum(is_audited(f"doc_{base + number:032x}", 0.5) for number in range(10_000))
    assert abs(drawn - 5000) < 250
