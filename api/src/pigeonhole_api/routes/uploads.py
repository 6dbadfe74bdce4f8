"""Files out of a multipart request."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from pigeonhole_api.intake.received import Incoming
from pigeonhole_api.models import FieldProblem
from pigeonhole_api.problems import Refusal

_MOST_FIELDS = 8
_MOST_FIELD_BYTES = 4096
_TOO_MANY = "Too many files"


@dataclass(frozen=True)
class Upload:
    """The text fields and the files of a request."""

    fields: dict[str, str]
    files: list[Incoming]


@asynccontextmanager
async def received_upload(request: Request, most_files: int) -> AsyncIterator[Upload]:
    """Yield what a multipart request holds, while its temporary files exist; files are all parts named `files`.

    Raises:
        Refusal: 413 `too-many-files`, 422 `upload-malformed` or `no-files`.
    """
    try:
        form = await request.form(max_files=most_files, max_fields=_MOST_FIELDS, max_part_size=_MOST_FIELD_BYTES)
    except HTTPException as error:
        raise _malformed(error, most_files) from error
    try:
        parts = form.multi_items()
        uploads = [part for name, part in parts if name == "files" and isinstance(part, UploadFile)]
        files = [Incoming(part.filename or "", part.file) for part in uploads]
        if not files:
            raise _invalid("no-files", "files", "There is no file under the name 'files'.")
        yield Upload({name: value for name, value in parts if isinstance(value, str)}, files)
    finally:
        await form.close()


def multipart_body(*, with_reference: bool) -> dict[str, Any]:
    """Return the OpenAPI description of a multipart body."""
    properties: dict[str, Any] = {"files": {"type": "array", "items": {"type": "string", "format": "binary"}}}
    if with_reference:
        properties["reference"] = {"type": "string", "minLength": 1, "maxLength": 200}
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}
    return {"requestBody": {"required": True, "content": {"multipart/form-data": {"schema": schema}}}}


def reference_of(upload: Upload) -> str:
    """Return the reference in an upload.

    Raises:
        Refusal: 422 `reference-invalid`.
    """
    reference = upload.fields.get("reference", "").strip()
    if not 1 <= len(reference) <= 200 or not reference.isprintable():
        raise _invalid("reference-invalid", "reference", "It must have 1 to 200 printable characters.")
    return reference


def _malformed(error: HTTPException, most_files: int) -> Refusal:
    if str(error.detail).startswith(_TOO_MANY):
        hint = "Send the files in several jobs."
        return Refusal(413, "too-many-files", f"A request may hold {most_files} files at most.", hint=hint)
    return _invalid("upload-malformed", "body", "It is not a well-formed multipart/form-data body.")


def _invalid(code: str, field: str, detail: str) -> Refusal:
    return Refusal(422, code, f"{field}: {detail}", errors=[FieldProblem(field=f"body.{field}", detail=detail)])
