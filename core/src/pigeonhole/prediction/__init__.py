"""From a document that was read to the answer people see; the same in a model server and offline."""

from pigeonhole.prediction.answers import (
    ScoredTexts,
    locate_reasons,
    rows_to_score,
    scored_answer,
    summarise_reading,
    unscored_answer,
)
from pigeonhole.prediction.offline import predict_document
from pigeonhole.prediction.prediction import OcrSummary, PageBox, PageScore, Prediction, WordReason
from pigeonhole.prediction.reading import ReadDocument, read_document

__all__ = [
    "OcrSummary",
    "PageBox",
    "PageScore",
    "Prediction",
    "ReadDocument",
    "ScoredTexts",
    "WordReason",
    "locate_reasons",
    "predict_document",
    "read_document",
    "rows_to_score",
    "scored_answer",
    "summarise_reading",
    "unscored_answer",
]
