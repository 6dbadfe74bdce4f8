"""A declared document's content arrives: it is compared with what was declared, kept, and fills its document's slot."""

from collections.abc import Callable
from typing import IO

from pigeonhole_api.intake.received import Incoming, Measured, Received, measure
from pigeonhole_api.models import Document
from pigeonhole_api.platform import PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.documents import get_document
from pigeonhole_api.records.uploads import Slot, check_declared, fill_slot, find_slot

Keep = Callable[[Measured], Received]
"""Looks at a content and stores it."""


def find(platform: PlatformState, tenant: str, job_id: str, name: str) -> Slot:
    """Return the declared document of a name.

    Raises:
        Refusal: 404 `job-missing` or `document-missing`, 410 `job-deleted`.
    """
    with platform.database.read() as connection:
        return find_slot(connection, tenant, job_id, name)


def accept(platform: PlatformState, slot: Slot, content: IO[bytes], keep: Keep) -> tuple[Document, bool]:
    """Return the document with its content, and whether that is new; bytes are stored before the row names them.

    Raises:
        Refusal: 422 `upload-differs`, 409 `upload-closed` or `document-conflict`.
        StorageError: The content could not be stored.
    """
    (measured,) = measure([Incoming(slot.name, content)])
    if slot.is_waiting:
        check_declared(slot, measured)
        platform.hold_contents([measured.sha256])
        received = keep(measured)
        with platform.database.write() as connection:
            if fill_slot(connection, slot, received):
                return get_document(connection, slot.tenant, slot.document_id, platform.signer), True
        slot = find(platform, slot.tenant, slot.job_id, slot.name)
    check_open(slot)
    if slot.sha256 != measured.sha256:
        raise Refusal(
            "document-conflict",
            "name: a document of this name has come with other bytes already.",
            hint="Send it in a new job, or under another name.",
        )
    return show(platform, slot), False


def fill(platform: PlatformState, slot: Slot, received: Received) -> bool:
    """Give a document its content; False when it was not waiting."""
    with platform.database.write() as connection:
        return fill_slot(connection, slot, received)


def show(platform: PlatformState, slot: Slot) -> Document:
    """Return a declared document as it is now."""
    with platform.database.read() as connection:
        return get_document(connection, slot.tenant, slot.document_id, platform.signer)


def check_open(slot: Slot) -> None:
    """Check that a document's content may still come.

    Raises:
        Refusal: 409 `upload-closed`.
    """
    if slot.is_closed:
        raise Refusal(
            "upload-closed",
            "name: the document was given up or cancelled before its content came.",
            hint="Send it in a new job.",
        )
