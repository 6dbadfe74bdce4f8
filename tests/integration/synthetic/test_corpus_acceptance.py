"""The corpus is hard in the right way: words tell the class, nothing beside them does.

All figures are those of the default difficulty, 0.5. Documents are held out by group, so no template and no person of
the test was seen in training. The words are those that were drawn (what a perfect reader would find on the pages):
the generator is never tuned on what OCR makes of them; docs/generator.md reports that figure apart.
"""

import io
import math
import re
from collections.abc import Iterator
from functools import cache

import cv2
import numpy as np
import pypdfium2 as pdfium
import pytest
from numpy.typing import NDArray
from PIL import Image
from sklearn.ensemble import RandomForestClassifier
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import accuracy_score, f1_score
from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from threadpoolctl import threadpool_limits

from pigeonhole.documents import DocumentLimits, sniff
from pigeonhole.pages import render_page
from pigeonhole.synthetic import CLASSES, LANGUAGES, GeneratedDocument, GenerationSettings, generate_documents
from pigeonhole.synthetic.drafting import draft_document
from pigeonhole.synthetic.plan import plan_corpus
from pigeonhole.synthetic.vocabulary import read_words

pytestmark = pytest.mark.integration
SETTINGS = GenerationSettings(count=60, workers=2)
CHANCE = 1 / len(CLASSES)
# A guesser's accuracy on n documents has the standard deviation sqrt(p (1 - p) / n); beyond three of them (1 in 740)
# something leaks.
LEAK_LIMIT = CHANCE + 3 * math.sqrt(CHANCE * (1 - CHANCE) / SETTINGS.total)
HELD_OUT = GroupKFold(5)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """The matrices are small: threads would wait for each other."""
    with threadpool_limits(1):
        yield


@cache
def documents() -> list[tuple[GeneratedDocument, bytes]]:
    return list(generate_documents(SETTINGS))


@cache
def texts() -> list[str]:
    return [draft_document(plan, SETTINGS).text for plan in plan_corpus(SETTINGS)]


def classes() -> NDArray[np.str_]:
    return np.array([document.class_name for document, _ in documents()])


def groups() -> list[str]:
    return [document.group for document, _ in documents()]


def test_the_titles_alone_tell_less_than_70_percent() -> None:
    titles = {
        title.lower(): name
        for name in CLASSES
        for language in LANGUAGES
        for title in read_words(name, language)["titles"]
    }
    pattern = re.compile("|".join(rf"\b{re.escape(title)}\b" for title in sorted(titles, key=len, reverse=True)))
    found = [pattern.search(text.lower()) for text in texts()]
    guesses = [titles[match.group()] if match else CLASSES[0] for match in found]
    accuracy = accuracy_score(classes(), guesses)
    assert 0.3 < accuracy < 0.70


@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(sublinear_tf=True, min_df=2),
        TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 4), sublinear_tf=True, max_features=10_000),
    ],
    ids=["words", "characters"],
)
def test_a_bag_of_words_tells_85_to_97_percent_of_held_out_templates_and_people(
    vectorizer: TfidfVectorizer,
) -> None:
    model = make_pipeline(vectorizer, LogisticRegression(C=30, max_iter=300, tol=1e-3))
    guesses = cross_val_predict(model, texts(), classes(), groups=groups(), cv=HELD_OUT)
    accuracy, macro_f1 = accuracy_score(classes(), guesses), f1_score(classes(), guesses, average="macro")
    assert 0.85 <= accuracy <= 0.97
    assert 0.85 <= macro_f1 <= 0.97


def test_a_thumbnail_tells_less_than_60_percent_even_of_templates_it_knows() -> None:
    pixels = np.array([thumbnail(data) for _, data in documents()])
    model = LogisticRegression(max_iter=1000)
    known = cross_val_predict(model, pixels, classes(), cv=StratifiedKFold(5, shuffle=True, random_state=0))
    held_out = cross_val_predict(model, pixels, classes(), groups=groups(), cv=HELD_OUT)
    assert accuracy_score(classes(), held_out) < 0.60
    assert accuracy_score(classes(), known) < 0.60


def thumbnail(data: bytes) -> NDArray[np.float64]:
    media_type = sniff(data[:1024])
    assert media_type is not None
    page = render_page(data, media_type, 0, long_side=200, limits=DocumentLimits())
    grey = cv2.cvtColor(page, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.resize(grey, (8, 8), interpolation=cv2.INTER_AREA), np.float64).ravel() / 255


@pytest.mark.parametrize(
    "model",
    [
        RandomForestClassifier(150, min_samples_leaf=5, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000)),
    ],
    ids=["forest", "linear"],
)
def test_size_format_pages_metadata_and_name_tell_nothing(model: RandomForestClassifier | LogisticRegression) -> None:
    envelope = np.array([envelope_of(document, data) for document, data in documents()], float)
    folds = StratifiedKFold(5, shuffle=True, random_state=0)
    accuracy = accuracy_score(classes(), cross_val_predict(model, envelope, classes(), cv=folds))
    written = np.array([[len(text)] for text in texts()], float)
    leaking = np.hstack([envelope, written])
    control = accuracy_score(classes(), cross_val_predict(model, leaking, classes(), cv=folds))
    assert accuracy < LEAK_LIMIT < control


def envelope_of(document: GeneratedDocument, data: bytes) -> list[float]:
    """What is known of a file without looking at its pages."""
    name = document.path.partition("/")[2]
    if data.startswith(b"%PDF"):
        pdf = pdfium.PdfDocument(data)
        (width, height), remarks = pdf[0].get_size(), len(pdf.get_metadata_dict(skip_empty=True))
    else:
        image = Image.open(io.BytesIO(data))
        (width, height), remarks = image.size, len(image.info) + len(image.getexif())
    sizes = [len(data), math.log(len(data)), len(data) / document.pages, len(data) / (width * height)]
    shape = [document.pages, width, height, width / height, remarks]
    spelling = [len(name), ord(name[0]), ord(name[-5]), name.count("-")]
    return [*sizes, *shape, *spelling, *(document.medium == medium for medium in ("pdf", "image_pdf", "jpeg", "png"))]
