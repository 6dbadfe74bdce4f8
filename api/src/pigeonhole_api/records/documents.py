"""Documents: their rows with answer and review, as values."""

from functools import cache
from typing import Any

from sqlalchemy import Connection, Row, Select, and_, bindparam, func, select

from pigeonhole_api.database import now
from pigeonhole_api.database.tables import documents, predictions, reviews
from pigeonhole_api.models import Document, DocumentError, DocumentOrder, DocumentPage, Prediction, Review
from pigeonhole_api.problems import missing
from pigeonhole_api.records.jobs import check_job
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import Page, PageRequest, read_page
from pigeonhole_api.signing import Signer

_UNSCORED = -1.0


def described_documents(tenant: str) -> Select[Any]:
    """Return the statement for a tenant's documents with their answers and reviews."""
    return _described().where(documents.c.tenant == tenant)


@cache
def _described() -> Select[Any]:
    joined = documents.outerjoin(predictions, predictions.c.document_id == documents.c.id).outerjoin(
        reviews, reviews.c.id == documents.c.review_id
    )
    described = select(
        documents,
        predictions.c.answer,
        predictions.c.confidence,
        reviews.c.decision,
        reviews.c.class_name.label("reviewed_class"),
        reviews.c.by,
        reviews.c.at,
        reviews.c.blind,
        reviews.c.seconds_spent,
        reviews.c.note,
    )
    return described.select_from(joined)


@cache
def _one_described() -> Select[Any]:
    own = (documents.c.tenant == bindparam("owner_tenant"), documents.c.id == bindparam("wanted"))
    return _described().where(*own)


def get_row(connection: Connection, tenant: str, document_id: str) -> Row[Any]:
    """Return a document's row of `described_documents`.

    Raises:
        Refusal: 404 `document-missing`.
    """
    row = connection.execute(_one_described(), {"owner_tenant": tenant, "wanted": document_id}).one_or_none()
    if row is None:
        raise missing("document", document_id)
    return row


def get_document(connection: Connection, tenant: str, document_id: str, signer: Signer) -> Document:
    """Return a document.

    Raises:
        Refusal: 404 `document-missing`.
    """
    return to_document(get_row(connection, tenant, document_id), signer, now(connection))


def list_documents(
    connection: Connection,
    tenant: str,
    request: PageRequest,
    signer: Signer,
    *,
    job_id: str,
    state: str | None,
    review: str | None,
    sort: DocumentOrder,
) -> DocumentPage:
    """Return a page of a job's documents in the order of their upload, or the least confident first.

    Raises:
        Refusal: 404 `job-missing`.
    """
    check_job(connection, tenant, job_id)
    statement = described_documents(tenant).where(documents.c.job_id == job_id)
    if state is not None:
        statement = statement.where(documents.c.state == state)
    if review == "none":
        statement = statement.where(documents.c.review_id.is_(None))
    elif review is not None:
        statement = statement.where(reviews.c.decision == review)
    if sort == "confidence":
        page = _least_confident_first(connection, statement, request, signer)
    else:
        position = documents.c.position
        page = read_page(connection, statement, request, signer, order=(position,), key=lambda row: (row.position,))
    return to_page(connection, page, signer)


def review_queue(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> DocumentPage:
    """Return a page of a tenant's documents that wait for a person: those without a score, then the least confident."""
    waiting = and_(documents.c.state == "needs_review", documents.c.review_id.is_(None))
    page = _least_confident_first(connection, described_documents(tenant).where(waiting), request, signer)
    return to_page(connection, page, signer)


def _least_confident_first(
    connection: Connection, statement: Select[Any], request: PageRequest, signer: Signer
) -> Page:
    return read_page(
        connection,
        statement,
        request,
        signer,
        order=(func.coalesce(predictions.c.confidence, _UNSCORED), documents.c.id),
        key=lambda row: (_UNSCORED if row.confidence is None else row.confidence, row.id),
    )


def to_page(connection: Connection, page: Page, signer: Signer) -> DocumentPage:
    """Return rows of `described_documents` as a page of documents."""
    present = now(connection)
    found = [to_document(row, signer, present) for row in page.rows]
    return DocumentPage(documents=found, next_page_token=page.next_page_token)


def to_document(row: Row[Any], signer: Signer, present: float) -> Document:
    """Return a row of `described_documents` as a document."""
    prediction = None if row.answer is None else Prediction.model_validate(row.answer)
    error = None if row.error_reason is None else DocumentError(reason=row.error_reason, detail=row.error_detail)
    return Document(
        id=row.id,
        job_id=row.job_id,
        name=row.name,
        size=row.size,
        sha256=row.sha256,
        media_type=row.media_type,
        pages=row.pages,
        language=prediction.ocr.language if prediction and prediction.ocr else None,
        state=row.state,
        attempts=row.attempts,
        created_at=to_moment(row.created_at),
        finished_at=to_moment(row.finished_at),
        error=error,
        prediction=prediction,
        review=None if row.review_id is None else to_review(row, row.reviewed_class),
        duplicate_of=row.duplicate_of,
        thumbnail_url=thumbnail_path(row, signer, present),
        etag=etag_of(row.version),
    )


def thumbnail_path(row: Row[Any], signer: Signer, present: float) -> str | None:
    """Return where a document's row is shown small, or None for what cannot be drawn."""
    path = f"/v1/documents/{row.id}/thumbnail"
    return signer.signed_path(path, row.tenant, present) if row.media_type else None


def etag_of(version: int) -> str:
    """Return the entity tag of a document's version."""
    return f'"{version}"'


def to_review(row: Row[Any], class_name: str | None = None) -> Review:
    """Return a row with a decision's columns as a decision; its class where the row has it by another name."""
    return Review(
        decision=row.decision,
        class_name=row.class_name if class_name is None else class_name,
        by=row.by,
        at=to_moment(row.at),
        blind=row.blind,
        seconds_spent=row.seconds_spent,
        note=row.note,
    )
