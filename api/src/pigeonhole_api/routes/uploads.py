"""What a request for a job holds: files, or the declaration of files to come."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError
from starlette.datastructures import UploadFile
from starlette.exceptions import HTTPException

from pigeonhole_api.disk_space import DiskSpace
from pigeonhole_api.file_names import clean_name
from pigeonhole_api.intake.received import Incoming
from pigeonhole_api.models import FieldProblem, JobDeclaration
from pigeonhole_api.problems import Refusal, storage_full

_MOST_FIELDS = 8
_MOST_FIELD_BYTES = 4096
_FILES = {"type": "array", "items": {"type": "string", "format": "binary"}}
_TOO_MANY = "Too many files"


@dataclass(frozen=True)
class Upload:
    """The text fields and the files of a request."""

    fields: dict[str, str]
    files: list[Incoming]


@asynccontextmanager
async def received_upload(request: Request, most_files: int, space: DiskSpace) -> AsyncIterator[Upload]:
    """Yield what a multipart request holds, while its temporary files exist; files are all parts named `files`.

    Raises:
        Refusal: 413 `too-many-files`, 422 `upload-malformed` or `no-files`, 507 `storage-full`.
    """
    await require_space(request, space)
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


async def require_space(request: Request, space: DiskSpace) -> None:
    """Check that an upload may be kept, before anything of it is.

    Raises:
        Refusal: 507 `storage-full`.
    """
    if await run_in_threadpool(lambda: space.is_short):
        # A caller who is still sending would not see the answer.
        async for _ in request.stream():
            pass
        raise storage_full()


def multipart_body() -> dict[str, Any]:
    """Return the OpenAPI description of a multipart body with files."""
    return {"requestBody": {"required": True, "content": _multipart({"files": _FILES})}}


def job_body() -> dict[str, Any]:
    """Return the OpenAPI description of a job: its files, or the declaration of them."""
    declaration = JobDeclaration.model_json_schema()
    # A reference into the schema would lead nowhere from within the API's document.
    declaration["properties"]["documents"]["items"] = declaration.pop("$defs")["DeclaredDocument"]
    files = _multipart({"files": _FILES, "reference": declaration["properties"]["reference"]})
    content = {**files, "application/json": {"schema": declaration}}
    return {"requestBody": {"required": True, "content": content}}


def declaration_of(body: bytes, most_documents: int) -> JobDeclaration:
    """Return the job that a body declares, its names as they are kept.

    Raises:
        RequestValidationError: It is no declaration; each wrong field is named.
        Refusal: 422 `reference-invalid`, `too-many-documents` or `name-invalid`.
    """
    try:
        declaration = JobDeclaration.model_validate_json(body)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise RequestValidationError([{**each, "loc": ("body", *each["loc"])} for each in found]) from error
    if len(declaration.documents) > most_documents:
        raise _invalid("too-many-documents", "documents", f"A job may declare {most_documents:,} documents at most.")
    names = set()
    for number, each in enumerate(declaration.documents):
        if clean_name(each.name) != each.name:
            detail = "It has control characters, or blanks at an end."
            raise _invalid("name-invalid", f"documents.{number}.name", detail)
        if each.name in names:
            raise _invalid("name-invalid", f"documents.{number}.name", "Another document of the job has it.")
        names.add(each.name)
    return declaration.model_copy(update={"reference": _checked_reference(declaration.reference)})


def reference_of(upload: Upload) -> str:
    """Return the reference in an upload.

    Raises:
        Refusal: 422 `reference-invalid`.
    """
    return _checked_reference(upload.fields.get("reference", ""))


def _checked_reference(given: str) -> str:
    reference = given.strip()
    if not 1 <= len(reference) <= 200 or not reference.isprintable():
        raise _invalid("reference-invalid", "reference", "It must have 1 to 200 printable characters.")
    return reference


def _multipart(properties: dict[str, Any]) -> dict[str, Any]:
    schema = {"type": "object", "properties": properties, "required": sorted(properties)}
    return {"multipart/form-data": {"schema": schema}}


def _malformed(error: HTTPException, most_files: int) -> Refusal:
    if str(error.detail).startswith(_TOO_MANY):
        hint = "Send the files in several jobs."
        return Refusal("too-many-files", f"A request may hold {most_files} files at most.", hint=hint)
    return _invalid("upload-malformed", "body", "It is not a well-formed multipart/form-data body.")


def _invalid(code: str, field: str, detail: str) -> Refusal:
    return Refusal(code, f"{field}: {detail}", errors=[FieldProblem(field=f"body.{field}", detail=detail)])
