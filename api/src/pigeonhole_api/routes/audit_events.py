"""The audit trail."""

from fastapi import APIRouter, Depends

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.models import AuditEventPage
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.records.audit import list_events
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, PageSize, PageToken

router = APIRouter(prefix="/v1/audit-events", tags=["audit"], dependencies=[Depends(allow(Role.ADMIN, Role.OPS))])


@router.get("", summary="List audit events", responses=refuses("page-token-invalid"))
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> AuditEventPage:
    """Return a page of events, the newest first."""
    with platform.database.read() as connection:
        request = PageRequest(f"audit-events/{caller.tenant}", page_size, page_token)
        return list_events(connection, caller.tenant, request, platform.signer)
