"""What models say of documents that they did not see, by both views, and what is chosen by it."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from scipy.special import softmax
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from pigeonhole.classifier.calibration import Temperature, class_logits, fit_temperature
from pigeonhole.classifier.documents import TrainingDocuments
from pigeonhole.classifier.evaluation import evaluate_probabilities, likeliest_columns, macro_f1
from pigeonhole.classifier.fitting import new_linear, new_vectorizer
from pigeonhole.classifier.params import TrainingParams
from pigeonhole.classifier.progressive import BothViews, ServedAnswers
from pigeonhole.classifier.stopping import choose_served_answers

_LOGIT_OF_UNSEEN_CLASS = -30.0


@dataclass(frozen=True)
class CrossValidation:
    """What was chosen, and the out-of-fold probabilities that it was chosen by.

    `strength` is scikit-learn's C; `views` holds the calibrated probabilities, `served` the answers that people would
    have got, with thresholds and stop confidence.
    """

    strength: float
    temperature: float
    views: BothViews
    served: ServedAnswers


@dataclass(frozen=True)
class _Logits:
    """Logits of both views, shape (documents, classes) each; a row of NaN is a text without a known n-gram."""

    lines: NDArray[np.float64]
    full: NDArray[np.float64]


def cross_validate(documents: TrainingDocuments, params: TrainingParams) -> CrossValidation:
    """Choose penalty, temperature, thresholds and stop confidence on documents that the models did not see.

    No group (a template, a person) and no document stands with one view on one side of a fold and with another on the
    other side. One temperature serves both views, so it is fitted to both.
    """
    # More threads of BLAS add up in another order, and spin: on two busy cores they took 25 times as long.
    with threadpool_limits(1, user_api="blas"):
        logits = _out_of_fold_logits(documents, params)
    temperatures = {strength: _temperature(documents, found) for strength, found in logits.items()}
    strength = min(temperatures, key=lambda tried: temperatures[tried].cross_entropy)
    value, chosen = temperatures[strength].value, logits[strength]
    views = BothViews(softmax(chosen.lines / value, axis=1), softmax(chosen.full / value, axis=1), documents.shorter)
    served = choose_served_answers(views, documents.columns, params)
    return CrossValidation(strength, value, views, served)


def figures(documents: TrainingDocuments, found: CrossValidation) -> dict[str, float]:
    """Return the scores of the served answers, `macro_f1_full` and `read_on_rate`.

    `macro_f1_full` is the score of reading everything; `read_on_rate` is the share of the documents with a shorter
    view that were read on all the same, 0 when there is none.
    """
    labels = [documents.classes[column] for column in documents.columns]
    served, shorter = found.served, int(documents.shorter.sum())
    scores = evaluate_probabilities(documents.classes, served.thresholds, served.probabilities, labels)
    return {
        **scores.metrics(),
        "macro_f1_full": macro_f1(likeliest_columns(found.views.full), documents.columns),
        "read_on_rate": float(served.read_on.sum() / shorter) if shorter else 0.0,
    }


def _temperature(documents: TrainingDocuments, logits: _Logits) -> Temperature:
    full_scored = np.isfinite(logits.full).all(axis=1)
    lines_scored = documents.shorter & np.isfinite(logits.lines).all(axis=1)
    weights = np.where(full_scored & lines_scored, 0.5, 1.0)
    return fit_temperature(
        np.vstack([logits.full[full_scored], logits.lines[lines_scored]]),
        np.concatenate([documents.columns[full_scored], documents.columns[lines_scored]]),
        np.concatenate([weights[full_scored], weights[lines_scored]]),
    )


def _out_of_fold_logits(documents: TrainingDocuments, params: TrainingParams) -> dict[float, _Logits]:
    columns, groups = documents.columns, list(documents.groups)
    unseen = np.full((len(columns), len(documents.classes)), _LOGIT_OF_UNSEEN_CLASS)
    logits = {strength: _Logits(unseen.copy(), unseen.copy()) for strength in params.regularisation}
    folds = StratifiedGroupKFold(_fold_count(documents, params.folds), shuffle=True, random_state=params.seed)
    for seen, held_out in folds.split(columns, columns, groups):
        present = np.unique(columns[seen])
        if len(held_out) == 0 or len(present) < 2:
            continue
        rows, vectorizer = documents.rows(seen), new_vectorizer(params)
        features = vectorizer.fit_transform(rows.texts)
        lines = vectorizer.transform([documents.lines_texts[number] for number in held_out])
        full = vectorizer.transform([documents.texts[number] for number in held_out])
        place = np.ix_(held_out, present)
        for strength, found in logits.items():
            linear = new_linear(params, strength).fit(features, rows.columns, sample_weight=rows.weights)
            found.lines[place] = _centred_logits(linear, lines)
            found.full[place] = _centred_logits(linear, full)
    return logits


def _centred_logits(linear: LogisticRegression, features: csr_matrix) -> NDArray[np.float64]:
    logits = class_logits(linear, features)
    logits -= logits.mean(axis=1, keepdims=True)
    logits[np.diff(features.indptr) == 0] = np.nan
    return logits


def _fold_count(documents: TrainingDocuments, wanted: int) -> int:
    distinct = set(zip(documents.columns.tolist(), documents.groups, strict=True))
    smallest = min(Counter(column for column, _ in distinct).values())
    return max(2, min(wanted, smallest))
