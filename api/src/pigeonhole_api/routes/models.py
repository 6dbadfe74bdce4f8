"""Models: listed, compared, brought to production or restored."""

from typing import Annotated

from fastapi import APIRouter, Depends, Header, Path, Response

from pigeonhole_api.access import CallerDependency, allow, allow_keepers_of_models
from pigeonhole_api.auth.callers import Caller, Role
from pigeonhole_api.models import ChosenModel, Model, ModelDetail, ModelList, ModelQuality, ProductionRequest
from pigeonhole_api.platform import PlatformDependency, PlatformState
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.audit import record
from pigeonhole_api.records.quality import get_quality, has_answered
from pigeonhole_api.refusals import refuses

router = APIRouter(prefix="/v1/models", tags=["models"], dependencies=[Depends(allow(*Role))])

Version = Annotated[str, Path(pattern=r"^[0-9]{1,9}$")]


@router.get("", summary="List models", responses=refuses("registry-unavailable"))
def list_all(platform: PlatformDependency) -> ModelList:
    """Return every registered version, the newest first."""
    return ModelList(models=platform.catalog.models())


@router.get("/production", summary="Show the model that serves", responses=refuses("no-model", "registry-unavailable"))
def production(response: Response, platform: PlatformDependency) -> Model:
    """Return the version that serves, with its entity tag; 404 `no-model` before there is one."""
    model = platform.catalog.production()
    if model is None:
        raise Refusal("no-model", "No model serves yet.", hint="Train one: pigeonhole train DIR.")
    response.headers["ETag"] = _tag(model)
    return model


@router.put(
    "/production",
    summary="Promote or restore a model",
    dependencies=[Depends(allow_keepers_of_models)],
    responses={
        202: {"model": ChosenModel, "description": "The operator on the cluster was asked; the version serves later."},
        **refuses(
            *("model-missing", "model-changed", "registry-unavailable", "storage-full"),
            *("deployment-refused", "deployment-unavailable"),
        ),
    },
)
def set_production(
    wanted: ProductionRequest,
    response: Response,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_match: Annotated[str | None, Header(description="The entity tag of the model that was seen to serve.")] = None,
) -> ChosenModel:
    """Let a version serve, a newer or an earlier one, and keep the reason in the audit trail.

    With `If-Match` this is refused when another model serves by now than the one that was seen. Where an operator
    decides what serves, this answers 202: a version that served before is pinned there, any other requested.
    """
    before = platform.catalog.production()
    if if_match not in {None, "*", None if before is None else _tag(before)}:
        raise Refusal("model-changed", "Another model serves by now.", hint="Look at it, then decide again.")
    chosen = _choose(platform, caller, wanted)
    response.status_code = 202 if chosen.requested else 200
    with platform.database.write() as connection:
        record(
            connection,
            caller,
            "model.requested" if chosen.requested else "model.promoted",
            f"model {chosen.version}",
            before=None if before is None else before.version,
            after=chosen.version,
            dataset_version=chosen.dataset_version,
            reason=wanted.reason,
        )
    return chosen


def _choose(platform: PlatformState, caller: Caller, wanted: ProductionRequest) -> ChosenModel:
    if platform.wishes is None:
        return ChosenModel(**dict(platform.catalog.promote(wanted.version)))
    model = platform.catalog.model(wanted.version)
    platform.wishes.ask(model.version, caller, wanted.reason)
    return ChosenModel(**dict(model), requested=True)


@router.get("/{version}", summary="Show a model", responses=refuses("model-missing", "registry-unavailable"))
def show(version: Version, platform: PlatformDependency) -> ModelDetail:
    """Return a version with its metrics, confusion matrix and gates."""
    return platform.catalog.detail(version)


@router.get(
    "/{version}/quality",
    summary="Show how a model does",
    dependencies=[Depends(allow(Role.ADMIN, Role.OPS, Role.REVIEWER))],
    responses=refuses("model-missing", "registry-unavailable"),
)
def quality(version: Version, platform: PlatformDependency) -> ModelQuality:
    """Return a version's online accuracy and drift, as they were computed last; a figure without data says why."""
    with platform.database.read() as connection:
        found, answered = get_quality(connection, version), has_answered(connection, version)
    if found.computed_at is None and not answered:
        platform.catalog.model(version)
    return found


def _tag(serving: Model) -> str:
    return f'"{serving.version}"'
