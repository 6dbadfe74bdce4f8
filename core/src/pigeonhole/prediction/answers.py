"""Put an answer together from what was read and what the model said; pure functions."""

from collections.abc import Iterable, Mapping, Sequence

from pigeonhole.artefact import ModelIdentity
from pigeonhole.classifier import Score, WordWeight, decide, not_scored
from pigeonhole.ocr import DocumentText
from pigeonhole.prediction.prediction import OcrSummary, PageBox, PageScore, Prediction, WordReason
from pigeonhole.prediction.reading import ReadDocument, word_boxes
from pigeonhole.scored_texts import ScoredTexts


def rows_to_score(read: ReadDocument) -> tuple[str, ...]:
    """Return the plain texts to score: the document's, then each page's when more than one page has text."""
    pages = tuple(text for text in read.page_texts if text)
    return (read.clean.text, *pages) if len(pages) > 1 else (read.clean.text,)


def scored_answer(read: ReadDocument, scored: ScoredTexts, role: str) -> Prediction:
    """Return the answer for a document whose `rows_to_score` were scored."""
    document, *pages = (decide(scored.classes, scored.thresholds, row) for row in scored.probabilities)
    reasons = locate_reasons(scored.reasons[0], word_boxes(read)) if scored.reasons else ()
    return _compose(read, document, pages or [document], reasons, scored.model, role)


def unscored_answer(read: ReadDocument, model: ModelIdentity, role: str) -> Prediction:
    """Return the answer for a document without readable text: no class, and a person should look."""
    return _compose(read, not_scored(), (), (), model, role)


def locate_reasons(words: Iterable[WordWeight], boxes: Mapping[str, tuple[PageBox, ...]]) -> tuple[WordReason, ...]:
    """Return the words with the places where the pages show them, none for a page without an image of its text."""
    return tuple(WordReason(word.word, word.weight, boxes.get(word.word, ())) for word in words)


def summarise_reading(text: DocumentText, language: str) -> OcrSummary:
    """Return how a document was read; the confidence is the mean over all words."""
    confidences = [word.confidence for page in text.pages for word in page.words]
    return OcrSummary(
        engine="+".join(dict.fromkeys(page.engine for page in text.pages)),
        engine_version="+".join(dict.fromkeys(page.engine_version for page in text.pages)),
        seconds=sum(page.seconds for page in text.pages),
        pages_read=len(text.pages),
        language=language,
        confidence=sum(confidences) / len(confidences) if confidences else None,
        view="full" if text.complete else "lines",
    )


def _compose(
    read: ReadDocument,
    document: Score,
    pages: Sequence[Score],
    reasons: tuple[WordReason, ...],
    model: ModelIdentity,
    role: str,
) -> Prediction:
    return Prediction(
        score=document,
        reasons=reasons,
        pages=_page_scores(read, pages),
        model=model,
        role=role,
        ocr=summarise_reading(read.text, read.clean.language),
        document=read.text.document,
    )


def _page_scores(read: ReadDocument, scores: Sequence[Score]) -> tuple[PageScore, ...]:
    remaining = iter(scores)
    pages = []
    for page, plain in zip(read.text.pages, read.page_texts, strict=True):
        score = next(remaining) if plain else not_scored()
        pages.append(PageScore(page.page + 1, score.class_name, score.confidence, page.language, None))
    failures = [PageScore(page.page + 1, None, None, "", page.reason.value) for page in read.text.failures]
    return tuple(sorted([*pages, *failures], key=lambda page: page.page))
