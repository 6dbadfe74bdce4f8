"""From a document that was read to the answer people see; the same in a model server and offline."""

from pigeonhole.prediction.answers import (
    locate_reasons,
    rows_to_score,
    scored_answer,
    summarise_reading,
    unscored_answer,
)
from pigeonhole.prediction.offline import predict_document
from pigeonhole.prediction.prediction import OcrSummary, PageBox, PageScore, Prediction, WordReason
from pigeonhole.prediction.reading import ReadDocument, clean_document, word_boxes

__all__ = [
    "OcrSummary",
    "PageBox",
    "PageScore",
    "Prediction",
    "ReadDocument",
    "WordReason",
    "clean_document",
    "locate_reasons",
    "predict_document",
    "rows_to_score",
    "scored_answer",
    "summarise_reading",
    "unscored_answer",
    "word_boxes",
]
