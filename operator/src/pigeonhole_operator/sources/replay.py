"""A labelled set sent through the transformer in the background, each document once to either model."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass

import aiohttp

from pigeonhole.datasets import DatasetManifest, DatasetStore, Example, ManifestError
from pigeonhole.storage import StorageError
from pigeonhole.telemetry import get_logger
from pigeonhole_operator.decision.observed import Problem, Replay
from pigeonhole_operator.resources.promotion import GoldenResult
from pigeonhole_operator.sources.ports import SourceError
from pigeonhole_operator.sources.settings import SourceSettings
from pigeonhole_operator.sources.storages import Storages
from pigeonhole_operator.sources.transformer import Transformer, Wanted

_log = get_logger(__name__)


@dataclass(frozen=True)
class ReplayKey:
    """Whose replay it is: one attempt of one ModelDeployment."""

    deployment_uid: str
    attempt: str


@dataclass(frozen=True)
class ReplayRequest:
    """What is sent where.

    `model` is the name that the transformer serves under; `dataset` the id of a dataset version, of which up to
    `max_documents` are sent; no `stable_version` stands for whichever stable there is.
    """

    namespace: str
    host: str
    model: str
    candidate_version: str
    stable_version: str | None
    dataset: str
    max_documents: int


class GoldenReplay:
    """Replays of this process, by key; what a crash ends is started again by whoever asks for it next."""

    def __init__(
        self, session: aiohttp.ClientSession, settings: SourceSettings, storages: Storages, storage_url: str
    ) -> None:
        self._session = session
        self._settings = settings
        self._storages = storages
        self._storage_url = storage_url
        self._room = asyncio.Semaphore(settings.replay_concurrency)
        self._runs: dict[ReplayKey, tuple[_Run, asyncio.Task[None]]] = {}

    def start(self, key: ReplayKey, request: ReplayRequest) -> None:
        """Begin a replay, unless this key has one, under way or ended."""
        if key in self._runs:
            return
        url = self._settings.transformer_url.format(host=request.host, namespace=request.namespace, model=request.model)
        run = _Run(request, Transformer(self._session, self._settings, url), self._settings.replay_failures)
        task = asyncio.create_task(self._replay(run))
        task.add_done_callback(run.note_end)
        self._runs[key] = run, task
        _log.info("replay started", attempt=key.attempt, dataset=request.dataset)

    def state(self, key: ReplayKey) -> Replay | Problem | None:
        """Return how far a replay is, why it was given up, or None when this process knows none of that key."""
        found = self._runs.get(key)
        return found[0].state if found else None

    def forget(self, key: ReplayKey) -> None:
        """End a replay and drop what it found; one that is not known is no error."""
        _, task = self._runs.pop(key, (None, None))
        if task is not None:
            task.cancel()

    async def close(self) -> None:
        """End all replays."""
        tasks = [task for _, task in self._runs.values()]
        self._runs.clear()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _replay(self, run: "_Run") -> None:
        try:
            store, examples = await asyncio.to_thread(self._load, run.request)
            run.total = len(examples)
            waiting = iter(examples)
            async with asyncio.TaskGroup() as workers:
                for _ in range(self._settings.replay_concurrency):
                    workers.create_task(self._work(run, store, waiting))
        except* SourceError as errors:
            run.problem = _first(errors).problem
            _log.warning("replay given up", dataset=run.request.dataset, reason=run.problem.reason, sent=run.sent)
        else:
            run.finish()

    def _load(self, request: ReplayRequest) -> tuple[DatasetStore, tuple[Example, ...]]:
        try:
            store = DatasetStore(self._storages.open(self._storage_url))
            manifest: DatasetManifest = store.load(request.dataset)
        except (StorageError, ManifestError, ValueError) as error:
            raise _unreadable("The golden set's manifest is missing, damaged or out of reach.") from error
        if not manifest.examples:
            raise _unreadable("The golden set has no documents.")
        # They are in the order of their hashes, so the first ones are as good as any drawn by lot.
        return store, manifest.examples[: request.max_documents]

    async def _work(self, run: "_Run", store: DatasetStore, waiting: Iterator[Example]) -> None:
        for example in waiting:
            async with self._room:
                try:
                    await run.send(await asyncio.to_thread(_document, store, example.sha256), example.class_name)
                except SourceError as error:
                    run.fail(error)
                run.sent += 1


class _Run:
    """One replay: what is asked and what was found."""

    def __init__(self, request: ReplayRequest, transformer: Transformer, most_failures: int) -> None:
        self.request = request
        self.sent = self.total = 0
        self.problem: Problem | None = None
        self._transformer = transformer
        self._most_failures = most_failures
        self._failures: list[SourceError] = []
        self._compared = self._candidate_right = self._stable_right = self._failed = 0
        self._result: GoldenResult | None = None

    @property
    def state(self) -> Replay | Problem:
        """How far it is, or why it was given up."""
        return self.problem or Replay(self.sent, self.total, self._result)

    async def send(self, data: bytes, class_name: str) -> None:
        """Ask both models about a document.

        Raises:
            SourceError: One of them cannot be asked; `AnotherStable` when stable is not the version to compare with.
        """
        stable = await self._transformer.say(data, Wanted("stable", self.request.stable_version))
        if not stable.by_wanted:
            raise SourceError("AnotherStable", "Another stable version answers than the candidate is compared with.")
        candidate = await self._transformer.say(data, Wanted("candidate", self.request.candidate_version))
        self._compared += 1
        self._stable_right += stable.class_name == class_name
        self._candidate_right += candidate.by_wanted and candidate.class_name == class_name
        self._failed += not candidate.by_wanted

    def fail(self, error: SourceError) -> None:
        """Note a document that could not be compared, and raise the error when there are too many of them."""
        self._failures.append(error)
        if len(self._failures) > self._most_failures:
            raise error

    def finish(self) -> None:
        """Sum up; a replay that compared nothing has no result."""
        if not self._compared:
            self.problem = self._failures[0].problem
            return
        self._result = GoldenResult(
            documents=self._compared,
            candidate_right=self._candidate_right,
            stable_right=self._stable_right,
            failed=self._failed,
        )
        _log.info("replay done", dataset=self.request.dataset, left_out=len(self._failures), **self._result.to_json())

    def note_end(self, task: asyncio.Task[None]) -> None:
        """Say of a replay that a fault of ours ended that it is over."""
        if not task.cancelled() and (error := task.exception()):
            _log.error("replay broke", dataset=self.request.dataset, exception=type(error).__name__)
            self.problem = Problem(
                "ReplayBroken", "The replay was ended by a fault of the operator; its log says more."
            )


def _document(store: DatasetStore, sha256: str) -> bytes:
    try:
        return store.document(sha256)
    except StorageError as error:
        raise _unreadable("A document of the golden set is missing or out of reach.") from error


def _first(errors: BaseExceptionGroup[SourceError]) -> SourceError:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


def _unreadable(message: str) -> SourceError:
    return SourceError("GoldenSetUnreadable", message)
