"""Score texts without the detours that scikit-learn makes: the same numbers, in a fraction of the time for one text.

For each call scikit-learn validates, cuts every word into n-grams anew, and builds and converts sparse matrices, which
takes longer than the arithmetic of a single text (figures in docs/serving.md#how-quick-it-is).
"""

from collections.abc import Callable
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

_KNOWN_WORDS = 20_000
_LONGEST_KNOWN_WORD = 30


class QuickScorer:
    """A fitted vectorizer of character n-grams within words, and a linear classifier, laid out for one text at a time.

    What the n-grams of a word are is remembered for the last 20,000 words: documents share most of them.
    """

    def __init__(self, vectorizer: "TfidfVectorizer", linear: "LogisticRegression") -> None:
        coefficients, intercept = np.asarray(linear.coef_, np.float64), np.asarray(linear.intercept_, np.float64)
        if len(coefficients) == 1:
            # Of two classes scikit-learn keeps the second one's logit alone; the first one's is then 0.
            coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
            intercept = np.array([0.0, intercept[0]])
        self._idf = np.asarray(vectorizer.idf_, np.float64)
        self._weights = np.ascontiguousarray(coefficients.T)
        self._intercept = intercept
        shortest, longest = vectorizer.ngram_range
        self._columns = _word_columns(shortest, longest, vectorizer.vocabulary_)
        self._known_columns = lru_cache(_KNOWN_WORDS)(self._columns)

    @staticmethod
    def fits(vectorizer: "TfidfVectorizer") -> bool:
        """Tell whether the vectorizer's arithmetic is the one that is done here."""
        weighing = vectorizer.use_idf and vectorizer.sublinear_tf and vectorizer.norm == "l2"
        cutting = vectorizer.analyzer == "char_wb" and not vectorizer.lowercase and vectorizer.strip_accents is None
        return bool(weighing and cutting and vectorizer.preprocessor is None and not vectorizer.binary)

    def probabilities(self, text: str) -> NDArray[np.float64]:
        """Return the probability of each class, or NaN for each when the text has no known n-gram."""
        found = np.fromiter(chain.from_iterable(map(self._columns_of, text.split())), np.intp)
        if not len(found):
            return np.full(len(self._intercept), np.nan)
        columns, counts = np.unique(found, return_counts=True)
        features = (1.0 + np.log(counts)) * self._idf[columns]
        features /= np.sqrt(features @ features)
        logits = features @ self._weights[columns] + self._intercept
        odds = np.exp(logits - logits.max())
        return np.asarray(odds / odds.sum(), np.float64)

    def _columns_of(self, word: str) -> tuple[int, ...]:
        # What nobody writes twice is not worth its place, above all a "word" of ten thousand characters.
        return self._known_columns(word) if len(word) <= _LONGEST_KNOWN_WORD else self._columns(word)


def _word_columns(shortest: int, longest: int, vocabulary: dict[str, int]) -> Callable[[str], tuple[int, ...]]:
    # Plain numbers: a vocabulary that was loaded from a file may hold numpy's, which are slow to pass on.
    columns = {ngram: int(column) for ngram, column in vocabulary.items()}

    def columns_of(word: str) -> tuple[int, ...]:
        ngrams = _ngrams(f" {word} ", shortest, longest)
        return tuple(column for column in map(columns.get, ngrams) if column is not None)

    return columns_of


def _ngrams(padded: str, shortest: int, longest: int) -> list[str]:
    """Return what scikit-learn's analyzer `char_wb` makes of a word between blanks."""
    ngrams: list[str] = []
    for length in range(shortest, longest + 1):
        if len(padded) <= length:
            return [*ngrams, padded]
        ngrams += [padded[start : start + length] for start in range(len(padded) - length + 1)]
    return ngrams
