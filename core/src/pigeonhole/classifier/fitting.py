"""The model's two steps and how they are fitted to rows."""

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from pigeonhole.classifier.params import TrainingParams

_MAX_ITERATIONS = 2000


def new_vectorizer(params: TrainingParams) -> TfidfVectorizer:
    """Return character n-grams within words, to be fitted."""
    return TfidfVectorizer(
        analyzer="char_wb",
        ngram_range=(params.ngram_min, params.ngram_max),
        max_features=params.max_features,
        sublinear_tf=True,
        lowercase=False,
    )


def new_linear(params: TrainingParams, strength: float) -> LogisticRegression:
    """Return a multinomial logistic regression, to be fitted; a greater strength penalises less."""
    class_weight = "balanced" if params.class_weight == "balanced" else None
    return LogisticRegression(C=strength, class_weight=class_weight, max_iter=_MAX_ITERATIONS)
