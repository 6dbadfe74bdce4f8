"""The models' figures as metrics of any process that is asked: they are read from the database."""

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from pigeonhole.telemetry import get_logger
from pigeonhole_api.database import Database
from pigeonhole_api.models import ModelQuality
from pigeonhole_api.records.periodic_work import last_success
from pigeonhole_api.records.quality import QUALITY_WORK, list_quality

_log = get_logger(__name__)
_MODEL = ("model", "model_version")


class QualityCollector(Collector):
    """Yields what there is: a figure without enough data behind it has no sample."""

    def __init__(self, database: Database, model: str) -> None:
        self._database = database
        self._model = model

    def describe(self) -> Iterable[Metric]:
        """Return nothing, so that the database is not asked before someone asks for metrics."""
        return ()

    def collect(self) -> Iterator[Metric]:
        """Yield the gauges, or none while the database does not answer."""
        try:
            with self._database.read() as connection:
                figures, computed_at = list_quality(connection), last_success(connection, QUALITY_WORK)
        except SQLAlchemyError:
            _log.exception("quality_metrics_failed")
            return
        yield from self._accuracy(figures)
        yield from self._drift(figures)
        success = GaugeMetricFamily(
            "pigeonhole_drift_last_success_timestamp_seconds", "When the figures were last computed.", labels=("model",)
        )
        if computed_at is not None:
            success.add_metric([self._model], computed_at)
        yield success

    def _accuracy(self, figures: Iterable[ModelQuality]) -> Iterator[Metric]:
        score = GaugeMetricFamily(
            "pigeonhole_model_eval_score", "Share of decisions for the model.", labels=(*_MODEL, "metric")
        )
        samples = GaugeMetricFamily(
            "pigeonhole_model_eval_samples", "Decisions behind a score.", labels=(*_MODEL, "metric")
        )
        for quality in figures:
            for each in quality.accuracy:
                labels = [self._model, quality.version]
                samples.add_metric([*labels, each.name], each.n)
                for suffix, value in (("", each.value), ("_low", each.low), ("_high", each.high)):
                    if value is not None:
                        score.add_metric([*labels, each.name + suffix], value)
        yield score
        yield samples

    def _drift(self, figures: Iterable[ModelQuality]) -> Iterator[Metric]:
        names = (*_MODEL, "signal", "feature", "method")
        score = GaugeMetricFamily("pigeonhole_drift_score", "Distance from the first documents.", labels=names)
        chance = GaugeMetricFamily(
            "pigeonhole_drift_chance_score", "Score that chance alone exceeds in 5 % of cases.", labels=names
        )
        samples = GaugeMetricFamily("pigeonhole_drift_window_samples", "Documents that are compared.", labels=_MODEL)
        for quality in figures:
            compared: list[int] = []
            for each in quality.drift:
                if each.value is None or each.chance is None:
                    continue
                labels = [self._model, quality.version, each.signal, each.feature, "psi"]
                score.add_metric(labels, each.value)
                chance.add_metric(labels, each.chance)
                compared.append(each.n)
            # A version that hardly answers any more has no sample, which would be the least of all.
            if compared:
                samples.add_metric([self._model, quality.version], min(compared))
        yield from (score, chance, samples)
