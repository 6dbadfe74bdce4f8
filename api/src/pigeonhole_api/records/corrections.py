"""Reviewed documents that the training set does not have yet."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, exists, func, or_, select

from pigeonhole_api.database.tables import documents, examples, reviews
from pigeonhole_api.models import DocumentPage
from pigeonhole_api.records.documents import described_documents, to_page
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer


@dataclass(frozen=True)
class Correction:
    """A document, and the class that a person gave it."""

    document_id: str
    sha256: str
    class_name: str


def list_waiting(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> DocumentPage:
    """Return a page of a tenant's documents that would enter the training set, in the order of their upload."""
    page = read_page(
        connection,
        described_documents(tenant).where(_is_waiting()),
        request,
        signer,
        order=(documents.c.id,),
        key=lambda row: (row.id,),
    )
    return to_page(connection, page, signer)


def count_waiting(connection: Connection, tenant: str) -> Mapping[str, int]:
    """Return how many of a tenant's corrections wait, by their class."""
    statement = (
        select(reviews.c.class_name, func.count())
        .join(documents, documents.c.review_id == reviews.c.id)
        .where(_is_waiting(), documents.c.tenant == tenant)
        .group_by(reviews.c.class_name)
    )
    return {row[0]: row[1] for row in connection.execute(statement)}


def waiting_corrections(connection: Connection, tenant: str) -> Sequence[Correction]:
    """Return every correction of a tenant that waits, the earliest decision first."""
    return _read(connection, tenant, _is_waiting())


def reviewed_documents(connection: Connection, tenant: str, ids: Sequence[str]) -> Sequence[Correction]:
    """Return those of a tenant's documents that a person has decided, the earliest decision first."""
    return _read(connection, tenant, documents.c.id.in_(ids))


def _read(connection: Connection, tenant: str, condition: ColumnElement[bool]) -> Sequence[Correction]:
    statement = (
        select(documents.c.id, documents.c.sha256, reviews.c.class_name)
        .join(reviews, reviews.c.id == documents.c.review_id)
        .where(condition, documents.c.tenant == tenant)
        .order_by(reviews.c.id)
    )
    return [Correction(row.id, row.sha256, row.class_name) for row in connection.execute(statement)]


def _is_waiting() -> ColumnElement[bool]:
    """Hold for a reviewed document whose class the training set does not have for it.

    An example that was deleted after the decision counts as had: the later word is that it shall not be one.
    """
    had: Any = exists().where(
        examples.c.tenant == documents.c.tenant,
        examples.c.sha256 == documents.c.sha256,
        examples.c.class_name == reviews.c.class_name,
        or_(examples.c.deleted_at.is_(None), examples.c.deleted_at >= reviews.c.at),
    )
    return and_(documents.c.review_id.is_not(None), documents.c.stored, ~had)
