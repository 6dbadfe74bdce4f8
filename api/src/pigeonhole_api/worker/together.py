"""Several duties in one process."""

import threading
from collections.abc import Mapping
from typing import Protocol

from pigeonhole_api.duties import Duty
from pigeonhole_api.worker.faults import count_fault


class Part(Protocol):
    """Somebody who works until told to stop."""

    def run(self) -> None:
        """Work until `stop`, then finish what is in hand."""

    def stop(self) -> None:
        """Take nothing more."""


def run_together(parts: Mapping[Duty, Part], stopping: threading.Event) -> bool:
    """Run parts until the event is set and each has finished; tell whether none failed.

    One that fails stops the others: a worker that does half its duties would look as if it did all.
    """
    failed = threading.Event()

    def run(part: Part) -> None:
        try:
            part.run()
        except Exception as error:  # noqa: BLE001 - it ends the process, in order
            count_fault("duty_failed", error)
            failed.set()
            stopping.set()

    threads = [threading.Thread(target=run, args=(part,), name=duty.value) for duty, part in parts.items()]
    for thread in threads:
        thread.start()
    stopping.wait()
    for part in parts.values():
        part.stop()
    for thread in threads:
        thread.join()
    return not failed.is_set()
