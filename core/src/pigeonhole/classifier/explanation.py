"""Which words spoke for an answer."""

from collections import Counter
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pigeonhole.classifier.model import CLASSIFIER, VECTORIZER, TrainedClassifier


@dataclass(frozen=True)
class WordWeight:
    """A word of the plain text and how much it added to the class's logit, relative to the mean of all classes."""

    word: str
    weight: float


def explain(model: TrainedClassifier, text: str, class_name: str, *, top: int = 8) -> tuple[WordWeight, ...]:
    """Return the words that spoke most for a class, the strongest first.

    The model is linear and its n-grams never cross a word's edge, so each n-gram's share of the logit goes to the words
    that hold it, in proportion to how often they do: the shares add up to the logit exactly.

    Args:
        model: The classifier.
        text: A plain text.
        class_name: The class to explain.
        top: How many words to return at most; words that spoke against the class are left out.

    Raises:
        ValueError: The model does not know the class.
    """
    if class_name not in model.classes:
        raise ValueError(f"class_name: the model knows no class '{class_name}'")
    vectorizer = model.pipeline.named_steps[VECTORIZER]
    features = vectorizer.transform([text])
    shares = dict(zip(features.indices, features.data * _weights(model, class_name)[features.indices], strict=True))
    analyze, vocabulary = vectorizer.build_analyzer(), vectorizer.vocabulary_
    counts = Counter(text.split())
    held = {word: [vocabulary[ngram] for ngram in analyze(word) if ngram in vocabulary] for word in counts}
    occurrences: Counter[int] = Counter()
    for word, columns in held.items():
        for column in columns:
            occurrences[column] += counts[word]
    weights = {
        word: counts[word] * sum(shares[column] / occurrences[column] for column in columns)
        for word, columns in held.items()
    }
    ranked = sorted(weights.items(), key=lambda item: (-item[1], item[0]))
    return tuple(WordWeight(word, float(weight)) for word, weight in ranked[:top] if weight > 0)


def _weights(model: TrainedClassifier, class_name: str) -> NDArray[np.float64]:
    coefficients = np.asarray(model.pipeline.named_steps[CLASSIFIER].coef_, np.float64)
    column = model.classes.index(class_name)
    if len(coefficients) == 1:
        return np.asarray(coefficients[0] if column == 1 else -coefficients[0], np.float64)
    return np.asarray(coefficients[column] - coefficients.mean(axis=0), np.float64)
