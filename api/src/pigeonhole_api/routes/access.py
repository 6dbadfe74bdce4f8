"""Who calls, and the API keys of a tenant."""

from typing import Annotated

from fastapi import APIRouter, Depends, Path

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.api_keys import new_api_key
from pigeonhole_api.auth.callers import Role, with_included
from pigeonhole_api.models import ApiKeyPage, ApiKeyRequest, CallerSummary, FieldProblem, NewApiKey
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.problems import Refusal
from pigeonhole_api.records.api_keys import insert_api_key, list_api_keys, revoke_api_key
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken

router = APIRouter(tags=["access"])


@router.get("/v1/caller", summary="Show who calls", responses=refuses())
def show_caller(caller: CallerDependency) -> CallerSummary:
    """Return who the platform takes the caller for, and what they may do."""
    return CallerSummary(
        name=caller.name,
        tenant=caller.tenant,
        roles=sorted(with_included(caller.roles)),
        keeps_models=caller.keeps_models,
    )


@router.get(
    "/v1/api-keys",
    summary="List API keys",
    dependencies=[Depends(allow(Role.ADMIN))],
    responses=refuses("page-token-invalid"),
)
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> ApiKeyPage:
    """Return a page of the keys that can be used, the newest first; never a secret."""
    request = PageRequest(f"api-keys/{caller.tenant}", page_size, page_token)
    with platform.database.read() as connection:
        return list_api_keys(connection, caller.tenant, request, platform.signer)


@router.post(
    "/v1/api-keys",
    status_code=201,
    summary="Make an API key",
    dependencies=[Depends(allow(Role.ADMIN))],
    responses=refuses("storage-full"),
)
def create(wanted: ApiKeyRequest, platform: PlatformDependency, caller: CallerDependency) -> NewApiKey:
    """Make a key and show it, this once; it has no role that its maker has not."""
    denied = sorted(role for role in wanted.roles if not caller.has(role))
    if denied:
        detail = f"You do not have the role {denied[0]} yourself."
        raise Refusal("forbidden", detail, errors=[FieldProblem(field="body.roles", detail=detail)])
    key = new_api_key()
    with platform.database.write() as connection:
        made = insert_api_key(connection, key, wanted, caller)
    return NewApiKey(**made.model_dump(), key=str(key))


@router.delete(
    "/v1/api-keys/{key_id}",
    status_code=204,
    summary="Revoke an API key",
    dependencies=[Depends(allow(Role.ADMIN))],
    responses=refuses("api-key-missing", "storage-full"),
)
def revoke(
    key_id: Annotated[str, Path(pattern=r"^[0-9a-f]{16}$")], platform: PlatformDependency, caller: CallerDependency
) -> None:
    """Let a key be of no use from the next call on."""
    with platform.database.write() as connection:
        revoke_api_key(connection, key_id, caller)
