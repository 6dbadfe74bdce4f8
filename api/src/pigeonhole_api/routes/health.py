"""What probes and Prometheus ask; never behind the token."""

from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from sqlalchemy import text

from pigeonhole_api.metrics import QueueCollector
from pigeonhole_api.platform import PlatformDependency

router = APIRouter(tags=["health"])


@router.get("/livez", summary="Tell whether the process lives")
def livez() -> dict[str, str]:
    """Answer."""
    return {"status": "ok"}


@router.get("/readyz", summary="Tell whether requests can be answered")
def readyz(platform: PlatformDependency) -> dict[str, str]:
    """Answer 200 when the database does, else 503."""
    with platform.database.read() as connection:
        connection.execute(text("SELECT count(*) FROM jobs WHERE id = ''"))
    return {"status": "ok"}


@router.get("/metrics", summary="Metrics for Prometheus", response_class=Response)
def metrics(platform: PlatformDependency) -> Response:
    """Return the process's metrics and the queues' state."""
    queues = CollectorRegistry()
    queues.register(QueueCollector(platform.database))
    return Response(generate_latest(REGISTRY) + generate_latest(queues), media_type=CONTENT_TYPE_LATEST)
