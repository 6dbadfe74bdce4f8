"""Run the bench: `make bench-operator` with KUBECONFIG, or `PYTHONPATH=tests/bench:. python -m operator_bench`."""

import json
import os
import platform
import sys
import time
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.e2e.operator.servers import mlflow

from figures import figures_table
from operator_bench.counting import counted_api_server
from operator_bench.fleet import Fleet, FleetFailed, fleet
from operator_bench.process import OperatorProcess, install, operator
from operator_bench.settings import OperatorBenchSettings
from operator_bench.summary import Results, all_figures, describe
from progress import Stages, say

_SETTLE_SECONDS = 600.0


def main() -> int:
    """Measure, write operator.json and print the table; 2 when nothing can be measured."""
    if not os.environ.get("KUBECONFIG"):
        sys.stderr.write("bench: KUBECONFIG is not set: it names the cluster to measure on.\n")
        return 2
    settings = OperatorBenchSettings().effective()
    settings.output.mkdir(parents=True, exist_ok=True)
    try:
        write(settings, measure(settings))
    except FleetFailed as error:
        sys.stderr.write(f"bench: {error}\n")
        return 2
    return 0


def measure(settings: OperatorBenchSettings) -> Results:
    """Go through all stages.

    Raises:
        FleetFailed: The operator does not do what it must.
    """
    stage = Stages()
    python = install()
    stage.done("the operator's own environment")
    with TemporaryDirectory(prefix="operator-", dir=settings.output) as made:
        folder = Path(made)
        with mlflow(folder) as registry, fleet(settings.deployments, registry) as deployments:
            stage.done(f"{settings.deployments} ModelDeployments made")
            log = settings.output / "operator.log"
            with (
                counted_api_server(folder) as (proxy, kubeconfig),
                operator(python, kubeconfig, deployments.namespace, registry, log) as process,
            ):
                settled = deployments.wait_until_ready(_SETTLE_SECONDS)
                stage.done("all of them looked at")
                return _measure_settled(settings, deployments, process, proxy.counts, settled, stage)


def _measure_settled(
    settings: OperatorBenchSettings,
    deployments: Fleet,
    process: OperatorProcess,
    counts: Counter[str],
    settled: float,
    stage: Stages,
) -> Results:
    before, cpu_before, began = Counter(counts), process.cpu_seconds(), time.perf_counter()
    # Nothing is waited for: time at rest is what is measured.
    time.sleep(settings.rest_seconds)
    rest_seconds = time.perf_counter() - began
    calls, cpu = Counter(counts) - before, process.cpu_seconds() - cpu_before
    rest_mb, _ = process.megabytes()
    stage.done("at rest")
    names = deployments.names[:: max(1, len(deployments.names) // settings.changes)][: settings.changes]
    reactions = [deployments.change(name, suspend=True) for name in names]
    stage.done(f"{len(reactions)} changes")
    _, peak_mb = process.megabytes()
    return Results(settings.deployments, settled, rest_mb, peak_mb, rest_seconds, cpu, calls, reactions)


def write(settings: OperatorBenchSettings, results: Results) -> None:
    """Write operator.json, and print the table."""
    figures = all_figures(results)
    report = {
        "figures": [figure.to_json() for figure in figures],
        "environment": {"python": platform.python_version(), "cpus": os.cpu_count(), "machine": platform.machine()},
        "data": {**describe(results), "settings": settings.model_dump(mode="json", exclude={"output"})},
    }
    (settings.output / "operator.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    for name, count in results.calls.most_common():
        say(f"  {name:<40}{count / results.rest_seconds * 60:8.1f} a minute")
    say(figures_table(figures))


if __name__ == "__main__":
    sys.exit(main())
