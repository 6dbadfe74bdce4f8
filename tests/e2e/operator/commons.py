"""What all cases of a session share, started once however many processes run the cases.

The first process that needs it starts a keeper (`python -m tests.e2e.operator.commons FOLDER`). Whoever uses it holds a
shared lock for as long as it lives, and the keeper ends once nobody does, killed users included.
"""

import contextlib
import fcntl
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from tests.e2e.images import pinned
from tests.e2e.kubectl import Kubectl
from tests.e2e.operator_objects import install_crds
from tests.e2e.stand_in import ROOT, running_stand_in

from .exposition import Exposition, serve
from .gateway import gateway
from .servers import mlflow, prometheus

SESSION_LABEL = "pigeonhole-e2e"
START_SECONDS = 500
END_SECONDS = 300


@dataclass(frozen=True)
class Commons:
    """Addresses of what is shared, the image of the cases' pods, and the label of their namespaces."""

    session: str
    mlflow: str
    prometheus: str
    exporter: str
    gateway: str
    image: str


@contextlib.contextmanager
def shared(folder: Path) -> Iterator[Commons]:
    """Use what is shared by all who name the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "users.lock").open("w") as users:
        with (folder / "start.lock").open("w") as start:
            fcntl.flock(start, fcntl.LOCK_EX)
            # Blocks while a keeper ends, and is held by this process until the end.
            fcntl.flock(users, fcntl.LOCK_SH)
            if not (folder / "addresses.json").exists():
                _start(folder)
        commons = Commons(**json.loads((folder / "addresses.json").read_text()))
        yield commons
        last = _gets(users, fcntl.LOCK_EX)
    if last:
        _await_end(folder)


def _start(folder: Path) -> None:
    log = folder / "keeper.log"
    command = [sys.executable, "-m", "tests.e2e.operator.commons", str(folder)]
    with log.open("ab") as output:
        # A session of its own: Ctrl-C is for the tests, after which the keeper puts everything away.
        process = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not (folder / "addresses.json").exists():
        assert process.poll() is None, f"the keeper of what cases share ended: {log.read_text()[-3000:]}"
        assert time.monotonic() < deadline, f"the keeper of what cases share is too slow: {log.read_text()[-3000:]}"
        time.sleep(0.1)


def _await_end(folder: Path) -> None:
    deadline = time.monotonic() + END_SECONDS
    with (folder / "keeper.lock").open("w") as keeper:
        while not _gets(keeper, fcntl.LOCK_SH):
            assert time.monotonic() < deadline, (
                f"the keeper does not end: {(folder / 'keeper.log').read_text()[-3000:]}"
            )
            time.sleep(0.1)


def _gets(file: IO[str], kind: int) -> bool:
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def keep(folder: Path) -> None:
    """Run what is shared until no process uses it any more."""
    session = f"{os.getpid()}-{int(time.time())}"
    own = folder / session
    own.mkdir()
    kubectl = Kubectl("default")
    with ExitStack() as stack:
        # Held to the end of this process: whoever waits for that waits for the lock.
        fcntl.flock(stack.enter_context((folder / "keeper.lock").open("w")), fcntl.LOCK_EX)
        install_crds(kubectl)
        exporter = serve(Exposition())
        stack.callback(exporter.shutdown)
        exporter_url = f"http://127.0.0.1:{exporter.server_port}"
        image = pinned("e2e-storage-initializer")
        _, tracking, metrics, services = _together(
            stack, running_stand_in(own / "stand-in.log"), mlflow(own), prometheus(own, exporter_url), gateway(image)
        )
        # The namespaces of cases that were killed go before the stand-in, which lets go of their services.
        stack.callback(_delete_left_over, kubectl, session)
        commons = Commons(session, tracking, metrics, exporter_url, services, image)
        users = stack.enter_context((folder / "users.lock").open("w"))
        addresses = folder / "addresses.json"
        addresses.with_suffix(".new").write_text(json.dumps(asdict(commons)))
        addresses.with_suffix(".new").rename(addresses)
        fcntl.flock(users, fcntl.LOCK_EX)
        addresses.unlink()
        # Whoever comes now starts another keeper.
        fcntl.flock(users, fcntl.LOCK_UN)


def _together(stack: ExitStack, *managers: AbstractContextManager[Any]) -> list[Any]:
    with ThreadPoolExecutor(len(managers)) as pool:
        return list(pool.map(stack.enter_context, managers))


def _delete_left_over(kubectl: Kubectl, session: str) -> None:
    for kind in ("namespace", "persistentvolume"):
        kubectl("delete", kind, "--selector", f"{SESSION_LABEL}={session}", "--wait=false")


if __name__ == "__main__":
    keep(Path(sys.argv[1]))
