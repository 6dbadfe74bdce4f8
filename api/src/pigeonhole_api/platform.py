"""What every route works with: database, storage, models, settings."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits
from pigeonhole.settings import PlatformSettings
from pigeonhole.storage import open_storage
from pigeonhole_api.database import Database, open_database
from pigeonhole_api.images import DocumentImages
from pigeonhole_api.model_catalog import ModelCatalog
from pigeonhole_api.settings import ApiSettings
from pigeonhole_api.signing import Signer


@dataclass(frozen=True)
class PlatformState:
    """The parts of one running API."""

    settings: ApiSettings
    limits: DocumentLimits
    database: Database
    store: DatasetStore
    signer: Signer
    images: DocumentImages
    catalog: ModelCatalog
    ingest: ThreadPoolExecutor

    def close(self) -> None:
        """End threads and connections."""
        self.ingest.shutdown()
        self.images.close()
        self.database.close()


def open_platform(settings: ApiSettings, platform: PlatformSettings, limits: DocumentLimits) -> PlatformState:
    """Open database and storage; the registry is opened when someone asks for models.

    Raises:
        DatabaseError: `database-url-invalid`.
        StorageError: `unknown-storage`.
    """
    store = DatasetStore(open_storage(platform.storage))
    return PlatformState(
        settings=settings,
        limits=limits,
        database=open_database(settings, platform),
        store=store,
        signer=Signer(settings.token.get_secret_value(), url_seconds=settings.signed_url_seconds),
        images=DocumentImages(store, limits, threads=settings.rendering_threads),
        catalog=ModelCatalog(platform.tracking_uri, platform.model_name),
        ingest=ThreadPoolExecutor(settings.ingest_threads, thread_name_prefix="ingest"),
    )


def platform_state(request: Request) -> PlatformState:
    """Return the parts of the running API."""
    state: PlatformState = request.app.state.platform
    return state


PlatformDependency = Annotated[PlatformState, Depends(platform_state)]
