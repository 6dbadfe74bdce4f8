"""The classifier's numbers mean what they say."""

import random

import numpy as np
import pytest

from pigeonhole.classifier import (
    TrainedClassifier,
    TrainingDataError,
    TrainingParams,
    decide,
    evaluate_classifier,
    evaluate_probabilities,
    explain,
    score_texts,
    train_classifier,
)
from pigeonhole.classifier.calibration import fit_temperature, smoothed_targets
from pigeonhole.classifier.thresholds import NEVER, choose_thresholds

pytestmark = pytest.mark.unit
WORDS = {
    "invoice": ["facture", "total", "tva", "montant", "client", "échéance", "paiement"],
    "cv": ["expérience", "compétence", "formation", "langue", "diplôme", "poste"],
    "payslip": ["salaire", "brut", "net", "cotisation", "employeur", "congé"],
}
SHARED = ["monsieur", "madame", "rue", "paris", "dupont", "date", "société", "téléphone"]


def corpus(documents: int, seed: int, telling: int = 3) -> tuple[list[str], list[str]]:
    dice = random.Random(seed)
    texts, labels = [], []
    for name, words in WORDS.items():
        for _ in range(documents):
            texts.append(" ".join(dice.choices(words, k=telling) + dice.choices(SHARED, k=15)))
            labels.append(name)
    return texts, labels


@pytest.fixture(scope="module")
def model() -> TrainedClassifier:
    texts, labels = corpus(25, seed=1)
    return train_classifier(texts, labels, [str(row) for row in range(len(texts))], TrainingParams(max_features=2000))


def test_unseen_documents_get_their_class(model: TrainedClassifier) -> None:
    evaluation = evaluate_classifier(model, *corpus(20, seed=2))
    assert evaluation.macro_f1 > 0.95
    assert evaluation.labels == ("cv", "invoice", "payslip")


def test_all_probabilities_are_given_sorted_and_sum_to_one(model: TrainedClassifier) -> None:
    (score,) = score_texts(model, ["facture montant paris"])
    shares = [share for _, share in score.probabilities]
    assert {name for name, _ in score.probabilities} == set(WORDS)
    assert shares == sorted(shares, reverse=True)
    assert sum(shares) == pytest.approx(1)
    assert (score.class_name, score.confidence) == score.probabilities[0]
    assert score.margin == pytest.approx(shares[0] - shares[1])


@pytest.mark.parametrize("text", ["", "∎∎∎", "qqqqq"])
def test_a_text_that_says_nothing_is_not_scored(model: TrainedClassifier, text: str) -> None:
    (score,) = score_texts(model, [text])
    assert (score.class_name, score.confidence, score.probabilities, score.abstained) == (None, None, (), True)


def test_a_small_easy_set_does_not_make_the_model_certain(model: TrainedClassifier) -> None:
    texts, _ = corpus(20, seed=3)
    assert max(score.confidence or 0 for score in score_texts(model, texts)) < 0.995


def test_confidence_matches_accuracy_on_hard_documents() -> None:
    """One label in four is wrong at random, so nobody can be more than about 80 % sure."""

    def mislabelled(labels: list[str], seed: int) -> list[str]:
        dice = random.Random(seed)
        return [dice.choice(list(WORDS)) if dice.random() < 0.25 else label for label in labels]

    texts, labels = corpus(100, seed=4, telling=2)
    groups = [str(row) for row in range(len(texts))]
    hard = train_classifier(texts, mislabelled(labels, seed=5), groups, TrainingParams(max_features=2000))
    unseen, truth = corpus(200, seed=6, telling=2)
    evaluation = evaluate_classifier(hard, unseen, mislabelled(truth, seed=7))
    assert evaluation.accuracy < 0.9
    assert evaluation.expected_calibration_error < 0.1


def test_the_same_data_gives_the_same_model(model: TrainedClassifier) -> None:
    texts, labels = corpus(25, seed=1)
    groups = [str(row) for row in range(len(texts))]
    again = train_classifier(texts, labels, groups, TrainingParams(max_features=2000))
    other = train_classifier(texts, labels, groups, TrainingParams(max_features=2000, regularisation=(100.0,)))
    assert again.digest == model.digest
    assert other.digest != model.digest


