"""The kinds of panels that the dashboards are made of."""

from collections.abc import Sequence
from dataclasses import dataclass

from grafana_foundation_sdk.builders.common import GraphThresholdsStyleConfig as ThresholdsStyle
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.builders.dashboard import ThresholdsConfig
from grafana_foundation_sdk.builders.prometheus import Dataquery
from grafana_foundation_sdk.builders.stat import Panel as StatPanel
from grafana_foundation_sdk.builders.timeseries import Panel as LinesPanel
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DataSourceRef, Threshold, ThresholdsMode

DATASOURCE = "${datasource}"
Panel = LinesPanel | StatPanel
_SOURCE = DataSourceRef(type_val="prometheus", uid=DATASOURCE)
_HEIGHT = 8


@dataclass(frozen=True)
class Query:
    """PromQL and the legend of each series that it gives."""

    promql: str
    legend: str


@dataclass(frozen=True)
class Limit:
    """From this value on, a colour."""

    value: float
    colour: str = "red"


def lines(
    title: str,
    description: str,
    unit: str,
    *queries: Query,
    stacked: bool = False,
    limits: Sequence[Limit] = (),
    most: float | None = None,
) -> Panel:
    """Return curves over time; limits are drawn as lines."""
    panel = (
        LinesPanel()
        .title(title)
        .description(description)
        .unit(unit)
        .height(_HEIGHT)
        .datasource(_SOURCE)
        .min(0)
        .show_points(VisibilityMode.NEVER)
        .fill_opacity(30 if stacked else 8)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.TABLE)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
            .calcs(["lastNotNull", "max"])
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING))
        .thresholds(_thresholds(limits))
    )
    if limits:
        panel.thresholds_style(ThresholdsStyle().mode(GraphThresholdsStyleMode.DASHED))
    if stacked:
        panel.stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
    if most is not None:
        panel.max(most)
    for number, query in enumerate(queries):
        panel.with_target(_target(query, number).range())
    return panel


def figure(
    title: str, description: str, unit: str, query: Query, *, limits: Sequence[Limit] = (), good: str = "green"
) -> Panel:
    """Return the latest value as a number, coloured by the limits."""
    return (
        StatPanel()
        .title(title)
        .description(description)
        .unit(unit)
        .height(_HEIGHT // 2)
        .datasource(_SOURCE)
        .no_value("no data")
        .graph_mode(BigValueGraphMode.AREA)
        .color_mode(BigValueColorMode.VALUE)
        .reduce_options(ReduceDataOptions().calcs(["lastNotNull"]))
        .thresholds(_thresholds(limits, good))
        .with_target(_target(query, 0).range())
    )


def _target(query: Query, number: int) -> Dataquery:
    return Dataquery().datasource(_SOURCE).expr(query.promql).legend_format(query.legend).ref_id("ABCDEFGH"[number])


def _thresholds(limits: Sequence[Limit], first: str = "green") -> ThresholdsConfig:
    steps = [Threshold(None, first), *(Threshold(each.value, each.colour) for each in limits)]
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(steps)
