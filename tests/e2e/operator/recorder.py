"""Every version of a case's objects as the API server tells them, in the order in which it stored them."""

import asyncio
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import httpx2
from lightkube import ApiError, AsyncClient

from .cluster import KINDS, Object
from .loop_thread import LoopThread

RECORDED = ("ConfigMap", "Event", "InferenceService", "ModelDeployment", "ModelPromotion")
GONE = 410
PASSING = (GONE, 429, 500, 503, 504)
RETRY_SECONDS = 0.1
Verb = Literal["ADDED", "MODIFIED", "DELETED"]
Listener = Callable[["Change"], None]


@dataclass(frozen=True)
class Change:
    """A version of an object, or its end."""

    kind: str
    verb: Verb
    item: Object

    @property
    def name(self) -> str:
        return str(self.item["metadata"]["name"])

    @property
    def revision(self) -> int:
        """The API server's version, which grows with every write to whichever object."""
        return int(self.item["metadata"]["resourceVersion"])


class Recorder:
    """Watches a namespace from before there is one to its end; its listeners are called as each change arrives."""

    def __init__(self, loop: LoopThread, client: AsyncClient, namespace: str) -> None:
        self._loop, self._client, self._namespace = loop, client, namespace
        self._changes: list[Change] = []
        self._changed = threading.Condition()
        self._seen: set[tuple[str, str, int]] = set()
        self._followed: dict[str, str] = {}
        self.failure = ""
        self.listeners: list[Listener] = []
        loop.call(self._begin())
        self._tasks = [loop.start(self._follow(kind)) for kind in RECORDED]

    def close(self) -> None:
        self._loop.cancel(*self._tasks)

    @property
    def changes(self) -> list[Change]:
        """Return everything so far, in the order of the API server's writes."""
        with self._changed:
            return sorted(self._changes, key=lambda change: change.revision)

    def forget(self) -> None:
        """Drop everything so far: for a case that breaks on purpose what has to hold for all."""
        with self._changed:
            self._changes.clear()

    def of(self, kind: str, name: str | None = None) -> list[Change]:
        return [change for change in self.changes if change.kind == kind and name in (None, change.name)]

    def now(self, kind: str, name: str) -> Object | None:
        """Return an object as it was told last, or None when there is none."""
        changes = self.of(kind, name)
        return changes[-1].item if changes and changes[-1].verb != "DELETED" else None

    def wait(self, condition: Callable[[], bool], what: str, seconds: float, seen: Callable[[], str]) -> None:
        """Wait until the recorded state fulfils a condition, which is asked after each change.

        Raises:
            AssertionError: It did not in time; it tells what was seen.
        """
        deadline = time.monotonic() + seconds
        while True:
            with self._changed:
                known = len(self._changes)
            assert not self.failure, f"the watch ended: {self.failure}\n{seen()}"
            if condition():
                return
            left = deadline - time.monotonic()
            assert left > 0, f"waited {seconds:g} s for {what}\n{seen()}"
            with self._changed:
                # Some conditions are not of the cluster alone: they are asked again without a change.
                self._changed.wait_for(lambda known=known: len(self._changes) > known, timeout=min(left, 0.5))

    async def _begin(self) -> None:
        """Find out from which version on to watch, so that nothing is missed however late a watch begins."""
        await asyncio.gather(*(self._list(kind) for kind in RECORDED))

    async def _list(self, kind: str) -> None:
        while kind not in self._followed:
            try:
                listed = self._client.list(KINDS[kind], namespace=self._namespace)
                assert [item async for item in listed] == [], f"the namespace has a {kind} already"
                self._followed[kind] = listed.resourceVersion
            except (ApiError, httpx2.HTTPError) as error:
                self._forgive(kind, error)
                await asyncio.sleep(RETRY_SECONDS)

    async def _follow(self, kind: str) -> None:
        while True:
            try:
                async for verb, item in self._client.watch(
                    KINDS[kind], namespace=self._namespace, resource_version=self._followed.get(kind)
                ):
                    self._add(Change(kind, verb, dict(item)))
            except (ApiError, httpx2.HTTPError) as error:
                self._forgive(kind, error)
                await asyncio.sleep(RETRY_SECONDS)
            except Exception as error:
                self._fail(error)
                raise

    def _forgive(self, kind: str, error: ApiError | httpx2.HTTPError) -> None:
        """Let the watch go on after what passes; a CRD that is applied makes the API server lose its own watch."""
        if isinstance(error, ApiError) and error.status.code not in PASSING:
            self._fail(error)
            raise error
        if isinstance(error, ApiError) and error.status.code == GONE:
            self._followed.pop(kind, None)

    def _fail(self, error: Exception) -> None:
        with self._changed:
            self.failure = repr(error)
            self._changed.notify_all()

    def _add(self, change: Change) -> None:
        self._followed[change.kind] = str(change.revision)
        # A watch that begins anew tells once more of what there is.
        if (seen := (change.kind, change.name, change.revision)) in self._seen:
            return
        self._seen.add(seen)
        for listener in list(self.listeners):
            listener(change)
        with self._changed:
            self._changes.append(change)
            self._changed.notify_all()


def status_of(item: Object | None) -> dict[str, Any]:
    """Return an object's status, which may not be there yet."""
    return (item or {}).get("status") or {}