def test_word_weights_add_up_to_the_difference_of_the_logits(model: TrainedClassifier) -> None:
    text = "facture montant paris facture dupont"
    features = model.pipeline.named_steps["tfidf"].transform([text])
    linear = model.pipeline.named_steps["classifier"]
    column = model.classes.index("invoice")
    logits = (features @ linear.coef_.T)[0]
    weights = explain(model, text, "invoice", top=100)
    negative = (logits[column] - logits.mean()) - sum(weight.weight for weight in weights)
    assert weights[0].word == "facture"
    assert negative <= 1e-9  # the words left out all spoke against the class


def test_two_classes_are_enough() -> None:
    texts, labels = corpus(10, seed=6)
    pairs = [(text, label) for text, label in zip(texts, labels, strict=True) if label != "cv"]
    texts, labels = [text for text, _ in pairs], [label for _, label in pairs]
    model = train_classifier(texts, labels, [str(row) for row in range(len(texts))], TrainingParams(max_features=500))
    (score,) = score_texts(model, ["salaire brut net"])
    assert score.class_name == "payslip"
    assert {word.word for word in explain(model, "salaire facture", "payslip")} == {"salaire"}
    assert {word.word for word in explain(model, "salaire facture", "invoice")} == {"facture"}


def test_one_class_is_refused_with_a_hint() -> None:
    with pytest.raises(TrainingDataError, match="1 with readable documents"):
        train_classifier(["a b", "c d"], ["x", "x"], ["1", "2"], TrainingParams())


def test_a_class_with_one_group_is_named() -> None:
    with pytest.raises(TrainingDataError, match="class 'y'"):
        train_classifier(["aa", "bb", "cc", "dd"], ["x", "x", "y", "y"], ["1", "2", "3", "3"], TrainingParams())


def test_a_group_never_stands_on_both_sides_of_a_fold() -> None:
    """Labels that only the group tells cannot be learned when groups are kept apart."""
    dice = random.Random(0)
    texts, labels, groups = [], [], []
    for group in range(40):
        word = "".join(dice.choices("abcdefghij", k=8))
        label = dice.choice(["x", "y"])
        for _ in range(6):
            texts.append(f"{word} {word}")
            labels.append(label)
            groups.append(str(group))
    model = train_classifier(texts, labels, groups, TrainingParams())
    assert model.cross_validation["accuracy"] < 0.8


def test_thresholds_are_the_lowest_that_reach_the_precision() -> None:
    confident = np.array([0.95, 0.9, 0.8, 0.7, 0.6])
    probabilities = np.column_stack([confident, 1 - confident])
    labels = np.array([0, 0, 0, 1, 0])
    assert choose_thresholds(probabilities, labels, target_precision=0.99, minimum=0.4)[0] == pytest.approx(0.8)
    assert choose_thresholds(probabilities, labels, target_precision=0.8, minimum=0.4)[0] == pytest.approx(0.6)
    assert choose_thresholds(probabilities, labels, target_precision=0.8, minimum=0.75)[0] == pytest.approx(0.75)


def test_rows_that_were_not_scored_move_no_threshold() -> None:
    probabilities = np.array([[0.9, 0.1], [0.2, 0.8], [np.nan, np.nan]])
    labels = np.array([0, 1, 1])
    assert choose_thresholds(probabilities, labels, target_precision=0.9, minimum=0.4) == (0.9, 0.8)


def test_a_class_that_is_never_right_always_goes_to_review() -> None:
    probabilities = np.array([[0.9, 0.1], [0.8, 0.2]])
    assert choose_thresholds(probabilities, np.array([1, 1]), target_precision=0.9, minimum=0.4) == (NEVER, NEVER)


