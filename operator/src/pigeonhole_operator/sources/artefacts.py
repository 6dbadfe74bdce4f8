"""A look at a model's files: in S3, in a mounted folder, or through MLflow's own proxy."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import aiohttp
from pydantic import BaseModel, ConfigDict

from pigeonhole.storage import DirectStorage, ObjectMissing, Storage, StorageError
from pigeonhole_operator.decision.observed import Artefact
from pigeonhole_operator.sources.artefact_files import (
    DESCRIPTION_FILE,
    MLMODEL_FILE,
    MODEL_FILE,
    ModelFiles,
    describe_artefact,
    garbled,
)
from pigeonhole_operator.sources.exchange import Answer, Question, ask, parse
from pigeonhole_operator.sources.mlflow import asked_mlflow
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings
from pigeonhole_operator.sources.storages import Storages

_PROXY = "/api/2.0/mlflow-artifacts/artifacts"
_STORAGES = ("s3", "file", "")


class ArtefactStore:
    """Looks at models' files without loading one."""

    def __init__(self, session: aiohttp.ClientSession, settings: SourceSettings, storages: Storages) -> None:
        self._session = session
        self._settings = settings
        self._storages = storages
        self._url = settings.mlflow_url.rstrip("/") + _PROXY
        self._mlflow = replace(
            asked_mlflow(settings),
            unreachable="ArtefactUnreachable",
            refused="ArtefactUnreachable",
            garbled="ArtefactGarbled",
        )
        # Of its own, so that looks into a store that hangs hold up nothing else.
        self._threads = ThreadPoolExecutor(settings.artefact_threads, "artefacts")

    async def look(self, storage_uri: str) -> Artefact:
        """Return what lies there; an address that cannot be looked into from here gives an Artefact of Nones.

        Raises:
            SourceError: `ArtefactMissing` for a folder without the model's files, `ArtefactGarbled` for files that say
                nothing, `ArtefactUnreachable` for a store that does not answer in time or refuses.
        """
        scheme = urlsplit(storage_uri).scheme
        if scheme not in (*_STORAGES, "mlflow-artifacts"):
            return Artefact(None, None)
        try:
            async with asyncio.timeout(self._settings.artefact_timeout_seconds):
                if scheme == "mlflow-artifacts":
                    return await self._look_by_mlflow(storage_uri)
                loop = asyncio.get_running_loop()
                return await loop.run_in_executor(self._threads, self._look_by_storage, storage_uri)
        except TimeoutError as error:
            seconds = self._settings.artefact_timeout_seconds
            raise _unreachable(f"The artefact store did not answer within {seconds:g} s.") from error

    def close(self) -> None:
        """Begin no further look; one that hangs ends by itself."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    def _look_by_storage(self, storage_uri: str) -> Artefact:
        try:
            storage = self._storages.open(storage_uri)
            files = ModelFiles(
                _size(storage, MODEL_FILE), self._read(storage, DESCRIPTION_FILE), self._read(storage, MLMODEL_FILE)
            )
        # ValueError: an endpoint in AWS_ENDPOINT_URL that is no address.
        except (StorageError, OSError, ValueError) as error:
            raise _unreachable("The artefact store cannot be reached, or refuses.") from error
        return describe_artefact(files)

    def _read(self, storage: Storage, name: str) -> bytes | None:
        content = bytearray()
        try:
            for block in storage.blocks(name):
                content += block
                if len(content) > self._settings.artefact_max_file_bytes:
                    raise self._too_large(name)
        except ObjectMissing:
            return None
        return bytes(content)

    async def _look_by_mlflow(self, storage_uri: str) -> Artefact:
        # A host in the address counts for nothing: only the settings say where MLflow is.
        folder = urlsplit(storage_uri).path.strip("/")
        listed = await self._ask(Question("GET", self._url, {"path": folder}))
        sizes = {file.path: file.file_size for file in parse(self._mlflow, _Listing, listed.content).files}
        contents = {
            name: await self._download(folder, name, sizes[name]) if name in sizes else None
            for name in (DESCRIPTION_FILE, MLMODEL_FILE)
        }
        files = ModelFiles(sizes.get(MODEL_FILE), contents[DESCRIPTION_FILE], contents[MLMODEL_FILE])
        return describe_artefact(files)

    async def _download(self, folder: str, name: str, size: int) -> bytes:
        if size > self._settings.artefact_max_file_bytes:
            raise self._too_large(name)
        return (await self._ask(Question("GET", f"{self._url}/{quote(folder)}/{name}"))).content

    async def _ask(self, question: Question) -> Answer:
        answer = await ask(self._session, self._mlflow, question)
        if answer.status == HTTPStatus.NOT_FOUND:
            raise SourceError("ArtefactMissing", "MLflow has no such folder or file of the model.")
        if not answer.is_ok:
            raise self._mlflow.refuses(f"refused the model's files with {answer.status}")
        return answer

    def _too_large(self, name: str) -> SourceError:
        return garbled(name, f"has more than {self._settings.artefact_max_file_bytes} bytes")


def _size(storage: Storage, name: str) -> int | None:
    """Return a file's size, of which a folder of this machine tells only whether it is empty."""
    try:
        if isinstance(storage, DirectStorage):
            return storage.describe(name).size
        return sum(len(block) for block in storage.blocks(name, 0, 1))
    except ObjectMissing:
        return None


def _unreachable(message: str) -> SourceError:
    return SourceError("ArtefactUnreachable", message)


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    path: str
    file_size: int = 0


class _Listing(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    files: tuple[_File, ...] = ()
