"""Documents as an HTML list: image, class, confidence, reasons, all probabilities, or why a file was refused."""

from collections.abc import Sequence
from urllib.parse import urlencode

from pigeonhole_api.models import Document
from pigeonhole_frontends.app_display.markup import escaped, facts
from pigeonhole_frontends.app_display.probability_bars import confidence_badge, probability_bars
from pigeonhole_frontends.app_session.language import Language
from pigeonhole_frontends.user_app.addresses import REVIEW_PATH
from pigeonhole_frontends.user_app.decisions import decided_class, reason_for_review, refusal, state_badge


def document_list(documents: Sequence[Document], thumbnails: dict[str, str], language: Language) -> str:
    """Return the list; thumbnails are addresses by document id."""
    rows = "".join(_row(document, thumbnails.get(document.id), language) for document in documents)
    return f'<ul class="ph-documents">{rows}</ul>'


def _row(document: Document, thumbnail: str | None, language: Language) -> str:
    name = escaped(document.name)
    if document.prediction is not None:
        name = f'<a href="{_review_address(document)}" target="_self">{name}</a>'
    return (
        f'<li>{_image(document, thumbnail, language)}<div><div class="ph-document-head">'
        f"<h3>{name}</h3>{state_badge(document, language)}</div>"
        f"{_answer(document, language)}{_sentences(document, language)}{_details(document, language)}</div></li>"
    )


def _review_address(document: Document) -> str:
    """Return the address of the review of one document, relative to that of its job."""
    return escaped(f"{REVIEW_PATH}?{urlencode({'job': document.job_id, 'document': document.id})}")


def _image(document: Document, thumbnail: str | None, language: Language) -> str:
    if thumbnail is None:
        return f'<div class="ph-thumb">{language.html("document.no_image")}</div>'
    alt = language.html("document.image", name=document.name)
    return f'<div class="ph-thumb"><img loading="lazy" src="{escaped(thumbnail)}" alt="{alt}"></div>'


def _answer(document: Document, language: Language) -> str:
    prediction = document.prediction
    if prediction is None:
        return ""
    name = decided_class(document) or language.text("document.no_class")
    confidence = ""
    if document.review is None:
        confidence = confidence_badge(prediction.confidence, abstained=prediction.abstained, language=language)
    return f'<p class="ph-document-head"><span class="ph-document-class">{escaped(name)}</span>{confidence}</p>'


def _sentences(document: Document, language: Language) -> str:
    lines = [refusal(document, language)]
    if document.review is None:
        lines.append(reason_for_review(document, language))
    elif document.review.decision == "corrected" and document.prediction and document.prediction.class_name:
        lines.append(language.text("review.was", **{"class": document.prediction.class_name}))
    if document.duplicate_of is not None:
        lines.append(language.text("document.duplicate"))
    return "".join(f"<p>{escaped(line)}</p>" for line in lines if line)


def _details(document: Document, language: Language) -> str:
    prediction = document.prediction
    bars = ""
    known = [(language.text("document.size"), language.size(document.size))]
    if document.pages:
        known.append((language.text("document.pages"), language.whole(document.pages)))
    if prediction is not None:
        bars = probability_bars([(each.class_name, each.p) for each in prediction.probabilities], language)
        known.append((language.text("document.model"), prediction.model.version))
    summary = "document.probabilities" if bars else "document.details"
    return f"<details><summary>{language.html(summary)}</summary>{bars}{facts(known)}</details>"
