"""A job's documents as a CSV file for a spreadsheet."""

import csv
import io
from collections.abc import Sequence

from pigeonhole_api.models import ClassProbability, Document, Job

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
COLUMNS = (
    "reference", "document_id", "name", "state", "class", "predicted_class", "confidence", "threshold", "review",
    "reviewed_by", "refusal", "pages", "model_version",
)  # fmt: skip
"""The columns before those of the probabilities."""


def job_csv(job: Job, documents: Sequence[Document]) -> bytes:
    """Return one row a document, with a column for the probability of each class; UTF-8 with a byte order mark.

    A text that a spreadsheet would run as a formula is written behind an apostrophe.
    """
    classes = sorted({each.class_name for document in documents for each in _probabilities(document)})
    out = io.StringIO(newline="")
    rows = csv.writer(out)
    rows.writerow([*COLUMNS, *(_inert(f"p({name})") for name in classes)])
    for document in documents:
        shares = {each.class_name: each.p for each in _probabilities(document)}
        rows.writerow([*_facts(job, document), *(_number(shares.get(name)) for name in classes)])
    return out.getvalue().encode("utf-8-sig")


def _facts(job: Job, document: Document) -> list[str]:
    prediction, review = document.prediction, document.review
    predicted = prediction.class_name if prediction else None
    return [
        _inert(job.reference),
        document.id,
        _inert(document.name),
        document.state,
        _inert((review.class_name if review else predicted) or ""),
        _inert(predicted or ""),
        _number(prediction.confidence if prediction else None),
        _number(prediction.threshold if prediction else None),
        review.decision if review else "",
        _inert(review.by) if review else "",
        document.error.reason if document.error else "",
        str(document.pages or ""),
        prediction.model.version if prediction else "",
    ]


def _probabilities(document: Document) -> Sequence[ClassProbability]:
    return document.prediction.probabilities if document.prediction else ()


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def _inert(text: str) -> str:
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
