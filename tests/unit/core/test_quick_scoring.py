"""Scoring one text at a time gives scikit-learn's numbers."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.pipeline import Pipeline

from pigeonhole.classifier import TrainedClassifier, TrainingParams, train_classifier

pytestmark = pytest.mark.unit
TEXTS = {
    "invoice": "facture numéro montant total ttc tva échéance règlement client",
    "payslip": "bulletin de paie salaire brut net imposable cotisations employeur",
    "resume": "curriculum vitae expérience professionnelle compétences formation",
}
WORDS = [*" ".join(TEXTS.values()).split(), "", "a", "xq", "zzzz", "l'été", "numéro" * 20, "\u00a0", "東京"]


def trained(*classes: str) -> TrainedClassifier:
    rows = [(name, " ".join(TEXTS[name].split()[start:] * 2)) for name in classes for start in range(6)]
    texts, labels = [text for _, text in rows], [name for name, _ in rows]
    return train_classifier(texts, labels, [str(row) for row in range(len(rows))], TrainingParams())


MODELS = {2: trained("invoice", "payslip"), 3: trained(*TEXTS)}


def by_scikit_learn(model: TrainedClassifier, texts: list[str]) -> np.ndarray:
    features = model.pipeline[:-1].transform(texts)
    expected = np.asarray(model.pipeline[-1].predict_proba(features))
    expected[np.diff(features.indptr) == 0] = np.nan
    return expected


@pytest.mark.parametrize("classes", MODELS)
@given(texts=st.lists(st.lists(st.sampled_from(WORDS), max_size=30).map(" \n".join), min_size=1, max_size=5))
@settings(max_examples=200, deadline=None)
def test_the_numbers_are_scikit_learn_s(classes: int, texts: list[str]) -> None:
    model = MODELS[classes]
    np.testing.assert_allclose(model.probabilities(texts), by_scikit_learn(model, texts), rtol=1e-12, atol=1e-15)


@given(text=st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_any_text_gets_scikit_learn_s_numbers(text: str) -> None:
    expected = by_scikit_learn(MODELS[3], [text])
    np.testing.assert_allclose(MODELS[3].probabilities([text]), expected, rtol=1e-12, atol=1e-15)


def test_no_texts_are_no_rows() -> None:
    assert MODELS[3].probabilities([]).shape == (0, 3)


@pytest.mark.parametrize(
    "change",
    [
        {"sublinear_tf": False},
        {"norm": "l1"},
        {"use_idf": False},
        {"analyzer": "char"},
        {"binary": True},
        {"lowercase": True},
    ],
    ids=str,
)
def test_a_vectorizer_of_another_arithmetic_is_scikit_learn_s_to_ask(change: dict[str, object]) -> None:
    vectorizer, linear = MODELS[3].pipeline.named_steps.values()
    other = TfidfVectorizer(**{**vectorizer.get_params(), **change}).fit([*TEXTS.values()] * 2)
    linear = type(linear)().fit(other.transform([*TEXTS.values()]), list(TEXTS))
    model = TrainedClassifier(
        Pipeline([("tfidf", other), ("classifier", linear)]), tuple(sorted(TEXTS)), (0.5,) * 3, 1.0, "digest"
    )
    texts = ["facture numéro facture", "salaire brut"]
    np.testing.assert_allclose(model.probabilities(texts), by_scikit_learn(model, texts), rtol=1e-12)
