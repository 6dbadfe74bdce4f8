"""Trainings: queued, watched."""

from fastapi import APIRouter, Depends, Response

from pigeonhole.storage import ObjectMissing
from pigeonhole_api.access import CallerDependency, allow, allow_keepers_of_models
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.models import FieldProblem, StartTrainingRequest, Training, TrainingPage
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.records.trainings import get_training, insert_training, list_trainings
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken

router = APIRouter(prefix="/v1/trainings", tags=["trainings"], dependencies=[Depends(allow(Role.ADMIN, Role.OPS))])


@router.post(
    "",
    status_code=202,
    summary="Start a training",
    dependencies=[Depends(allow_keepers_of_models)],
    responses=refuses("dataset-missing", "storage-unavailable", "storage-full"),
)
def start(
    wanted: StartTrainingRequest, response: Response, platform: PlatformDependency, caller: CallerDependency
) -> Training:
    """Queue a training on a dataset version; the worker runs one at a time."""
    try:
        platform.store.load(wanted.dataset_version)
    except ObjectMissing as error:
        detail = "There is no such dataset version."
        errors = [FieldProblem(field="body.dataset_version", detail=detail)]
        raise Refusal("dataset-missing", f"dataset_version: {detail}", errors=errors) from error
    with platform.database.write() as connection:
        training = get_training(connection, caller.tenant, insert_training(connection, wanted.dataset_version, caller))
    response.headers["Location"] = f"/v1/trainings/{training.id}"
    return training


@router.get("", summary="List trainings", responses=refuses("page-token-invalid"))
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> TrainingPage:
    """Return a page of trainings, the newest first."""
    with platform.database.read() as connection:
        request = PageRequest(f"trainings/{caller.tenant}", page_size, page_token)
        return list_trainings(connection, caller.tenant, request, platform.signer)


@router.get("/{training_id}", summary="Show a training", responses=refuses("training-missing"))
def show(training_id: str, platform: PlatformDependency, caller: CallerDependency) -> Training:
    """Return a training with its stage, and its result once it has one."""
    with platform.database.read() as connection:
        return get_training(connection, caller.tenant, training_id)
