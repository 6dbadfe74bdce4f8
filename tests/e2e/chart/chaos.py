"""Documents that are sent without a pause while pods are deleted, and how long they took meanwhile."""

import itertools
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime

from tests.e2e.kubectl import wait_until

from pigeonhole_api.client import ApiError, PlatformClient
from pigeonhole_api.models import Job

from .release import Release

PAUSE_SECONDS = 0.5


@dataclass
class Sender:
    """Submits one document a job by a fresh reference; one that is not accepted is sent again, as clients are to do."""

    client: PlatformClient
    files: Sequence[tuple[str, bytes]]
    accepted: dict[str, str] = field(default_factory=dict)
    took: list[tuple[float, float]] = field(default_factory=list)
    """When each document was accepted, and how long that had taken, with all attempts; moments are monotonic."""
    stop: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        for number in itertools.count():
            name, data = self.files[number % len(self.files)]
            # Bytes after a PDF's end are no part of what is read, and make another document of it.
            content = [(f"{number}-{name}", data + f"\n% {number}\n".encode())]
            began = time.monotonic()
            while not self._submit(f"chaos-{number}", content):
                if self.stop.wait(PAUSE_SECONDS):
                    return
            self.took.append((time.monotonic(), time.monotonic() - began))
            if self.stop.wait(PAUSE_SECONDS):
                return

    def _submit(self, reference: str, content: Sequence[tuple[str, bytes]]) -> bool:
        try:
            self.accepted[reference] = self.client.submit_job(reference, content).id
        except ApiError:
            return False
        return True

    def longest(self, since: float) -> float:
        """Return the seconds that the slowest document since a moment took to be accepted, with all attempts."""
        return max((seconds for moment, seconds in self.took if moment >= since), default=0.0)


@contextmanager
def sending(client: PlatformClient, files: Sequence[tuple[str, bytes]]) -> Iterator[Sender]:
    """Send documents in another thread until the block ends."""
    sender = Sender(client, files)
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    try:
        yield sender
    finally:
        sender.stop.set()
        thread.join(60)


def slowest_answers(jobs: Iterable[Job], began: Mapping[str, datetime]) -> dict[str, float]:
    """Return by component the seconds from upload to class of the slowest job that its deletion may have held up.

    A job counts to the first deletion in its time, and to the one before it when there was none.

    Args:
        jobs: Jobs that have ended.
        began: When each component was deleted, in that order.
    """
    slowest = dict.fromkeys(began, 0.0)
    for job in jobs:
        assert job.finished_at is not None
        during = [component for component, moment in began.items() if job.created_at <= moment <= job.finished_at]
        before = [component for component, moment in began.items() if moment < job.created_at]
        for component in during[:1] or before[-1:]:
            slowest[component] = max(slowest[component], (job.finished_at - job.created_at).total_seconds())
    return slowest


def delete_pods(release: Release, component: str) -> None:
    """Delete a component's pods without any grace, and wait until others are ready in their place."""
    before = {pod["metadata"]["uid"] for pod in release.pods(component)}
    assert before, f"there is no pod of {component}"
    selector = f"app.kubernetes.io/component={component}"
    release.kubectl("delete", "pod", "--selector", selector, "--force", "--grace-period=0")

    def replaced() -> bool:
        pods = release.pods(component)
        return bool(pods) and all(pod["metadata"]["uid"] not in before and _is_ready(pod) for pod in pods)

    wait_until(replaced, f"{component} to be ready again", release.state)


def _is_ready(pod: dict[str, object]) -> bool:
    status = pod["status"]
    assert isinstance(status, dict)
    return any(row["type"] == "Ready" and row["status"] == "True" for row in status.get("conditions", []))
