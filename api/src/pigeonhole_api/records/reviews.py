"""A person decides: the decision is kept for ever, the document points at the latest one."""

from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, examples, reviews
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import FieldProblem, Prediction, ReviewRequest
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.documents import etag_of, get_row

_REVIEWABLE = ("classified", "needs_review")


def decide_document(
    connection: Connection, document_id: str, request: ReviewRequest, caller: Caller, *, if_match: str
) -> None:
    """Add a decision about a document that is still as the person saw it; it needs no review any more.

    Raises:
        Refusal: 404 `document-missing`, 412 `document-changed`, 409 `not-reviewable`, 422 `decision-contradicts` or
            `unknown-class`.
    """
    row = get_row(connection, caller.tenant, document_id)
    if if_match not in {etag_of(row.version), "*"}:
        raise _changed()
    _check(connection, caller.tenant, row, request)
    review_id, present = new_id("rev"), now(connection)
    changed = connection.execute(
        update(documents)
        .where(documents.c.id == document_id, documents.c.version == row.version)
        .values(review_id=review_id, state="classified", version=documents.c.version + 1)
    )
    if changed.rowcount == 0:
        raise _changed()
    decided = {
        "id": review_id,
        "tenant": caller.tenant,
        "document_id": document_id,
        "decision": request.decision,
        "class_name": request.class_name,
        "by": caller.name,
        "at": present,
    }
    connection.execute(insert(reviews).values(decided))
    details = {"decision": request.decision, "class": request.class_name}
    record(connection, caller, "document.reviewed", document_id, **details)


def _check(connection: Connection, tenant: str, row: Row[Any], request: ReviewRequest) -> None:
    if row.state not in _REVIEWABLE:
        detail = f"A document that is {row.state} cannot be reviewed."
        raise Refusal(409, "not-reviewable", detail)
    prediction = Prediction.model_validate(row.answer)
    if (request.decision == "accepted") != (request.class_name == prediction.class_name):
        wanted = "the model's class" if request.decision == "accepted" else "another class than the model's"
        raise _wrong_class("decision-contradicts", f"A document is {request.decision} with {wanted}.")
    if request.class_name not in {each.class_name for each in prediction.probabilities}:
        own = (examples.c.tenant == tenant, examples.c.class_name == request.class_name)
        known = select(examples.c.id).where(*own, examples.c.deleted_at.is_(None))
        if connection.execute(known.limit(1)).first() is None:
            raise _wrong_class("unknown-class", "Neither the model nor the training set knows this class.")


def _wrong_class(code: str, detail: str) -> Refusal:
    return Refusal(422, code, f"class: {detail}", errors=[FieldProblem(field="body.class", detail=detail)])


def _changed() -> Refusal:
    return Refusal(
        412,
        "document-changed",
        "The document has changed since it was read.",
        hint="Read it again and decide once more.",
    )
