"""What all dashboards share: where their data comes from, the namespace that is chosen, the links between them."""

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink, DatasourceVariable, QueryVariable, Row
from grafana_foundation_sdk.models.dashboard import (
    DashboardCursorSync,
    DashboardLinkType,
    DataSourceRef,
    VariableOption,
    VariableRefresh,
    VariableSort,
)

from pigeonhole_dashboards.panels import DATASOURCE, Panel

_TAG = "pigeonhole"


def board(uid: str, title: str, description: str, *, hours: int = 6) -> Dashboard:
    """Return a dashboard without panels."""
    return (
        Dashboard(f"Pigeonhole / {title}")
        .uid(f"pigeonhole-{uid}")
        .description(description)
        .tags([_TAG])
        .timezone("browser")
        .time(f"now-{hours}h", "now")
        .refresh("1m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(_others())
        .with_variable(_datasource())
        .with_variable(_namespace())
    )


def add_row(dashboard: Dashboard, title: str, *panels: Panel) -> Dashboard:
    """Return the dashboard with one more row, which its panels share."""
    dashboard.with_row(Row(title))
    width = 24 // len(panels)
    for panel in panels:
        dashboard.with_panel(panel.span(width))
    return dashboard


def _others() -> DashboardLink:
    link = DashboardLink("Pigeonhole").type(DashboardLinkType.DASHBOARDS).tags([_TAG])
    return link.as_dropdown(True).include_vars(True).keep_time(True)


def _datasource() -> DatasourceVariable:
    return DatasourceVariable(DATASOURCE.strip("${}")).label("Data source").type("prometheus")


def _namespace() -> QueryVariable:
    everything = VariableOption(text=["All"], value=["$__all"])
    return (
        QueryVariable("namespace")
        .label("Namespace")
        .datasource(DataSourceRef(type_val="prometheus", uid=DATASOURCE))
        .query('label_values(up{job=~"pigeonhole-.+"}, namespace)')
        .refresh(VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(VariableSort.ALPHABETICAL_ASC)
        .multi(True)
        .include_all(True)
        .current(everything)
    )
