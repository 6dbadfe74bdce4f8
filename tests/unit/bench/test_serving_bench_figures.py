"""The figures of the serving bench: ratios round by round, goals, what is improper, and what a left-out rival says."""

from collections.abc import Sequence

import pytest

from figures import Figure
from serving_bench.comparison import latency_ratio, throughput_ratio
from serving_bench.load import Turn
from serving_bench.memory import course_of
from serving_bench.overload import Outcome, count_statuses
from serving_bench.results import Comparison, Overload, Results
from serving_bench.single import Answered
from serving_bench.summary import all_figures, describe, describe_comparison

pytestmark = pytest.mark.unit

NAMES = [
    "rps_vs_mlflow",
    "p95_vs_mlflow",
    "rps_vs_mlserver",
    "p95_vs_mlserver",
    "overhead_p50_ms",
    "cached_p50_ms",
    "liveness_p95_ms_under_load",
]


def turns(server: str, rates: Sequence[float], p95s: Sequence[float], callers: int = 8) -> list[Turn]:
    return [Turn(server, callers, rate, p95 / 2, p95) for rate, p95 in zip(rates, p95s, strict=True)]


def overload(outcomes: Sequence[Outcome] = (), liveness: Sequence[float] = (1.0,)) -> Overload:
    memory = [100.0, 200.0, 210.0]
    return Overload(10.0, len(outcomes), outcomes, liveness, 0, memory, course_of(memory), 30.0)


def results(comparison: Comparison, loaded: Overload) -> Results:
    cold = [Answered(100.0 + extra, 100.0, "lines") for extra in (4.0, 5.0, 900.0)]
    return Results(comparison, cold, [Answered(7.0, 100.0, "lines")], loaded)


def by_name(measured: Results) -> dict[str, Figure]:
    return {figure.name: figure for figure in all_figures(measured)}


def test_a_ratio_is_the_median_of_the_rounds_and_above_one_when_we_are_ahead() -> None:
    # A busy second round slows both alike; the third hits ours alone.
    all_turns = turns("pigeonhole", (300, 100, 50), (20, 60, 120)) + turns("mlflow", (200, 80, 200), (30, 75, 30))
    assert throughput_ratio(all_turns, "mlflow") == pytest.approx(1.25)
    assert latency_ratio(all_turns, "mlflow") == pytest.approx(1.25)


def test_turns_with_fewer_callers_do_not_count_in_the_figures() -> None:
    all_turns = [
        *turns("pigeonhole", (300,), (20,)),
        *turns("pigeonhole", (1,), (999,), callers=1),
        *turns("mlflow", (200,), (30,)),
        *turns("mlflow", (900,), (1,), callers=1),
    ]
    assert throughput_ratio(all_turns, "mlflow") == pytest.approx(1.5)
    assert latency_ratio(all_turns, "mlflow") == pytest.approx(1.5)


def test_a_rival_that_is_left_out_has_null_figures_with_the_reason() -> None:
    measured = [
        turn
        for callers in (1, 8)
        for turn in turns("pigeonhole", (300,), (20,), callers) + turns("mlflow", (200,), (30,), callers)
    ]
    comparison = Comparison(measured, {"mlserver": "it could not be installed"})
    figures = by_name(results(comparison, overload()))
    for name in ("rps_vs_mlserver", "p95_vs_mlserver"):
        values = figures[name].to_json()
        assert (values["value"], values["met"], values["reason"]) == (None, None, "it could not be installed")
    assert figures["rps_vs_mlflow"].met is True
    assert describe_comparison(comparison)["left_out"] == {"mlserver": "it could not be installed"}


def test_the_figures_have_their_order_goals_and_directions() -> None:
    figures = all_figures(results(Comparison([]), overload(liveness=[10.0] * 90 + [400.0] * 10)))
    assert [figure.name for figure in figures] == NAMES
    assert [(figure.goal, figure.direction) for figure in figures] == [
        *[(1.0, "max")] * 4,
        (10.0, "min"),
        (15.0, "min"),
        (50.0, "min"),
    ]


def test_overhead_is_the_median_of_what_is_not_reading_and_liveness_is_not_the_mean() -> None:
    figures = by_name(results(Comparison([]), overload(liveness=[10.0] * 90 + [400.0] * 10)))
    assert figures["overhead_p50_ms"].value == pytest.approx(5.0)
    assert figures["cached_p50_ms"].value == pytest.approx(7.0)
    assert figures["liveness_p95_ms_under_load"].value == pytest.approx(400.0)
    assert figures["liveness_p95_ms_under_load"].met is False


def test_a_refusal_is_proper_only_when_it_says_when_to_come_back() -> None:
    outcomes = [
        Outcome(200, retry_after=False, milliseconds=900.0),
        Outcome(503, retry_after=True, milliseconds=2.0),
        Outcome(503, retry_after=False, milliseconds=2.0),
        Outcome(504, retry_after=False, milliseconds=2.0),
        Outcome("ReadTimeout", retry_after=False, milliseconds=180_000.0),
    ]
    assert count_statuses(outcomes) == {"200": 1, "503": 1, "503 alone": 1, "504": 1, "ReadTimeout": 1}
    assert describe(results(Comparison([]), overload(outcomes)))["overload"]["improper"] == 3


def test_memory_is_the_first_sample_and_the_medians_of_the_later_thirds() -> None:
    course = course_of([50.0, 70.0, 90.0, 100.0, 100.0, 900.0, 110.0, 120.0, 130.0])
    assert (course.start, course.middle, course.end) == (50.0, 100.0, 120.0)
    assert course.growth == pytest.approx(1.2)


def test_memory_without_thirds_is_refused() -> None:
    with pytest.raises(ValueError, match="2 samples"):
        course_of([1.0, 2.0])
