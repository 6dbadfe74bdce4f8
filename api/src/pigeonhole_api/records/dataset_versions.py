"""Dataset versions: the training set frozen, each with the one before as its parent."""

from collections import Counter
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select

from pigeonhole.datasets import DatasetManifest
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import dataset_versions
from pigeonhole_api.models import DatasetVersion, DatasetVersionPage
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer


def latest_version(connection: Connection, tenant: str) -> str | None:
    """Return the id of a tenant's newest dataset version, or None."""
    own = select(dataset_versions.c.id).where(dataset_versions.c.tenant == tenant)
    statement = own.order_by(dataset_versions.c.serial.desc()).limit(1)
    return connection.execute(statement).scalar_one_or_none()


def get_version(connection: Connection, tenant: str, version_id: str) -> DatasetVersion | None:
    """Return a tenant's dataset version, or None."""
    own = (dataset_versions.c.id == version_id, dataset_versions.c.tenant == tenant)
    statement = select(dataset_versions).where(*own)
    row = connection.execute(statement).one_or_none()
    return None if row is None else _to_version(row)


def list_versions(connection: Connection, tenant: str, request: PageRequest, signer: Signer) -> DatasetVersionPage:
    """Return a page of a tenant's dataset versions, the newest first."""
    serial = dataset_versions.c.serial
    page = read_page(
        connection,
        select(dataset_versions).where(dataset_versions.c.tenant == tenant),
        request,
        signer,
        order=(serial,),
        key=lambda row: (row.serial,),
        descending=True,
    )
    found = [_to_version(row) for row in page.rows]
    return DatasetVersionPage(dataset_versions=found, next_page_token=page.next_page_token)


def insert_version(
    connection: Connection, manifest: DatasetManifest, parent: DatasetManifest | None, created_by: Caller
) -> None:
    """Add a stored manifest as the newest dataset version."""
    before = {(each.sha256, each.class_name) for each in parent.examples} if parent else set()
    after = {(each.sha256, each.class_name) for each in manifest.examples}
    greatest = connection.execute(select(func.max(dataset_versions.c.serial))).scalar_one()
    connection.execute(
        insert(dataset_versions).values(
            id=manifest.id,
            tenant=created_by.tenant,
            serial=(greatest or 0) + 1,
            parent=manifest.parent,
            classes=dict(Counter(each.class_name for each in manifest.examples)),
            examples=len(after),
            added=len(after - before),
            removed=len(before - after),
            created_by=created_by.name,
            created_at=now(connection),
        )
    )


def _to_version(row: Row[Any]) -> DatasetVersion:
    return DatasetVersion(
        id=row.id,
        parent=row.parent,
        classes=row.classes,
        examples=row.examples,
        added=row.added,
        removed=row.removed,
        created_by=row.created_by,
        created_at=to_moment(row.created_at),
    )
