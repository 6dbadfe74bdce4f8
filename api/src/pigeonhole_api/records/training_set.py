"""The training set: examples come and go, nothing of it is ever overwritten."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Connection, Row, exists, func, insert, or_, select, update

from pigeonhole.datasets import DatasetManifest
from pigeonhole.datasets import Example as ManifestExample
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import now
from pigeonhole_api.database.tables import dataset_versions, examples
from pigeonhole_api.identifiers import new_id
from pigeonhole_api.models import ClassSummary, Example, ExamplePage, ExampleSource
from pigeonhole_api.problems import missing
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.corrections import count_waiting
from pigeonhole_api.records.moments import to_moment
from pigeonhole_api.records.paging import PageRequest, read_page
from pigeonhole_api.signing import Signer

LIVE = examples.c.deleted_at.is_(None)
"""The examples that the training set has now."""


def was_never_filled(connection: Connection, tenant: str) -> bool:
    """Tell whether a tenant's training set has never had an example, nor a version with those of others."""
    has_example = exists().where(examples.c.tenant == tenant)
    has_version = exists().where(dataset_versions.c.tenant == tenant)
    return not connection.execute(select(or_(has_example, has_version))).scalar_one()


def fill_from(connection: Connection, tenant: str, manifest: DatasetManifest) -> None:
    """Make a dataset version's examples a tenant's training set."""
    rows = [
        {
            "id": new_id("ex"),
            "tenant": tenant,
            "sha256": example.sha256,
            "class_name": example.class_name,
            "source": example.source,
            "split_group": example.group,
            "added_by": example.added_by,
            "added_at": datetime.fromisoformat(example.added_at).timestamp(),
        }
        for example in manifest.examples
    ]
    if rows:
        connection.execute(insert(examples), rows)


def list_classes(connection: Connection, tenant: str) -> list[ClassSummary]:
    """Return every class of a tenant that has examples, or corrections that would add to it."""
    own = (LIVE, examples.c.tenant == tenant)
    statement = select(examples.c.class_name, func.count()).where(*own).group_by(examples.c.class_name)
    counts: dict[str, int] = {name: count for name, count in connection.execute(statement).tuples()}  # noqa: C416
    waiting = count_waiting(connection, tenant)
    return [
        ClassSummary(name=name, examples=counts.get(name, 0), corrections_waiting=waiting.get(name, 0))
        for name in sorted({*counts, *waiting})
    ]


def list_examples(
    connection: Connection, tenant: str, class_name: str, request: PageRequest, signer: Signer
) -> ExamplePage:
    """Return a page of a tenant's class's examples, the newest first."""
    page = read_page(
        connection,
        select(examples).where(LIVE, examples.c.tenant == tenant, examples.c.class_name == class_name),
        request,
        signer,
        order=(examples.c.id,),
        key=lambda row: (row.id,),
        descending=True,
    )
    present = now(connection)
    found = [_to_example(row, signer, present) for row in page.rows]
    return ExamplePage(examples=found, next_page_token=page.next_page_token)


def get_examples(connection: Connection, ids: Iterable[str], signer: Signer) -> list[Example]:
    """Return examples of the training set by their ids, in the order of their adding."""
    rows = connection.execute(select(examples).where(examples.c.id.in_(list(ids))).order_by(examples.c.id)).all()
    present = now(connection)
    return [_to_example(row, signer, present) for row in rows]


def example_sha256(connection: Connection, tenant: str, example_id: str) -> str:
    """Return the document of a tenant's example, also of one that was deleted.

    Raises:
        Refusal: 404 `example-missing`.
    """
    own = (examples.c.id == example_id, examples.c.tenant == tenant)
    sha256 = connection.execute(select(examples.c.sha256).where(*own)).scalar_one_or_none()
    if sha256 is None:
        raise missing("example", example_id)
    return str(sha256)


def live_example(connection: Connection, tenant: str, sha256: str) -> Row[Any] | None:
    """Return the row of the example with a document in a tenant's training set, or None."""
    own = (LIVE, examples.c.tenant == tenant, examples.c.sha256 == sha256)
    return connection.execute(select(examples).where(*own)).one_or_none()


def add_example(
    connection: Connection,
    sha256: str,
    class_name: str,
    source: ExampleSource,
    caller: Caller,
    *,
    document_id: str | None = None,
    group: str | None = None,
) -> str:
    """Add a document that the training set does not have, and return the example's id."""
    example_id = new_id("ex")
    connection.execute(
        insert(examples).values(
            id=example_id,
            tenant=caller.tenant,
            sha256=sha256,
            class_name=class_name,
            source=source,
            document_id=document_id,
            split_group=group,
            added_by=caller.name,
            added_at=now(connection),
        )
    )
    return example_id


def delete_example(connection: Connection, example_id: str, caller: Caller) -> None:
    """Take an example out of the training set; its row stays as a tombstone.

    Raises:
        Refusal: 404 `example-missing`.
    """
    if remove(connection, caller, examples.c.id == example_id) == 0:
        raise missing("example", example_id)
    record(connection, caller, "example.deleted", example_id)


def remove(connection: Connection, caller: Caller, *conditions: Any) -> int:
    """Bury the live examples of the caller's tenant that meet the conditions, and return how many those were."""
    buried = {"deleted_at": now(connection), "deleted_by": caller.name}
    return connection.execute(
        update(examples).where(LIVE, examples.c.tenant == caller.tenant, *conditions).values(buried)
    ).rowcount


def manifest_examples(connection: Connection) -> list[ManifestExample]:
    """Return what all tenants have given to training, as a dataset version holds it.

    Of a document that several of them have, the latest word counts.
    """
    rows = connection.execute(select(examples).where(LIVE).order_by(examples.c.added_at, examples.c.id)).all()
    latest = {row.sha256: row for row in rows}
    return [_to_manifest_example(row) for row in latest.values()]


def _to_manifest_example(row: Row[Any]) -> ManifestExample:
    added_at = to_moment(row.added_at).isoformat(timespec="seconds").replace("+00:00", "Z")
    return ManifestExample(row.sha256, row.class_name, row.source, row.added_by, added_at, row.split_group)


def _to_example(row: Row[Any], signer: Signer, present: float) -> Example:
    return Example(
        id=row.id,
        class_name=row.class_name,
        document_sha256=row.sha256,
        source=cast("ExampleSource", row.source),
        added_by=row.added_by,
        added_at=to_moment(row.added_at),
        thumbnail_url=signer.signed_path(f"/v1/examples/{row.id}/thumbnail", row.tenant, present),
    )
