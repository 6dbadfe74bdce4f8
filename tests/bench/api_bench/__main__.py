"""Run the bench: `make bench-api`, or `PYTHONPATH=tests/bench python -m api_bench`; see docs/bench.md."""

import json
import sys
from pathlib import Path

from api_bench.plot import draw
from api_bench.report import claims_table, drains_table, environment, fairness_table, intake_table, left_out_table
from api_bench.results import Results
from api_bench.settings import ApiBenchSettings
from api_bench.stages import measure_all_claims, measure_drains, measure_fairness, measure_intake, opened_places
from api_bench.summary import all_figures, describe
from figures import figures_table
from pigeonhole.errors import PigeonholeError
from progress import Stages, say

_RIVAL = Path("build/bench/rivals/procrastinate/bin/python")
_REQUIREMENTS = Path(__file__).parent / "rivals" / "procrastinate.txt"


def main() -> int:
    """Measure, write api.json and api.png, and print the tables; 2 when nothing can be measured."""
    settings = ApiBenchSettings().effective()
    settings.output.mkdir(parents=True, exist_ok=True)
    try:
        write(settings, measure(settings))
    except PigeonholeError as error:
        sys.stderr.write(f"bench: {error.message}\n")
        return 2
    return 0


def measure(settings: ApiBenchSettings) -> Results:
    """Go through all stages.

    Raises:
        PigeonholeError: A process does not start, or the platform does not do what it promises.
    """
    stage = Stages()
    with opened_places(settings, _RIVAL) as places:
        intake = measure_intake(settings, places)
        stage.done(f"upload: {len(intake.uploaded.seconds)} files, all of them stored")
        claims = measure_all_claims(settings, places)
        stage.done(f"claims: {len(claims)} databases")
        drains = list(measure_drains(settings, places))
        stage.done(f"drains: {len(drains)}")
        fairness = measure_fairness(settings, places)
        stage.done(f"fairness: {len(fairness.waits)} jobs of one file")
        return Results(intake, claims, drains, fairness, places.left_out())


def write(settings: ApiBenchSettings, results: Results) -> None:
    """Write api.json and api.png, and print the tables."""
    figures, data = all_figures(results), describe(results)
    report = {
        "figures": [figure.to_json() for figure in figures],
        "environment": environment(_REQUIREMENTS),
        "data": {**data, "settings": settings.model_dump(mode="json", exclude={"output"})},
    }
    (settings.output / "api.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    draw(settings.output / "api.png", results, data["drains"])
    say(intake_table(data["intake"]))
    say(claims_table(data["claims"]))
    say(drains_table(data["drains"]))
    say(fairness_table(data["fairness"]))
    say(left_out_table(results.left_out))
    say(f"\nfigures\n{figures_table(figures)}")


if __name__ == "__main__":
    sys.exit(main())
