"""The training set: classes and their examples, corrections, and frozen versions of it."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from fastapi.concurrency import run_in_threadpool

from pigeonhole_api.access import CallerDependency, allow, allow_keepers_of_models
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.intake.received import Incoming, keep, measure
from pigeonhole_api.models import (
    ClassList,
    CorrectionsImported,
    DatasetVersion,
    DatasetVersionPage,
    DocumentPage,
    ExamplePage,
    ExamplesAdded,
    ImportCorrectionsRequest,
)
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.records import corrections, dataset_versions, training_set
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.refusals import TRAINING_SET_REFUSALS, UPLOAD_REFUSALS, refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, ClassName, PageSize, PageToken
from pigeonhole_api.routes.uploads import multipart_body, received_upload
from pigeonhole_api.training_data import TrainingData


def training_data(platform: PlatformDependency) -> TrainingData:
    """Return the training set, filled."""
    data = TrainingData(platform.database, platform.store)
    data.begin()
    return data


TrainingDataDependency = Annotated[TrainingData, Depends(training_data)]

router = APIRouter(tags=["training set"], dependencies=[Depends(training_data)])
_ADMIN = Depends(allow(Role.ADMIN))


@router.get(
    "/v1/classes",
    summary="List classes",
    dependencies=[Depends(allow(Role.USER))],
    responses=refuses(*TRAINING_SET_REFUSALS),
)
def list_classes(platform: PlatformDependency, caller: CallerDependency) -> ClassList:
    """Return every class that has examples or corrections waiting."""
    with platform.database.read() as connection:
        return ClassList(classes=training_set.list_classes(connection, caller.tenant))


@router.get(
    "/v1/classes/{class_name}/examples",
    summary="List a class's examples",
    dependencies=[_ADMIN],
    responses=refuses(*TRAINING_SET_REFUSALS, "page-token-invalid"),
)
def list_examples(
    class_name: ClassName,
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> ExamplePage:
    """Return a page of a class's examples, the newest first."""
    request = PageRequest(f"examples/{caller.tenant}/{class_name}", page_size, page_token)
    with platform.database.read() as connection:
        return training_set.list_examples(connection, caller.tenant, class_name, request, platform.signer)


@router.post(
    "/v1/classes/{class_name}/examples",
    status_code=201,
    summary="Add examples",
    dependencies=[_ADMIN],
    openapi_extra=multipart_body(),
    responses=refuses(*TRAINING_SET_REFUSALS, *UPLOAD_REFUSALS),
)
async def add_examples(
    class_name: ClassName,
    request: Request,
    platform: PlatformDependency,
    data: TrainingDataDependency,
    caller: CallerDependency,
) -> ExamplesAdded:
    """Add files to a class, new or known; files that cannot be read are named with their reasons."""
    async with received_upload(request, platform.settings.files_per_upload, platform.space) as upload:
        return await run_in_threadpool(_add, platform, data, class_name, upload.files, caller)


@router.delete(
    "/v1/examples/{example_id}",
    status_code=204,
    summary="Delete an example",
    dependencies=[_ADMIN],
    responses=refuses(*TRAINING_SET_REFUSALS, "example-missing"),
)
def delete_example(example_id: str, platform: PlatformDependency, caller: CallerDependency) -> None:
    """Take an example out of the training set; dataset versions that have it keep it."""
    with platform.database.write() as connection:
        training_set.delete_example(connection, example_id, caller)


@router.get(
    "/v1/corrections",
    summary="List corrections",
    dependencies=[_ADMIN],
    responses=refuses(*TRAINING_SET_REFUSALS, "page-token-invalid"),
)
def list_corrections(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DocumentPage:
    """Return a page of the reviewed documents that the training set does not have yet."""
    with platform.database.read() as connection:
        request = PageRequest(f"corrections/{caller.tenant}", page_size, page_token)
        return corrections.list_waiting(connection, caller.tenant, request, platform.signer)


@router.post(
    "/v1/corrections/imports",
    summary="Import corrections",
    dependencies=[_ADMIN],
    responses=refuses(*TRAINING_SET_REFUSALS, "not-reviewed"),
)
def import_corrections(
    wanted: ImportCorrectionsRequest, data: TrainingDataDependency, caller: CallerDependency
) -> CorrectionsImported:
    """Let reviewed documents enter the training set: those named, or all that wait.

    With this a tenant gives copies of its documents to the training of the model that all tenants use; nobody of
    another tenant sees them.
    """
    return data.import_corrections(wanted.document_ids, caller)


@router.get(
    "/v1/dataset-versions",
    summary="List dataset versions",
    dependencies=[_ADMIN],
    responses=refuses(*TRAINING_SET_REFUSALS, "page-token-invalid"),
)
def list_dataset_versions(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> DatasetVersionPage:
    """Return a page of dataset versions, the newest first."""
    with platform.database.read() as connection:
        request = PageRequest(f"dataset-versions/{caller.tenant}", page_size, page_token)
        return dataset_versions.list_versions(connection, caller.tenant, request, platform.signer)


@router.post(
    "/v1/dataset-versions",
    status_code=201,
    summary="Freeze the training set",
    dependencies=[Depends(allow_keepers_of_models)],
    responses={
        200: {"model": DatasetVersion, "description": "Nothing has changed since the newest version."},
        **refuses(*TRAINING_SET_REFUSALS, "too-few-classes"),
    },
)
def create_dataset_version(
    response: Response, data: TrainingDataDependency, caller: CallerDependency
) -> DatasetVersion:
    """Make the present training set an immutable dataset version."""
    version, is_new = data.freeze(caller)
    response.status_code = 201 if is_new else 200
    return version


def _add(
    platform: PlatformState, data: TrainingData, class_name: str, files: list[Incoming], caller: Caller
) -> ExamplesAdded:
    measured = measure(files)
    platform.hold_contents([file.sha256 for file in measured])
    received = keep(measured, platform.store, platform.limits, platform.ingest)
    return data.add(class_name, received, caller, platform.signer)
