"""The audit sample: sure answers that a person decides once more, blind.

A document stays in it until it has been decided blind, also when someone has decided it openly meanwhile: people look
for mistakes, and a sample without those that they found would flatter the model.
"""

from typing import Any

from sqlalchemy import Connection, Row, select, update

from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import audit_sample, documents
from pigeonhole_api.models import AuditDecision, AuditSamplePage, Prediction, PredictionModel, Review, SampledDocument
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.documents import etag_of, get_row, thumbnail_path
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.records.reviews import Decision, check_class, check_unchanged, get_review, insert_decision
from pigeonhole_api.signing import Signer


def list_audit_sample(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> AuditSamplePage:
    """Return a page of a tenant's documents that wait for a blind audit, in the order of their upload."""
    waiting = (audit_sample.c.tenant == tenant, audit_sample.c.review_id.is_(None))
    # The answer is not even read: it cannot get into the page.
    statement = select(documents).join(audit_sample, audit_sample.c.document_id == documents.c.id).where(*waiting)
    page = read_page(
        connection, statement, request, signer, order=(audit_sample.c.document_id,), key=lambda row: (row.id,)
    )
    present = now(connection)
    found = [_to_sampled(row, signer, present) for row in page.rows]
    return AuditSamplePage(documents=found, next_page_token=page.next_page_token)


def decide_blind(
    connection: Connection, document_id: str, request: AuditDecision, caller: Caller, *, if_match: str
) -> tuple[Review, PredictionModel]:
    """Add the blind decision about a document of the audit sample, and return it with the model that it judges.

    Raises:
        Refusal: 404 `document-missing`, 412 `document-changed`, 409 `not-in-audit`, 422 `unknown-class`.
    """
    # Of two who decide at once the later one waits here, and then sees that the document has changed.
    own = (documents.c.id == document_id, documents.c.tenant == caller.tenant)
    connection.execute(select(documents.c.id).where(*own).with_for_update())
    row = get_row(connection, caller.tenant, document_id)
    check_unchanged(row, if_match)
    waiting = (audit_sample.c.document_id == document_id, audit_sample.c.review_id.is_(None))
    if connection.execute(select(audit_sample.c.document_id).where(*waiting)).first() is None:
        raise Refusal("not-in-audit", "The document does not wait for a blind audit.")
    prediction = Prediction.model_validate(row.answer)
    check_class(connection, caller.tenant, prediction, request.class_name)
    decision = Decision(
        "accepted" if request.class_name == prediction.class_name else "corrected",
        request.class_name,
        seconds_spent=request.seconds_spent,
        blind=True,
    )
    review_id = insert_decision(connection, row, decision, caller)
    connection.execute(update(audit_sample).where(*waiting).values(review_id=review_id))
    record(
        connection, caller, "document.audited", document_id, decision=decision.decision, **{"class": request.class_name}
    )
    return get_review(connection, review_id), prediction.model


def _to_sampled(row: Row[Any], signer: Signer, present: float) -> SampledDocument:
    return SampledDocument(
        id=row.id,
        job_id=row.job_id,
        name=row.name,
        size=row.size,
        media_type=row.media_type,
        pages=row.pages,
        created_at=to_moment(row.created_at),
        thumbnail_url=thumbnail_path(row, signer, present),
        etag=etag_of(row.version),
    )
