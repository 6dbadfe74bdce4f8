"""What every route works with: database, storage, models, settings."""

import threading
from collections.abc import Collection
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Request

from pigeonhole.datasets import DatasetStore
from pigeonhole.documents import DocumentLimits
from pigeonhole.settings import PlatformSettings
from pigeonhole.storage import open_storage
from pigeonhole_api.auth.authentication import Authenticator
from pigeonhole_api.auth.bearer_tokens import TokenVerifier
from pigeonhole_api.auth.callers import Caller
from pigeonhole_api.database import Database, open_database
from pigeonhole_api.disk_space import DiskSpace
from pigeonhole_api.images import DocumentImages
from pigeonhole_api.model_catalog import ModelCatalog
from pigeonhole_api.models import Job
from pigeonhole_api.promotion_wishes import PromotionWishes
from pigeonhole_api.records.api_keys import KeyHolders
from pigeonhole_api.records.deletions import any_removal, postpone_removals
from pigeonhole_api.settings import ApiSettings, OidcSettings
from pigeonhole_api.signing import Signer


@dataclass(frozen=True)
class PlatformState:
    """The parts of one running API."""

    settings: ApiSettings
    limits: DocumentLimits
    database: Database
    store: DatasetStore
    space: DiskSpace
    signer: Signer
    images: DocumentImages
    catalog: ModelCatalog
    wishes: PromotionWishes | None
    ingest: ThreadPoolExecutor
    watchers: threading.Semaphore
    stopping: threading.Event
    verifier: TokenVerifier | None
    authenticator: Authenticator

    def shown(self, job: Job, caller: Caller) -> Job:
        """Return a job with the day on which it is deleted by itself."""
        until = self.settings.retention.until(caller.tenant, job.finished_at)
        return job.model_copy(update={"retention_until": until})

    def hold_contents(self, contents: Collection[str]) -> None:
        """Let contents that are to be removed stay, since they are about to be stored again."""
        with self.database.read() as connection:
            is_due = any_removal(connection, contents)
        if is_due:
            with self.database.write() as connection:
                postpone_removals(connection, contents, grace=self.settings.removal_grace_seconds)

    def warm(self) -> None:
        """Load what the first request would wait for."""
        if self.verifier is not None:
            self.verifier.warm()
        self.catalog.warm()

    def close(self) -> None:
        """End threads and connections."""
        self.ingest.shutdown()
        self.images.close()
        self.database.close()


def open_platform(
    settings: ApiSettings, platform: PlatformSettings, limits: DocumentLimits, oidc: OidcSettings
) -> PlatformState:
    """Open database and storage; the registry is opened when someone asks for models.

    Raises:
        DatabaseError: `database-url-invalid`.
        StorageError: `unknown-storage`.
    """
    store = DatasetStore(open_storage(platform.storage, public_endpoint=settings.public_s3_url))
    database = open_database(settings, platform)
    verifier = TokenVerifier(oidc) if oidc.issuer else None
    return PlatformState(
        settings=settings,
        limits=limits,
        database=database,
        store=store,
        space=DiskSpace(store.storage, settings.min_free_bytes),
        signer=Signer(settings.secret, url_seconds=settings.signed_url_seconds),
        images=DocumentImages(store, limits, threads=settings.rendering_threads),
        catalog=ModelCatalog(platform.tracking_uri, platform.model_name),
        wishes=PromotionWishes(settings.model_deployment) if settings.model_deployment else None,
        ingest=ThreadPoolExecutor(settings.ingest_threads, thread_name_prefix="ingest"),
        watchers=threading.Semaphore(settings.max_watchers),
        stopping=threading.Event(),
        verifier=verifier,
        authenticator=Authenticator(settings.token, settings.user_name, verifier, KeyHolders(database).find),
    )


async def platform_state(request: Request) -> PlatformState:
    """Return the parts of the running API; without waiting, which FastAPI would do in another thread."""
    state: PlatformState = request.app.state.platform
    return state


PlatformDependency = Annotated[PlatformState, Depends(platform_state)]
