"""What probes and Prometheus ask; never behind the token."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest

from pigeonhole_api.database import probe
from pigeonhole_api.metrics import QueueCollector
from pigeonhole_api.platform import PlatformDependency
from pigeonhole_api.quality_metrics import QualityCollector
from pigeonhole_api.refusals import refuses_anyone

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Tell whether the process lives", responses=refuses_anyone())
def livez() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


@router.get(
    "/readyz", summary="Tell whether requests can be answered", responses=refuses_anyone("database-unavailable")
)
def readyz(platform: PlatformDependency) -> dict[str, str]:
    """Answer 200 when the database does, else 503; `uploads` says whether they are taken, or why not.

    A full storage leaves the API ready: what it has can be read and decided, and making space needs that.
    """
    probe(platform.database)
    return {"status": "ok", "uploads": "storage-full" if platform.space.is_short else "ok"}


@router.get(
    "/metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses=refuses_anyone("database-unavailable"),
)
def metrics(platform: PlatformDependency) -> Response:
    """Return the process's metrics, the queues' state, the free space, and the models' figures."""
    present = CollectorRegistry()
    present.register(QueueCollector(platform.database))
    present.register(platform.space)
    present.register(QualityCollector(platform.database, platform.catalog.model_name))
    return Response(generate_latest(REGISTRY) + generate_latest(present), media_type=CONTENT_TYPE_LATEST)
