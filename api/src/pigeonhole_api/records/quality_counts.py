"""What a model's figures are made of: counts over the decisions and the answers of all tenants."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import audit_sample, documents, predictions, reviews
from pigeonhole_api.quality import DriftFigure, ShareFigure, compare_mixes, compare_numbers, share_figure
from pigeonhole_api.quality.rules import QualityRules
from pigeonhole_api.retention import DAY

_FEATURES: Mapping[str, ColumnElement[Any]] = {
    # An answer without a class is one of its own.
    "class": func.coalesce(predictions.c.class_name, ""),
    "language": predictions.c.language,
    "engine": predictions.c.engine,
    "confidence": predictions.c.confidence,
    "pages": documents.c.pages,
    "ocr_confidence": predictions.c.ocr_confidence,
}
_NUMBERS = frozenset({"confidence", "pages", "ocr_confidence"})
_ROWS_AT_ONCE = 10_000


@dataclass(frozen=True)
class VersionFigures:
    """The figures of one model version by their names, and by the features of its documents."""

    accuracy: Mapping[str, ShareFigure]
    drift: Mapping[str, DriftFigure]


def compute_figures(connection: Connection, rules: QualityRules) -> Mapping[str, VersionFigures]:
    """Return the figures of every version that has answered or was judged within the windows."""
    present = now(connection)
    since = present - rules.accuracy_days * DAY
    decided = {"audit_accuracy": _blind(connection, since), "uncertain_confirmed": _confirmed(connection, since)}
    recent = predictions.c.created_at >= min(since, present - rules.drift_days * DAY)
    answering = connection.execute(select(predictions.c.model_version).where(recent).distinct()).scalars()
    versions = {*answering, *(version for found in decided.values() for version in found)}
    return {
        version: VersionFigures(
            {name: share_figure(*found.get(version, (0, 0))) for name, found in decided.items()},
            _drift(connection, version, rules, present),
        )
        for version in sorted(versions)
    }


def _blind(connection: Connection, since: float) -> Mapping[str, tuple[int, int]]:
    """Return, by version, how many blind decisions were for the model, and how many there are."""
    statement = (
        _judged()
        .join(predictions, predictions.c.document_id == reviews.c.document_id)
        .join(audit_sample, audit_sample.c.review_id == reviews.c.id)
        .where(reviews.c.at >= since)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(statement)}


def _confirmed(connection: Connection, since: float) -> Mapping[str, tuple[int, int]]:
    """Return the same of uncertain answers that were seen; of several decisions about a document the last counts."""
    openly = (reviews.c.at >= since, ~reviews.c.blind)
    last = select(func.max(reviews.c.id)).where(*openly).group_by(reviews.c.document_id)
    statement = (
        _judged()
        .join(predictions, predictions.c.document_id == reviews.c.document_id)
        .where(reviews.c.id.in_(last), predictions.c.uncertain)
    )
    return {row[0]: (row[1], row[2]) for row in connection.execute(statement)}


def _judged() -> Select[Any]:
    accepted = func.sum(case((reviews.c.decision == "accepted", 1), else_=0))
    return (
        select(predictions.c.model_version, accepted, func.count())
        .select_from(reviews)
        .group_by(predictions.c.model_version)
    )


def _drift(connection: Connection, version: str, rules: QualityRules, present: float) -> Mapping[str, DriftFigure]:
    own = predictions.c.model_version == version
    first = connection.execute(select(func.min(predictions.c.created_at)).where(own)).scalar_one()
    begin = present - rules.drift_days * DAY
    start = begin if first is None else first
    # A young version's first documents end where the window begins, so that none is compared with itself.
    end = min(begin, start + rules.reference_days * DAY)
    current = _count(connection, own, predictions.c.created_at >= begin)
    reference = _count(connection, own, predictions.c.created_at >= start, predictions.c.created_at < end)
    return {
        name: (compare_numbers if name in _NUMBERS else compare_mixes)(
            current[name], reference[name], fewest=rules.fewest
        )
        for name in _FEATURES
    }


def _count(connection: Connection, *conditions: ColumnElement[bool]) -> Mapping[str, Counter[Any]]:
    """Return, by feature, how many answers have each value; numbers to a thousandth, so that there are few values.

    All in one pass: the features lie behind the answer's text, which SQLite reads over each time.
    """
    joined = predictions.join(documents, documents.c.id == predictions.c.document_id)
    statement = select(*_FEATURES.values()).select_from(joined).where(*conditions)
    found: dict[str, Counter[Any]] = {name: Counter() for name in _FEATURES}
    for row in connection.execute(statement.execution_options(yield_per=_ROWS_AT_ONCE)):
        for name, value in zip(_FEATURES, row, strict=True):
            if value is not None:
                found[name][round(value, 3) if name in _NUMBERS else value] += 1
    return found
