"""A person decides: the decision is kept for ever, the document points at the latest one."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, examples, reviews
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import FieldProblem, Prediction, Review, ReviewDecision, ReviewHistory, ReviewRequest
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.documents import etag_of, get_row, to_review

_REVIEWABLE = ("classified", "needs_review")


@dataclass(frozen=True)
class Decision:
    """What a person says of a document, and in which way it was found."""

    decision: ReviewDecision
    class_name: str
    seconds_spent: float | None = None
    note: str | None = None
    blind: bool = False


def decide_document(
    connection: Connection, document_id: str, request: ReviewRequest, caller: Caller, *, if_match: str
) -> None:
    """Add a decision about a document that is still as the person saw it; it needs no review any more.

    Raises:
        Refusal: 404 `document-missing`, 412 `document-changed`, 409 `not-reviewable`, 422 `decision-contradicts` or
            `unknown-class`.
    """
    row = get_row(connection, caller.tenant, document_id)
    check_unchanged(row, if_match)
    if row.state not in _REVIEWABLE:
        raise Refusal("not-reviewable", f"A document that is {row.state} cannot be reviewed.")
    prediction = Prediction.model_validate(row.answer)
    if (request.decision == "accepted") != (request.class_name == prediction.class_name):
        wanted = "the model's class" if request.decision == "accepted" else "another class than the model's"
        raise _wrong_class("decision-contradicts", f"A document is {request.decision} with {wanted}.")
    check_class(connection, caller.tenant, prediction, request.class_name)
    decision = Decision(request.decision, request.class_name, request.seconds_spent, request.note)
    insert_decision(connection, row, decision, caller)
    details = {"decision": request.decision, "class": request.class_name}
    record(connection, caller, "document.reviewed", document_id, **details)


def check_unchanged(row: Row[Any], if_match: str) -> None:
    """Check that a document is as it was read.

    Raises:
        Refusal: 412 `document-changed`.
    """
    if if_match not in {etag_of(row.version), "*"}:
        raise _changed()


def check_class(connection: Connection, tenant: str, prediction: Prediction, class_name: str) -> None:
    """Check that the model or the tenant's training set knows a class.

    Raises:
        Refusal: 422 `unknown-class`.
    """
    if class_name in {each.class_name for each in prediction.probabilities}:
        return
    own = (examples.c.tenant == tenant, examples.c.class_name == class_name)
    known = select(examples.c.id).where(*own, examples.c.deleted_at.is_(None))
    if connection.execute(known.limit(1)).first() is None:
        raise _wrong_class("unknown-class", "Neither the model nor the training set knows this class.")


def insert_decision(connection: Connection, row: Row[Any], decision: Decision, caller: Caller) -> str:
    """Add a decision about a document as its row says it is, let the document point at it, and return its id.

    Raises:
        Refusal: 412 `document-changed`, when someone else has changed it since the row was read.
    """
    review_id, present = new_id("rev"), now(connection)
    changed = connection.execute(
        update(documents)
        .where(documents.c.id == row.id, documents.c.version == row.version)
        .values(review_id=review_id, state="classified", version=documents.c.version + 1)
    )
    if changed.rowcount == 0:
        raise _changed()
    decided = {
        "id": review_id,
        "tenant": caller.tenant,
        "document_id": row.id,
        "decision": decision.decision,
        "class_name": decision.class_name,
        "by": caller.name,
        "at": present,
        "blind": decision.blind,
        "seconds_spent": decision.seconds_spent,
        "note": decision.note,
    }
    connection.execute(insert(reviews).values(decided))
    return review_id


def get_review(connection: Connection, review_id: str) -> Review:
    """Return a decision that there is."""
    return to_review(connection.execute(select(reviews).where(reviews.c.id == review_id)).one())


def list_reviews(connection: Connection, tenant: str, document_id: str) -> ReviewHistory:
    """Return all decisions about a tenant's document, the oldest first.

    Raises:
        Refusal: 404 `document-missing`.
    """
    get_row(connection, tenant, document_id)
    own = (reviews.c.document_id == document_id, reviews.c.tenant == tenant)
    rows = connection.execute(select(reviews).where(*own).order_by(reviews.c.at, reviews.c.id))
    return ReviewHistory(reviews=[to_review(row) for row in rows])


def _wrong_class(code: str, detail: str) -> Refusal:
    return Refusal(code, f"class: {detail}", errors=[FieldProblem(field="body.class", detail=detail)])


def _changed() -> Refusal:
    return Refusal(
        "document-changed",
        "The document has changed since it was read.",
        hint="Read it again and decide once more.",
    )