def test_equal_confidences_stand_or_fall_together() -> None:
    probabilities = np.array([[0.9, 0.1], [0.9, 0.1], [0.9, 0.1]])
    threshold, _ = choose_thresholds(probabilities, np.array([0, 0, 1]), target_precision=0.9, minimum=0.4)
    assert threshold == NEVER


def test_temperature_undoes_overconfidence() -> None:
    dice = np.random.default_rng(0)
    true_logits = dice.normal(0, 1.5, (4000, 3))
    shares = np.exp(true_logits) / np.exp(true_logits).sum(axis=1, keepdims=True)
    labels = np.array([dice.choice(3, p=row) for row in shares])
    assert fit_temperature(true_logits * 4, labels, np.ones(4000)).value == pytest.approx(4, rel=0.1)


def test_smoothed_targets_leave_doubt_that_shrinks_with_the_documents() -> None:
    targets = smoothed_targets(np.array([0] * 8 + [1]), 3, np.ones(9))
    assert targets[0, 0] == pytest.approx(9 / 10)
    assert targets[8, 1] == pytest.approx(2 / 3)
    assert targets.sum(axis=1) == pytest.approx(np.ones(9))


def test_two_views_of_a_document_leave_as_much_doubt_as_one() -> None:
    once = smoothed_targets(np.array([0, 0, 1]), 2, np.ones(3))
    twice = smoothed_targets(np.array([0, 0, 1] * 2), 2, np.full(6, 0.5))
    assert twice == pytest.approx(np.vstack([once, once]))


def test_evaluation_counts_what_was_answered() -> None:
    probabilities = np.array([[0.9, 0.1], [0.6, 0.4], [0.2, 0.8], [np.nan, np.nan]])
    scores = evaluate_probabilities(("a", "b"), (0.7, 0.7), probabilities, ["a", "b", "b", "a"])
    assert scores.confusion == ((1, 0), (1, 1))
    assert scores.accuracy == pytest.approx(0.5)
    assert scores.abstention_rate == pytest.approx(0.5)
    assert scores.accuracy_when_confident == pytest.approx(1.0)
    assert [item.recall for item in scores.per_class] == pytest.approx([0.5, 0.5])


def test_a_label_that_the_model_does_not_know_counts_as_wrong() -> None:
    scores = evaluate_probabilities(("a", "b"), (0.5, 0.5), np.array([[0.9, 0.1]]), ["z"])
    assert scores.labels == ("a", "b", "z")
    assert scores.accuracy == 0


def test_no_document_at_all_gives_zeros_and_no_error() -> None:
    scores = evaluate_probabilities(("a", "b"), (0.5, 0.5), np.empty((0, 2)), [])
    assert (scores.documents, scores.macro_f1, scores.accuracy) == (0, 0.0, 0.0)


def test_an_answer_below_its_threshold_is_for_a_person() -> None:
    assert decide(("a", "b"), (0.8, 0.8), (0.7, 0.3)).abstained
    assert not decide(("a", "b"), (0.7, 0.8), (0.7, 0.3)).abstained


def test_numbers_that_do_not_fit_are_an_error() -> None:
    with pytest.raises(ValueError, match="2 classes, 1 thresholds"):
        decide(("a", "b"), (0.5,), (0.5, 0.5))


def test_n_gram_bounds_must_be_in_order() -> None:
    with pytest.raises(ValueError, match="ngram_min"):
        TrainingParams(ngram_min=5, ngram_max=3)


def test_chance_alone_gives_few_documents_a_calibration_error_and_many_hardly_any() -> None:
    random = np.random.default_rng(1)
    noise, error = {}, {}
    for documents in (20, 5000):
        confidences = random.uniform(0.5, 1.0, documents)
        right = random.random(documents) < confidences
        probabilities = np.column_stack([confidences, 1 - confidences])
        labels = ["a" if each else "b" for each in right]
        evaluation = evaluate_probabilities(("a", "b"), (0.5, 0.5), probabilities, labels)
        noise[documents], error[documents] = evaluation.calibration_noise, evaluation.expected_calibration_error
    assert noise[20] > 0.1
    assert noise[5000] < 0.02
    assert error[5000] < 0.03
