"""The dashboards as the files that Grafana's sidecar takes: classic JSON, one a dashboard."""

import json
from collections.abc import Mapping

from grafana_foundation_sdk.builders.dashboard import Dashboard
from grafana_foundation_sdk.cog.encoder import JSONEncoder

from pigeonhole_dashboards.model_quality import model_quality
from pigeonhole_dashboards.operator_itself import operator_itself
from pigeonhole_dashboards.overview import overview
from pigeonhole_dashboards.promotions import promotions
from pigeonhole_dashboards.queue import queue


def dashboards() -> Mapping[str, Dashboard]:
    """Return every dashboard by its file's name without the ending."""
    return {
        "overview": overview(),
        "queue": queue(),
        "model-quality": model_quality(),
        "promotions": promotions(),
        "operator": operator_itself(),
    }


def dashboard_files() -> dict[str, str]:
    """Return the content of each file."""
    return {f"{name}.json": _written(found) for name, found in dashboards().items()}


def _written(dashboard: Dashboard) -> str:
    built = dashboard.build()
    # Links name a panel by its number, which Grafana would give by itself and anew.
    for number, panel in enumerate(built.panels or (), start=1):
        panel.id_val = number
    return json.dumps(built, cls=JSONEncoder, indent=2, ensure_ascii=False, sort_keys=True) + "\n"
