"""When a first look at a document is enough, and how a training finds out."""

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from pigeonhole.classifier import (
    BothViews,
    ServedAnswers,
    TrainingDocuments,
    TrainingParams,
    cross_validate,
    decide,
    evaluate_classifier,
    not_scored,
    reads_enough,
    serve_views,
    train_classifier,
)
from pigeonhole.classifier.evaluation import likeliest_columns, macro_f1
from pigeonhole.classifier.stopping import GRID, choose_served_answers
from pigeonhole.classifier.thresholds import NEVER

pytestmark = pytest.mark.unit
CLASSES = ("a", "b")


def rows(confidences: NDArray[np.float64], answers: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probabilities of two classes, by the confidence of each answer."""
    return np.where(answers[:, None] == np.arange(2), confidences[:, None], 1 - confidences[:, None])


def case(lines: list[tuple[float, bool]], full: list[tuple[float, bool]]) -> tuple[BothViews, NDArray[np.int64]]:
    """Documents of alternating class, by confidence and rightness of both views."""
    labels = np.arange(len(lines)) % 2
    views = [
        rows(
            np.array([confidence for confidence, _ in view]), np.where([right for _, right in view], labels, 1 - labels)
        )
        for view in (lines, full)
    ]
    return BothViews(views[0], views[1], np.ones(len(lines), np.bool_)), labels


def choose(views: BothViews, labels: NDArray[np.int64], max_loss: float = 0.01, share: float = 0.0) -> ServedAnswers:
    params = TrainingParams(max_progressive_loss=max_loss, min_stop_share=share)
    return choose_served_answers(views, labels, params)


def test_a_sure_answer_is_enough_whether_or_not_a_person_will_look() -> None:
    assert reads_enough(decide(CLASSES, (0.5, 0.5), (0.8, 0.2)), 0.8)
    assert reads_enough(decide(CLASSES, (NEVER, 0.5), (0.8, 0.2)), 0.8)
    assert not reads_enough(decide(CLASSES, (0.5, 0.5), (0.79, 0.21)), 0.8)


def test_what_was_not_scored_is_never_enough_nor_anything_for_a_model_that_reads_all() -> None:
    assert not reads_enough(not_scored(), 0.5)
    assert not reads_enough(decide(CLASSES, (0.5, 0.5), (1.0, 0.0)), None)


ROW = st.one_of(st.floats(0, 1), st.just(np.nan))


@given(
    st.lists(st.tuples(ROW, ROW, st.booleans()), min_size=1, max_size=30), st.one_of(st.none(), st.sampled_from(GRID))
)
def test_many_documents_are_gated_as_each_one_would_be(
    drawn: list[tuple[float, float, bool]], stop: float | None
) -> None:
    lines, full = (np.array([[row[view], 1 - row[view]] for row in drawn]) for view in (0, 1))
    probabilities, read_on = serve_views(BothViews(lines, full, np.array([row[2] for row in drawn])), stop)
    for number, (_, _, shorter) in enumerate(drawn):
        stops = shorter and reads_enough(decide(CLASSES, (0.5, 0.5), lines[number]), stop)
        assert read_on[number] == (shorter and not stops)
        np.testing.assert_array_equal(probabilities[number], lines[number] if stops else full[number])


def test_the_lowest_confidence_without_a_loss_is_chosen() -> None:
    """Below 0.8 first looks are wrong where the full text is right; above, both are right."""
    sure, unsure = [(0.82, True)] * 150, [(0.7, False)] * 50
    served = choose(*case(sure + unsure, [(0.95, True)] * 200))
    assert served.stop_confidence == pytest.approx(0.82)
    assert served.read_on.sum() == 50


def test_a_first_look_that_is_as_wrong_as_the_full_text_costs_nothing() -> None:
    both = [(0.9, True)] * 180 + [(0.9, False)] * 20
    assert choose(*case(both, both)).stop_confidence == pytest.approx(0.9)


@pytest.mark.parametrize(("documents", "stops"), [(30, False), (98, False), (99, True), (400, True)])
def test_few_documents_prove_nothing_however_good_they_look(documents: int, stops: bool) -> None:
    """One document more than was seen to go wrong must be within the allowed loss."""
    served = choose(*case([(0.9, True)] * documents, [(0.95, True)] * documents))
    assert (served.stop_confidence is not None) == stops
    assert served.read_on.all() == (not stops)


def test_a_document_that_the_first_look_wins_by_chance_proves_nothing() -> None:
    lines, full = [(0.9, True)] * 20, [(0.7, False)] + [(0.9, True)] * 19
    assert choose(*case(lines, full)).stop_confidence is None
    assert choose(*case(lines * 20, full * 20), max_loss=0.0).stop_confidence is None


def test_a_stop_confidence_is_never_lower_than_one_at_which_a_document_stopped() -> None:
    assert choose(*case([(0.93, True)] * 200, [(0.95, True)] * 200)).stop_confidence == pytest.approx(0.93)


def test_documents_that_the_first_look_wins_make_up_for_those_it_loses() -> None:
    lost, won = [((0.7, False), (0.9, True))] * 6, [((0.7, True), (0.9, False))] * 5
    same = [((0.95, True), (0.95, True))] * 300
    lines, full = zip(*(same + lost + won), strict=True)
    assert choose(*case(list(lines), list(full))).stop_confidence == pytest.approx(0.7)
    lines, full = zip(*(same + lost), strict=True)
    assert choose(*case(list(lines), list(full))).stop_confidence == pytest.approx(0.95)


@pytest.mark.parametrize(("lost", "stops"), [(5, True), (6, False)])
def test_those_that_stop_are_hardly_worse_than_their_full_texts(lost: int, stops: bool) -> None:
    """Six of a thousand documents would be few enough to lose, but it is the 500 that stop who bear them."""
    lines = [(0.95, False)] * lost + [(0.95, True)] * (500 - lost) + [(0.6, False)] * 500
    assert (choose(*case(lines, [(0.97, True)] * 1000)).stop_confidence is not None) == stops


def test_a_small_class_is_not_given_up_for_speed() -> None:
    """Of 400 documents one stops wrong, but it is one of the four of its class."""
    labels = np.array([0] * 396 + [1] * 4)
    answers = labels.copy()
    answers[-1] = 0
    views = BothViews(rows(np.full(400, 0.9), answers), rows(np.full(400, 0.95), labels), np.ones(400, np.bool_))
    full_f1 = macro_f1(labels, labels)
    assert full_f1 - macro_f1(answers, labels) > 0.01
    assert choose(views, labels).stop_confidence is None


def test_without_a_shorter_view_everything_is_read() -> None:
    views, labels = case([(0.9, True)] * 200, [(0.9, True)] * 200)
    served = choose(BothViews(views.full, views.full, np.zeros(200, np.bool_)), labels)
    assert served.stop_confidence is None
    assert not served.read_on.any()


def test_no_allowed_loss_means_reading_everything() -> None:
    assert choose(*case([(0.9, True)] * 400, [(0.9, True)] * 400), max_loss=0.0).stop_confidence is None


@pytest.mark.parametrize(("share", "stops"), [(0.3, True), (0.4, True), (0.41, False)])
def test_first_looks_that_spare_too_few_readings_are_not_taken(share: float, stops: bool) -> None:
    sure, unsure = [(0.9, True)] * 160, [(0.6, False)] * 240
    served = choose(*case(sure + unsure, [(0.95, True)] * 400), share=share)
    assert (served.stop_confidence is not None) == stops


@pytest.mark.parametrize(("share", "stops"), [(0.02, True), (0.2, False)])
def test_people_do_not_get_much_more_work_for_speed(share: float, stops: bool) -> None:
    """Of some surest first looks of a class a few are wrong, as are their full texts, which are less sure of it."""
    labels = np.arange(1000) % 2
    answers = labels.copy()
    answers[: round(share * 1000) : 2] = 1
    unsure = answers != labels
    lines, full = np.where(unsure, 0.99, 0.95), np.where(unsure, 0.6, 0.95)
    views = BothViews(rows(lines, answers), rows(full, answers), np.ones(1000, np.bool_))
    assert (choose(views, labels).stop_confidence is not None) == stops


def sure_of(served: ServedAnswers) -> int:
    confidences = served.probabilities.max(axis=1)
    return int((confidences >= np.asarray(served.thresholds)[likeliest_columns(served.probabilities)]).sum())


SURENESS = st.floats(0.5, 0.999)
DOCUMENT = st.tuples(SURENESS, st.booleans(), SURENESS, st.booleans())


@given(
    st.lists(DOCUMENT, min_size=2, max_size=6),
    st.integers(5, 60),
    st.sampled_from([0.0, 0.01, 0.02, 0.1]),
    st.integers(),
)
def test_what_is_chosen_keeps_its_promises(
    kinds: list[tuple[float, bool, float, bool]], repeats: int, max_loss: float, seed: int
) -> None:
    drawn = random.Random(seed).choices(kinds, k=repeats * len(kinds))
    views, labels = case([kind[:2] for kind in drawn], [kind[2:] for kind in drawn])
    served = choose(views, labels, max_loss)
    answers, confidences = likeliest_columns(served.probabilities), served.probabilities.max(axis=1)
    for column, threshold in enumerate(served.thresholds):
        sure = (answers == column) & (confidences >= threshold)
        assert not sure.any() or np.mean(labels[sure] == column) >= 0.97  # of the answers that people get
    if served.stop_confidence is None:
        np.testing.assert_array_equal(served.probabilities, views.full)
        return
    stopped = ~served.read_on
    by_lines, by_full = likeliest_columns(views.lines), likeliest_columns(views.full)
    lost = int((by_full == labels)[stopped].sum()) - int((by_lines == labels)[stopped].sum())
    loss = macro_f1(by_full, labels) - macro_f1(likeliest_columns(served.probabilities), labels)
    assert 0.1 <= served.stop_confidence < 1
    assert stopped.any()
    assert views.lines[stopped].max(axis=1).min() >= served.stop_confidence
    assert lost + 1 <= max_loss * (len(drawn) + 1)
    assert lost <= max_loss * stopped.sum()
    assert loss <= max_loss
    assert sure_of(served) >= sure_of(choose(views, labels, 0.0)) - 0.05 * len(drawn)


WORDS = {
    "invoice": ["facture", "total", "tva", "montant", "client", "échéance"],
    "cv": ["expérience", "compétence", "formation", "langue", "diplôme"],
    "payslip": ["salaire", "brut", "net", "cotisation", "employeur"],
}
SHARED = ["monsieur", "madame", "rue", "paris", "date", "société", "téléphone", "numéro"]
PARAMS = TrainingParams(max_features=1000, regularisation=(10.0,), folds=3)


def corpus(documents: int, seed: int) -> tuple[list[str], list[str], list[str]]:
    """Texts, the beginning of each as its first look, and labels; four in five beginnings hold a telling word."""
    dice = random.Random(seed)
    texts, lines, labels = [], [], []
    for name, words in WORDS.items():
        for _ in range(documents):
            telling = dice.random() < 0.8
            first = dice.choices(SHARED, k=3) + dice.choices(words if telling else SHARED, k=3)
            lines.append(" ".join(first))
            texts.append(" ".join(first + dice.choices(words, k=4) + dice.choices(SHARED, k=10)))
            labels.append(name)
    return texts, lines, labels


def test_a_model_learns_both_views_and_when_the_first_is_enough() -> None:
    texts, lines, labels = corpus(60, seed=1)
    groups = [str(number) for number in range(len(texts))]
    model = train_classifier(texts, labels, groups, PARAMS, lines_texts=lines)
    whole = train_classifier(texts, labels, groups, PARAMS)
    assert model.stop_confidence is not None
    assert whole.stop_confidence is None
    assert 0.1 < model.cross_validation["read_on_rate"] < 0.5
    assert whole.cross_validation["read_on_rate"] == 0
    unseen, first_looks, truth = corpus(40, seed=2)
    served = evaluate_classifier(model, unseen, truth, lines_texts=first_looks)
    full = evaluate_classifier(model, unseen, truth)
    assert served.macro_f1 >= full.macro_f1 - 0.02
    assert served != full
    assert evaluate_classifier(model, first_looks, truth).macro_f1 < served.macro_f1 - 0.05


def test_the_figures_are_those_of_the_answers_that_people_get() -> None:
    texts, lines, labels = corpus(60, seed=1)
    documents = TrainingDocuments.of(texts, labels, [str(number) for number in range(len(texts))], lines)
    found = cross_validate(documents, PARAMS)
    model = train_classifier(texts, labels, documents.groups, PARAMS, lines_texts=lines)
    assert model.stop_confidence == found.served.stop_confidence
    assert model.thresholds == found.served.thresholds
    answers = likeliest_columns(found.served.probabilities)
    assert model.cross_validation["macro_f1"] == pytest.approx(macro_f1(answers, documents.columns))
    assert model.cross_validation["macro_f1_full"] == pytest.approx(
        macro_f1(likeliest_columns(found.views.full), documents.columns)
    )
    assert model.cross_validation["read_on_rate"] == pytest.approx(found.served.read_on.mean())


def test_a_document_weighs_the_same_by_one_view_or_two() -> None:
    documents = TrainingDocuments.of(["x y", "z", "u v", "w"], list("abab"), list("1234"), ["x", "z", "", "w"])
    rows = documents.rows(range(4))
    assert rows.texts == ("x y", "z", "u v", "w", "x")
    assert rows.columns.tolist() == [0, 1, 0, 1, 0]
    assert rows.weights.tolist() == [0.5, 1.0, 1.0, 1.0, 0.5]
    assert documents.shorter.tolist() == [True, False, True, False]


def test_an_empty_first_look_is_never_enough() -> None:
    texts, lines, labels = corpus(60, seed=1)
    lines[::3] = [""] * len(lines[::3])
    documents = TrainingDocuments.of(texts, labels, [str(number) for number in range(len(texts))], lines)
    found = cross_validate(documents, PARAMS)
    assert np.isnan(found.views.lines[::3]).all()
    assert found.served.read_on[::3].all()


def test_texts_of_different_number_are_an_error() -> None:
    with pytest.raises(ValueError, match="4 texts, 3 lines"):
        TrainingDocuments.of(["x"] * 4, list("abab"), list("1234"), ["x"] * 3)
