"""The figures of the API's bench: medians, rounds, goals, what is left out, and what a split gains."""

from collections.abc import Sequence
from typing import Any

import pytest

from api_bench.calling import WrongAnswer
from api_bench.results import Claims, Drain, Fairness, Intake, Results, Shares, Wait
from api_bench.settings import ApiBenchSettings
from api_bench.summary import all_figures, describe, drain_rate, drain_ratio, split_gain
from api_bench.uploading import JobFiles, Uploaded, check_visible
from figures import Figure

pytestmark = pytest.mark.unit

NAMES = [
    "upload_files_per_second",
    "api_rss_mb",
    "submit_ms_per_document",
    "claim_ms_100k_sqlite",
    "claim_ms_100k_postgres",
    "drain_sqlite_per_second",
    "drain_postgres_per_second",
    "drain_vs_procrastinate",
    "fairness_wait_seconds",
    "split_gain",
]
SHARES = (Shares(1, 100, 100), Shares(100, 102, 100))
FILES = JobFiles("r", range(2), lambda _: b"", [{"name": "a"}, {"name": "b"}])


def drains(queue: str, *seconds: float) -> list[Drain]:
    return [Drain(queue, 1000, each) for each in seconds]


def results(
    measured: Sequence[Drain] = (), shares: Sequence[Shares] = SHARES, left_out: dict[str, str] | None = None
) -> Results:
    intake = Intake(Uploaded([0.5, 1.0, 2.0], 0.6), 3, [3.0, 600.0, 6.0], 120.0, [100.0, 120.0])
    claims = {"sqlite": Claims(100_000, [1.0, 2.0, 90.0], 0.02)}
    return Results(intake, claims, measured, Fairness(5000, [Wait(0.1, 0.3), Wait(0.4, 0.5)], shares), left_out or {})


def by_name(measured: Results) -> dict[str, Figure]:
    return {figure.name: figure for figure in all_figures(measured)}


def test_the_figures_have_their_order() -> None:
    assert [figure.name for figure in all_figures(results())] == NAMES


def test_uploads_count_to_the_last_file_and_submissions_and_claims_by_their_median() -> None:
    figures = by_name(results())
    assert figures["upload_files_per_second"].value == pytest.approx(1.5)
    assert figures["submit_ms_per_document"].value == pytest.approx(2.0)
    assert figures["claim_ms_100k_sqlite"].value == pytest.approx(2.0)
    assert figures["api_rss_mb"].value == pytest.approx(120.0)


def test_a_wait_counts_by_the_longest() -> None:
    assert by_name(results())["fairness_wait_seconds"].value == pytest.approx(0.4)


def test_a_drain_counts_by_the_median_of_its_rounds_and_a_ratio_is_taken_round_by_round() -> None:
    measured = [*drains("postgresql", 1.0, 2.0, 8.0), *drains("procrastinate", 2.0, 8.0, 12.0)]
    assert drain_rate(measured, "postgresql") == pytest.approx(500.0)
    assert drain_ratio(measured) == pytest.approx(2.0)


def test_what_is_left_out_has_null_figures_with_the_reason() -> None:
    reason = "PostgreSQL is not installed"
    figures = by_name(results(drains("sqlite", 1.0), left_out={"postgresql": reason, "procrastinate": reason}))
    for name in ("claim_ms_100k_postgres", "drain_postgres_per_second", "drain_vs_procrastinate"):
        assert (figures[name].value, figures[name].met, figures[name].reason) == (None, None, reason)
    assert figures["drain_sqlite_per_second"].met is True


def test_a_split_gains_what_the_share_of_many_jobs_is_by_that_of_one() -> None:
    shares = [Shares(100, 900, 100), Shares(1, 150, 100)]
    assert split_gain(Fairness(5000, [], shares)) == pytest.approx(6.0)
    assert by_name(results(shares=shares))["split_gain"].met is False


def test_all_that_was_measured_is_described() -> None:
    found: dict[str, Any] = describe(results(drains("sqlite", 2.0), [Shares(1, 120, 100)]))
    assert found["drains"]["sqlite"]["per_second"] == pytest.approx(500.0)
    assert found["claims"]["sqlite"]["claim_ms"]["p100"] == pytest.approx(90.0)
    assert found["fairness"]["shares"] == [{"jobs": 1, "large": 120, "small": 100, "ratio": 1.2}]
    assert found["intake"]["declared_ms"] == [3.0, 600.0, 6.0]


def test_a_job_that_is_not_shown_as_declared_ends_the_bench() -> None:
    job = {"id": "job_1", "reference": "r", "counts": {"total": 2}}
    check_visible(job, [job], FILES)
    with pytest.raises(WrongAnswer, match="as it was declared"):
        check_visible({**job, "counts": {"total": 1}}, [job], FILES)
    with pytest.raises(WrongAnswer, match="first of the list"):
        check_visible(job, [{"id": "job_0"}], FILES)


def test_a_bench_that_is_only_tried_measures_less_and_stays_within_the_limits() -> None:
    short = ApiBenchSettings(short=True, files=5000).effective()
    assert (short.files, short.drain_rounds) == (250, 1)
    assert ApiBenchSettings.model_validate(short.model_dump()) == short
    assert ApiBenchSettings(files=400).effective().files == 400
