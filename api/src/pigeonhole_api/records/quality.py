"""The figures of the models as the periodic work has left them."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any, get_args

from sqlalchemy import Connection, Row, delete, insert, select

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import predictions, quality_figures
from pigeonhole_api.models import AccuracyFigure, DriftScore, ModelQuality
from pigeonhole_api.models.feedback import Feature, Signal
from pigeonhole_api.quality.figures import judge
from pigeonhole_api.quality.rules import QualityRules
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.quality_counts import VersionFigures

QUALITY_WORK = "quality"
"""The name of the periodic work that computes the figures."""

_FEATURES: Sequence[Feature] = get_args(Feature)
_SIGNALS: Mapping[Feature, Signal] = {"class": "class_mix", "confidence": "confidence"}


def replace_figures(connection: Connection, figures: Mapping[str, VersionFigures], rules: QualityRules) -> None:
    """Put new figures in the place of all that there are."""
    common = {**dict.fromkeys(quality_figures.c.keys()), "computed_at": now(connection)}
    of_accuracy = {**common, "days": rules.accuracy_days}
    of_drift = {**common, "days": rules.drift_days, "reference_days": rules.reference_days}
    rows: list[dict[str, Any]] = []
    for version, found in figures.items():
        for base, named in ((of_accuracy, found.accuracy), (of_drift, found.drift)):
            rows += [{**base, "model_version": version, "name": name, **asdict(each)} for name, each in named.items()]
    connection.execute(delete(quality_figures))
    if rows:
        connection.execute(insert(quality_figures), rows)


def list_quality(connection: Connection) -> list[ModelQuality]:
    """Return every version's figures."""
    rows = connection.execute(select(quality_figures).order_by(quality_figures.c.model_version))
    by_version: dict[str, list[Row[Any]]] = {}
    for row in rows:
        by_version.setdefault(row.model_version, []).append(row)
    return [_to_quality(version, found) for version, found in by_version.items()]


def get_quality(connection: Connection, version: str) -> ModelQuality:
    """Return a version's figures, without any when there are none."""
    own = select(quality_figures).where(quality_figures.c.model_version == version)
    return _to_quality(version, connection.execute(own).all())


def has_answered(connection: Connection, version: str) -> bool:
    """Tell whether there is an answer of a version."""
    own = select(predictions.c.document_id).where(predictions.c.model_version == version)
    return connection.execute(own.limit(1)).first() is not None


def _to_quality(version: str, rows: Sequence[Row[Any]]) -> ModelQuality:
    found = {row.name: row for row in rows}
    drift = [_to_drift(name, found[name]) for name in _FEATURES if name in found]
    accuracy = [_to_accuracy(row) for name, row in sorted(found.items()) if name not in _FEATURES]
    any_drift, any_accuracy = found.get(_FEATURES[0]), found.get("audit_accuracy")
    return ModelQuality(
        version=version,
        computed_at=to_moment(rows[0].computed_at) if rows else None,
        accuracy_days=any_accuracy.days if any_accuracy else None,
        drift_days=any_drift.days if any_drift else None,
        reference_days=any_drift.reference_days if any_drift else None,
        accuracy=accuracy,
        drift=drift,
    )


def _to_accuracy(row: Row[Any]) -> AccuracyFigure:
    return AccuracyFigure(name=row.name, value=row.value, low=row.low, high=row.high, n=row.n, reason=row.reason)


def _to_drift(feature: Feature, row: Row[Any]) -> DriftScore:
    return DriftScore(
        signal=_SIGNALS.get(feature, "input"),
        feature=feature,
        value=row.value,
        chance=row.chance,
        verdict=None if row.value is None else judge(row.value, row.chance),
        n=row.n,
        reference_n=row.reference_n,
        reason=row.reason,
    )
