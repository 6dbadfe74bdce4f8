"""The operator's process: `python -m pigeonhole_operator`."""

import sys
from functools import partial

from pigeonhole.settings import PlatformSettings
from pigeonhole_operator.brain import Brain
from pigeonhole_operator.decision.analysis import queries
from pigeonhole_operator.decision.needs import needs
from pigeonhole_operator.decision.reconcile import reconcile
from pigeonhole_operator.launching import launch
from pigeonhole_operator.sources.opening import open_sources
from pigeonhole_operator.sources.settings import SourceSettings


def main() -> int:
    """Operate until SIGTERM, and return the exit code."""
    return launch(_think, lambda: open_sources(SourceSettings(), PlatformSettings()))


def _think() -> Brain:
    ask = partial(queries, selector=SourceSettings().metrics_selector)
    return Brain(reconcile=reconcile, needs=needs, queries=ask)


if __name__ == "__main__":
    sys.exit(main())
