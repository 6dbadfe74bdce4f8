"""The audit sample: documents to be decided without the model's answer."""

from fastapi import APIRouter, Depends

from pigeonhole_api.access import CallerDependency, allow
from pigeonhole_api.auth.callers import Role
from pigeonhole_api.metrics import FEEDBACK
from pigeonhole_api.models import AuditDecision, AuditSamplePage, Review
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.records.audit_sample import decide_blind, list_audit_sample
from pigeonhole_api.records.paging import PageRequest
from pigeonhole_api.refusals import refuses
from pigeonhole_api.routes.parameters import DEFAULT_PAGE_SIZE, IfMatch, PageSize, PageToken, required_etag

router = APIRouter(prefix="/v1/audit-sample", tags=["documents"], dependencies=[Depends(allow(Role.REVIEWER))])


@router.get("", summary="List what waits for a blind audit", responses=refuses("page-token-invalid"))
def list_all(
    platform: PlatformDependency,
    caller: CallerDependency,
    page_size: PageSize = DEFAULT_PAGE_SIZE,
    page_token: PageToken = None,
) -> AuditSamplePage:
    """Return a page of documents that the model was sure of, drawn by chance, without what it said of them."""
    with platform.database.read() as connection:
        request = PageRequest(f"audit-sample/{caller.tenant}", page_size, page_token)
        return list_audit_sample(connection, caller.tenant, request, platform.signer)


@router.post(
    "/{document_id}/decision",
    status_code=201,
    summary="Decide a document blind",
    responses=refuses(
        "document-missing", "not-in-audit", "document-changed", "unknown-class", "precondition-required", "storage-full"
    ),
)
def decide(
    document_id: str,
    decision: AuditDecision,
    platform: PlatformDependency,
    caller: CallerDependency,
    if_match: IfMatch = None,
) -> Review:
    """Record the class that a person gives a document unseen; another one than the model's becomes the document's."""
    etag = required_etag(if_match)
    with platform.database.write() as connection:
        review, model = decide_blind(connection, document_id, decision, caller, if_match=etag)
    verdict = "confirmed" if review.decision == "accepted" else "corrected"
    FEEDBACK.labels(model.name, model.version, verdict).inc()
    return review
