"""Which model the predictor serves: follow the registry's champion, one step at a time.

`next_step` decides; `ChampionServer` does what was decided. A new model is started beside the old one, traffic moves to
it when it is ready, and only then the old one is asked to end, so no request meets a closed door.
"""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

import httpx

from pigeonhole.errors import PigeonholeError
from pigeonhole.telemetry import get_logger
from pigeonhole_frontends.laptop.child import ChildProcess, ProcessSpec
from pigeonhole_frontends.laptop.home import Home
from pigeonhole_frontends.laptop.ports import LOOPBACK, any_free_port

_TICKS_BEFORE_OLD_ENDS = 10
_TICKS_TO_BECOME_READY = 240
_TICKS_BETWEEN_DOWNLOADS = 20
_ATTEMPTS = 3

_log = get_logger(__name__)


@dataclass(frozen=True)
class Observed:
    """What there is: the champion's version in the registry, the version served, and the one being started."""

    champion: str | None
    serving: str | None
    starting: str | None
    starting_is_ready: bool
    starting_has_failed: bool
    serving_has_died: bool
    failed_attempts: int


class Step(Enum):
    """What to do next."""

    NOTHING = "nothing"
    START = "start the champion"
    SWITCH = "send traffic to the one that was started"
    GIVE_UP = "drop the one that was started"


def next_step(observed: Observed) -> Step:
    """Return the next step towards serving the champion."""
    if observed.starting is not None:
        if observed.starting_has_failed or observed.starting != observed.champion:
            return Step.GIVE_UP
        return Step.SWITCH if observed.starting_is_ready else Step.NOTHING
    wants_start = observed.champion is not None and (observed.champion != observed.serving or observed.serving_has_died)
    return Step.START if wants_start and observed.failed_attempts < _ATTEMPTS else Step.NOTHING


@dataclass
class _Predictor:
    version: str
    port: int
    process: ChildProcess
    ticks: int = 0

    @property
    def has_failed(self) -> bool:
        """Tell whether it has ended, or takes so long that it never becomes ready."""
        return self.process.exit_code is not None or self.ticks > _TICKS_TO_BECOME_READY


class ChampionServer:
    """Predictor processes and the routing file that names the one in use."""

    def __init__(self, home: Home, model_name: str, download: Callable[[str, Path], Path]) -> None:
        self._home = home
        self._model_name = model_name
        self._download = download
        self._serving: _Predictor | None = None
        self._starting: _Predictor | None = None
        self._ending: list[tuple[ChildProcess, int]] = []
        self._failures: dict[str, int] = {}
        self._pause = 0

    @property
    def serving_version(self) -> str | None:
        """Return the version that gets the traffic."""
        return self._serving.version if self._serving else None

    def failed(self, version: str) -> bool:
        """Tell whether a version could not be started and is not tried any more."""
        return self._failures.get(version, 0) >= _ATTEMPTS

    def tick(self, champion: str | None, client: httpx.Client) -> None:
        """Take the next step towards serving the champion."""
        self._pause = max(0, self._pause - 1)
        if self._starting is not None:
            self._starting.ticks += 1
        step = next_step(self._observe(champion, client))
        if step is Step.START and champion is not None and self._pause == 0:
            self._start(champion)
        elif step is Step.SWITCH:
            self._switch()
        elif step is Step.GIVE_UP and self._starting is not None:
            if self._starting.has_failed:
                self._failures[self._starting.version] = self._failures.get(self._starting.version, 0) + 1
            self._retire(self._starting)
            self._starting = None
        self._end_retired()

    def processes(self) -> list[ChildProcess]:
        """Return every predictor process that may still run."""
        current = [predictor.process for predictor in (self._serving, self._starting) if predictor]
        return current + [process for process, _ in self._ending]

    def _observe(self, champion: str | None, client: httpx.Client) -> Observed:
        starting, serving = self._starting, self._serving
        return Observed(
            champion=champion,
            serving=serving.version if serving else None,
            starting=starting.version if starting else None,
            starting_is_ready=starting is not None and starting.process.is_ready(client),
            starting_has_failed=starting is not None and starting.has_failed,
            serving_has_died=serving is not None and serving.process.exit_code is not None,
            failed_attempts=self._failures.get(champion or "", 0),
        )

    def _start(self, version: str) -> None:
        try:
            folder = self._download(version, self._home.models / version)
        except PigeonholeError as error:
            # The registry may be back soon; what serves now goes on.
            _log.warning("champion_not_downloaded", version=version, code=error.code)
            self._pause = _TICKS_BETWEEN_DOWNLOADS
            return
        port = any_free_port()
        command = [
            *(sys.executable, "-m", "pigeonhole_serving.predictor_server"),
            *("--model_dir", str(folder), "--model_name", self._model_name, "--http_port", str(port)),
        ]
        spec = ProcessSpec(
            name=f"predictor (version {version})",
            command=command,
            log=self._home.logs / "predictor.log",
            ready_url=f"http://{LOOPBACK}:{port}/v2/models/{self._model_name}/ready",
        )
        self._starting = _Predictor(version, port, ChildProcess(spec))

    def _switch(self) -> None:
        started, self._starting = self._starting, None
        if started is None:
            return
        write_routing(self._home.routing_file, f"{LOOPBACK}:{started.port}", started.version)
        if self._serving:
            self._retire(self._serving)
        self._serving = started
        self._failures.pop(started.version, None)

    def _retire(self, predictor: _Predictor) -> None:
        self._ending.append((predictor.process, _TICKS_BEFORE_OLD_ENDS))

    def _end_retired(self) -> None:
        remaining: list[tuple[ChildProcess, int]] = []
        for process, ticks in self._ending:
            if ticks <= 0:
                process.ask_to_end()
            if process.exit_code is None:
                remaining.append((process, ticks - 1))
        self._ending = remaining


def write_routing(path: Path, host: str, version: str) -> None:
    """Write the transformer's routing file, whole or not at all."""
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps({"stable": {"host": host, "version": version}, "candidate": None}), encoding="utf-8")
    partial.replace(path)
