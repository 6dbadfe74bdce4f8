"""Contents that clients put into the storage themselves, and that are taken from there when they have come.

What a client has put there counts for nothing. It is read, compared, looked at and stored again by its hash, as a
streamed upload is, so that a storage which does not enforce what was signed harms nobody.
"""

import tempfile
from collections.abc import Sequence
from typing import IO

from pigeonhole.storage import DirectStorage, ObjectMissing, PresignedPut, Storage
from pigeonhole_api import arrivals
from pigeonhole_api.intake.received import keep_one
from pigeonhole_api.models import Document, FieldProblem
from pigeonhole_api.platform import PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.uploads import Slot, refuse_difference, upload_key

_MEMORY = 1 << 20


def direct_storage(storage: Storage) -> DirectStorage:
    """Return the storage, if clients may reach it themselves.

    Raises:
        Refusal: 409 `presigning-unsupported`.
    """
    if isinstance(storage, DirectStorage):
        return storage
    raise Refusal(
        "presigning-unsupported",
        "The storage is not S3, so nothing can be sent to it directly.",
        hint="Put each document to /v1/jobs/{job_id}/documents/{name}.",
    )


def presign(storage: DirectStorage, slots: Sequence[Slot], *, seconds: int) -> list[tuple[Slot, PresignedPut]]:
    """Return how to put the content of each document that waits.

    Raises:
        Refusal: 422 `declaration-incomplete`, when size or sha256 of one was not declared.
    """
    waiting = [slot for slot in slots if slot.is_waiting]
    for slot in waiting:
        _check_complete(slot)
    return [
        (slot, storage.presigned_put(upload_key(slot), size=slot.size or 0, sha256=slot.sha256 or "", seconds=seconds))
        for slot in waiting
    ]


def take(platform: PlatformState, storage: DirectStorage, slot: Slot) -> Document:
    """Return a document whose content a client has put into the storage; one that had come before stays as it is.

    Raises:
        Refusal: 409 `upload-missing` or `upload-closed`, 422 `upload-differs` or `declaration-incomplete`.
        StorageError: The storage does not answer; nothing is lost.
    """
    key = upload_key(slot)
    if slot.is_waiting:
        _check_complete(slot)
        try:
            _compare(storage, key, slot)
            document = _accept(platform, storage, key, slot)
        except ObjectMissing as error:
            # Another call may have taken it just now.
            slot = arrivals.find(platform, slot.tenant, slot.job_id, slot.name)
            if slot.is_waiting:
                raise _missing() from error
        else:
            storage.delete(key)
            return document
    arrivals.check_open(slot)
    storage.delete(key)
    return arrivals.show(platform, slot)


def _compare(storage: DirectStorage, key: str, slot: Slot) -> None:
    """Refuse what the storage itself says is something else, before it is read."""
    found = storage.describe(key)
    refuse_difference(slot, size=found.size, sha256=found.sha256 or slot.sha256)


def _accept(platform: PlatformState, storage: DirectStorage, key: str, slot: Slot) -> Document:
    with tempfile.SpooledTemporaryFile(_MEMORY) as content:
        _copy(storage, key, content, most=slot.size or 0)
        document, _ = arrivals.accept(
            platform, slot, content, lambda measured: keep_one(measured, platform.store, platform.limits)
        )
    return document


def _copy(storage: DirectStorage, key: str, content: IO[bytes], *, most: int) -> None:
    """Copy an object, which its owner may replace meanwhile, no further than just beyond its declared size."""
    size = 0
    for block in storage.blocks(key):
        content.write(block)
        size += len(block)
        if size > most:
            return


def _check_complete(slot: Slot) -> None:
    for field, declared in (("size", slot.size), ("sha256", slot.sha256)):
        if declared is None:
            detail = f"It was not declared for '{slot.name}'."
            raise Refusal(
                "declaration-incomplete",
                f"{field}: {detail}",
                hint="Put the document to the API, or declare size and sha256 in a new job.",
                errors=[FieldProblem(field=field, detail=detail)],
            )


def _missing() -> Refusal:
    return Refusal(
        "upload-missing",
        "The document is not in the storage.",
        hint="Put it to its address first, and ask for a new one when that has expired.",
    )
