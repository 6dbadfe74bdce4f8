"""A golden set sent through a transformer, once to either model."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from pigeonhole.datasets import DatasetStore
from pigeonhole.storage import LocalStorage, Storage
from pigeonhole_operator.decision.observed import Problem, Replay
from pigeonhole_operator.resources.promotion import GoldenResult
from pigeonhole_operator.sources.exchange import open_session
from pigeonhole_operator.sources.replay import GoldenReplay, ReplayKey, ReplayRequest
from pigeonhole_operator.sources.storages import Storages

from .conftest import patient
from .faulty_server import Faulty, Misbehave, answer, faulty_server
from .served import Trial, keep_golden_set

pytestmark = pytest.mark.integration
KEY = ReplayKey("uid-1", "documents-v2-1")
QUICK = {"replay_pause_seconds": 0.05, "replay_routing_seconds": 0, "replay_patience_seconds": 5}
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def store(tmp_path: Path) -> DatasetStore:
    return DatasetStore(LocalStorage(tmp_path / "storage"))


def address_of(store: DatasetStore) -> str:
    return store.storage.url("datasets").removesuffix("/datasets")


def request(dataset: str, **changes: Any) -> ReplayRequest:
    values = {
        "namespace": "shop",
        "host": "documents-transformer",
        "model": "documents",
        "candidate_version": "2",
        "stable_version": "1",
        "dataset": dataset,
        "max_documents": 100,
    }
    return ReplayRequest(**{**values, **changes})


def in_replays(url: str, storage: str, call: Callable[[GoldenReplay], Awaitable[Any]], **settings: Any) -> Any:
    """Return what a call finds that has the replays of a process."""

    async def main() -> Any:
        values = patient(**{"transformer_url": url, **QUICK, **settings})
        async with open_session() as session:
            replays = GoldenReplay(session, values, Storages(), storage)
            try:
                return await call(replays)
            finally:
                await replays.close()

    return asyncio.run(main())


async def ended(replays: GoldenReplay, key: ReplayKey = KEY) -> Replay | Problem | None:
    async with asyncio.timeout(300):
        while True:
            state = replays.state(key)
            if not (isinstance(state, Replay) and state.result is None):
                return state
            await asyncio.sleep(0.02)


def replayed(url: str, store: DatasetStore, asked: ReplayRequest, **settings: Any) -> Replay | Problem | None:
    async def call(replays: GoldenReplay) -> Replay | Problem | None:
        replays.start(KEY, asked)
        return await ended(replays)

    found: Replay | Problem | None = in_replays(url, address_of(store), call, **settings)
    return found


def problem_of(*arguments: Any, **settings: Any) -> Problem:
    found = replayed(*arguments, **settings)
    assert isinstance(found, Problem)
    return found


def test_both_models_are_compared_on_every_document(trial: Trial, store: DatasetStore) -> None:
    trial.route()
    dataset = keep_golden_set(store, count=12, wrong=2)
    result = GoldenResult(documents=12, candidate_right=10, stable_right=10, failed=0)
    assert replayed(trial.url, store, request(dataset)) == Replay(12, 12, result)


def test_no_more_documents_are_sent_than_are_asked_for(trial: Trial, store: DatasetStore) -> None:
    trial.route()
    found = replayed(trial.url, store, request(keep_golden_set(store, count=8), max_documents=3, stable_version=None))
    assert found == Replay(3, 3, GoldenResult(documents=3, candidate_right=3, stable_right=3, failed=0))


@pytest.mark.parametrize("candidate", [{"candidate": False}, {"host": "127.0.0.1:9"}, {"version": "3"}])
def test_a_candidate_that_does_not_answer_has_failed(
    trial: Trial, store: DatasetStore, candidate: dict[str, Any]
) -> None:
    trial.route(**candidate)
    found = replayed(trial.url, store, request(keep_golden_set(store, count=4)))
    assert found == Replay(4, 4, GoldenResult(documents=4, candidate_right=0, stable_right=4, failed=4))


def test_a_routing_that_is_still_on_its_way_is_waited_for(trial: Trial, store: DatasetStore) -> None:
    trial.route(candidate=False)
    dataset = keep_golden_set(store, count=4)

    async def call(replays: GoldenReplay) -> Any:
        replays.start(KEY, request(dataset))
        await asyncio.sleep(1)
        before = replays.state(KEY)
        trial.route()
        return before, await ended(replays)

    before, after = in_replays(trial.url, address_of(store), call, replay_routing_seconds=120)
    assert before == Replay(0, 4, None)
    assert after == Replay(4, 4, GoldenResult(documents=4, candidate_right=4, stable_right=4, failed=0))


def test_documents_that_cannot_be_read_are_left_out_up_to_the_limit(trial: Trial, store: DatasetStore) -> None:
    trial.route()
    dataset = keep_golden_set(store, count=6, broken=2)
    found = replayed(trial.url, store, request(dataset), replay_failures=2)
    assert found == Replay(6, 6, GoldenResult(documents=4, candidate_right=4, stable_right=4, failed=0))
    assert problem_of(trial.url, store, request(dataset), replay_failures=1).reason == "GoldenSetUnreadable"


def test_another_stable_is_nothing_to_compare_with(trial: Trial, store: DatasetStore) -> None:
    trial.route()
    asked = request(keep_golden_set(store, count=4), stable_version="7")
    assert problem_of(trial.url, store, asked, replay_failures=1).reason == "AnotherStable"


def test_a_set_without_a_manifest_a_document_or_a_storage_is_unreadable(store: DatasetStore, tmp_path: Path) -> None:
    assert problem_of(NOWHERE, store, request("f" * 64)).reason == "GoldenSetUnreadable"
    empty = keep_golden_set(store, count=0)
    assert problem_of(NOWHERE, store, request(empty)).reason == "GoldenSetUnreadable"
    damaged = keep_golden_set(store, count=1)
    store.storage.put(f"datasets/{damaged}.json", b"{}")
    assert problem_of(NOWHERE, store, request(damaged)).reason == "GoldenSetUnreadable"
    deleted = keep_golden_set(store, count=2)
    for example in store.load(deleted).examples:
        store.delete_document(example.sha256)
    assert problem_of(NOWHERE, store, request(deleted), replay_failures=5).reason == "GoldenSetUnreadable"


def test_a_golden_set_in_s3_that_is_away_is_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "nonsense")

    async def call(replays: GoldenReplay) -> Any:
        replays.start(KEY, request("f" * 64))
        return await ended(replays)

    found = in_replays(NOWHERE, "s3://models/golden", call)
    assert isinstance(found, Problem)
    assert found.reason == "GoldenSetUnreadable"


def prediction(role: str, version: str) -> bytes:
    values = {"class": "invoice", "role": role, "model": {"version": version}}
    return json.dumps({"predictions": [values]}).encode()


def role_of(handler: BaseHTTPRequestHandler) -> str:
    return "candidate" if b'"candidate"' in getattr(handler, "body", b"") else "stable"


class Recorded:
    """A transformer that answers as it is asked, after `busy` answers 503, and counts what it does at once."""

    def __init__(self, busy: int = 0, retry_after: str = "0", release: threading.Event | None = None) -> None:
        self._busy, self._retry_after, self._release = busy, retry_after, release
        self._lock = threading.Lock()
        self.asked = threading.Event()
        self.roles: list[str] = []
        self.at_once = self.most_at_once = 0

    def __call__(self, handler: BaseHTTPRequestHandler, over: threading.Event) -> None:
        with self._lock:
            self.at_once += 1
            self.most_at_once = max(self.at_once, self.most_at_once)
            busy, self._busy = self._busy > 0, self._busy - 1
        self.asked.set()
        role = role_of(handler)
        send = answer(503, b"{}", Retry_After=self._retry_after)
        if not busy:
            if self._release:
                self._release.wait(60)
            over.wait(0.02)  # as long as a document takes, so that others come meanwhile
            self.roles.append(role)
            send = answer(200, prediction(role, {"stable": "1", "candidate": "2"}[role]))
        # Before the answer: who has it may ask the next question sooner than this thread goes on.
        with self._lock:
            self.at_once -= 1
        send(handler, over)


def sent_to(misbehave: Misbehave, store: DatasetStore, count: int, **settings: Any) -> tuple[Any, Faulty]:
    dataset = keep_golden_set(store, count=count)
    with faulty_server(misbehave) as server:
        return replayed(server.url, store, request(dataset), **settings), server


def test_a_transformer_without_room_is_asked_again_when_it_says(store: DatasetStore) -> None:
    found, server = sent_to(Recorded(busy=5), store, 3)
    assert isinstance(found, Replay)
    assert found.result == GoldenResult(documents=3, candidate_right=1, stable_right=1, failed=0)
    assert len(server.asked) == 3 * 2 + 5


def test_a_retry_after_of_hours_is_cut_short(store: DatasetStore) -> None:
    found, _ = sent_to(Recorded(busy=2, retry_after="36000"), store, 1, replay_longest_pause_seconds=0.1)
    assert isinstance(found, Replay)


@pytest.mark.parametrize("retry_after", ["0", "1", "", "Fri, 31 Dec 1999 23:59:59 GMT"])
def test_a_transformer_that_never_has_room_is_given_up(store: DatasetStore, retry_after: str) -> None:
    busy = answer(503, b"{}", Retry_After=retry_after)
    found, server = sent_to(busy, store, 2, replay_patience_seconds=0.5, replay_failures=0)
    assert isinstance(found, Problem)
    assert found.reason == "TransformerUnreachable"
    assert server.asked


def test_what_is_away_is_given_up_after_some_documents(store: DatasetStore) -> None:
    dataset = keep_golden_set(store, count=30)
    found = problem_of(NOWHERE, store, request(dataset), replay_patience_seconds=0.2, replay_failures=3)
    assert found.reason == "TransformerUnreachable"


def test_a_transformer_that_fails_is_asked_no_more_than_the_limit_allows(store: DatasetStore) -> None:
    found, server = sent_to(answer(500, b"secret"), store, 30, replay_failures=3)
    assert isinstance(found, Problem)
    assert found.reason == "TransformerUnreachable"
    assert "secret" not in found.message
    assert 4 <= len(server.asked) <= 5


def test_documents_are_sent_no_more_than_the_limit_at_once_by_all_replays_together(store: DatasetStore) -> None:
    transformer = Recorded()
    dataset = keep_golden_set(store, count=20)

    async def call(replays: GoldenReplay) -> list[Any]:
        keys = [ReplayKey("uid", str(number)) for number in range(3)]
        for key in keys:
            replays.start(key, request(dataset))
        return [await ended(replays, key) for key in keys]

    with faulty_server(transformer) as server:
        found = in_replays(server.url, address_of(store), call, replay_concurrency=3)
    assert all(isinstance(state, Replay) for state in found)
    assert len(server.asked) == 3 * 20 * 2
    assert 2 <= transformer.most_at_once <= 3


def test_to_start_twice_is_to_start_once_and_what_is_forgotten_starts_anew(store: DatasetStore) -> None:
    release = threading.Event()
    transformer = Recorded(release=release)
    dataset = keep_golden_set(store, count=2)

    async def call(replays: GoldenReplay) -> None:
        assert replays.state(KEY) is None
        replays.start(KEY, request(dataset))
        replays.start(KEY, request("f" * 64))
        release.set()
        first = await ended(replays)
        assert isinstance(first, Replay)
        assert first.result is not None
        replays.start(KEY, request(dataset))
        assert replays.state(KEY) == first
        assert len(transformer.roles) == 4
        replays.forget(KEY)
        replays.forget(KEY)
        assert replays.state(KEY) is None
        replays.start(KEY, request(dataset))
        assert await ended(replays) == first
        assert len(transformer.roles) == 8

    with faulty_server(transformer) as server:
        in_replays(server.url, address_of(store), call)


def test_a_replay_that_is_forgotten_sends_nothing_more(store: DatasetStore) -> None:
    release = threading.Event()
    transformer = Recorded(release=release)
    dataset = keep_golden_set(store, count=50)

    async def call(replays: GoldenReplay) -> None:
        replays.start(KEY, request(dataset))
        assert await asyncio.to_thread(transformer.asked.wait, 60)
        replays.forget(KEY)
        release.set()
        other = ReplayKey("uid-2", "another")
        replays.start(other, request(dataset, max_documents=1))
        assert isinstance(await ended(replays, other), Replay)

    with faulty_server(transformer) as server:
        in_replays(server.url, address_of(store), call)
    assert len(server.asked) <= 2 + 2


class BrokenStorages(Storages):
    """Fails as a fault of ours would."""

    def open(self, url: str) -> Storage:
        raise RuntimeError(url)


def test_a_fault_of_ours_ends_a_replay_with_a_problem(store: DatasetStore) -> None:
    async def main() -> Any:
        async with open_session() as session:
            replays = GoldenReplay(session, patient(**QUICK), BrokenStorages(), "secret")
            replays.start(KEY, request("f" * 64))
            return await ended(replays)

    found = asyncio.run(main())
    assert isinstance(found, Problem)
    assert found.reason == "ReplayBroken"
    assert "secret" not in found.message
