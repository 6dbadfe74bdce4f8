"""Run the bench: `make bench-serving`, or `PYTHONPATH=tests/bench python -m serving_bench`; see docs/bench.md."""

# OpenMP reads it when tesseract's library is loaded: its threads spin when cores are contended.
import os

os.environ["OMP_THREAD_LIMIT"] = "1"

import json
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from figures import figures_table
from pigeonhole.errors import PigeonholeError
from progress import Stages, say
from serving_bench.model import held_out, save_for_all, train_model
from serving_bench.plot import draw
from serving_bench.report import environment, overload_table, servers_table, single_table
from serving_bench.results import Results
from serving_bench.settings import ServingBenchSettings
from serving_bench.single import send_one_by_one, wait_until_idle
from serving_bench.stages import compare_servers, generated_documents, overload, serving_pair
from serving_bench.summary import all_figures, describe

_ENVIRONMENTS = Path("build/bench/rivals")
_REQUIREMENTS = Path(__file__).parent / "rivals"
_TEXTS = 70


def main() -> int:
    """Measure, write serving.json and serving.png, and print the tables; 2 when nothing can be measured."""
    settings = ServingBenchSettings()
    settings.output.mkdir(parents=True, exist_ok=True)
    try:
        write(settings, measure(settings))
    except PigeonholeError as error:
        sys.stderr.write(f"bench: {error.message}\n")
        return 2
    return 0


def measure(settings: ServingBenchSettings) -> Results:
    """Go through all stages.

    Raises:
        PigeonholeError: The engine is missing, our servers do not start, or a server answers wrongly.
    """
    stage = Stages()
    with TemporaryDirectory(prefix="pigeonhole-bench-") as folder:
        model = train_model(settings)
        folders = save_for_all(model.classifier, Path(folder))
        stop = model.classifier.stop_confidence
        stage.done(f"model: {len(model.texts)} texts, stop confidence {'none' if stop is None else f'{stop:.3f}'}")
        texts = held_out(model.texts, _TEXTS)
        comparison = compare_servers(folders, texts, settings, _ENVIRONMENTS)
        stage.done(f"comparison: {len(comparison.turns)} turns")
        with generated_documents(settings) as documents:
            stage.done(f"documents: {len(documents.single)} to send one at a time, {len(documents.load)} for the load")
            with serving_pair(folders, settings.output) as transformer:
                send_one_by_one(transformer, documents.capacity[:5])
                cold = send_one_by_one(transformer, documents.single)
                wait_until_idle(transformer)
                cached = send_one_by_one(transformer, documents.single)
                stage.done(f"one at a time: {len(cold)} documents, twice")
                loaded = overload(transformer, documents, settings)
                stage.done(f"load: {len(loaded.outcomes)} documents")
    return Results(comparison, cold, cached, loaded)


def write(settings: ServingBenchSettings, results: Results) -> None:
    """Write serving.json and serving.png, and print the tables."""
    figures, data = all_figures(results), describe(results)
    report = {
        "figures": [figure.to_json() for figure in figures],
        "environment": environment(_REQUIREMENTS),
        "data": {**data, "settings": settings.model_dump(mode="json", exclude={"output"})},
    }
    (settings.output / "serving.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    draw(settings.output / "serving.png", data["comparison"], results.overload)
    say(servers_table(data["comparison"]))
    say(single_table(data["single"]))
    say(overload_table(data["overload"]))
    say(f"\nfigures\n{figures_table(figures)}")


if __name__ == "__main__":
    sys.exit(main())
