"""Start, watch and end the processes of a laptop's platform."""

import json
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

import httpx

from pigeonhole.errors import PigeonholeError
from pigeonhole.settings import PlatformSettings
from pigeonhole_frontends.laptop.champion import ChampionServer
from pigeonhole_frontends.laptop.child import ChildProcess, ProcessSpec
from pigeonhole_frontends.laptop.home import Home
from pigeonhole_frontends.laptop.ports import DEFAULT_PORTS, LOOPBACK, next_free_port

SERVED_MODEL = "documents"
"""The model's name in the serving protocol."""

_TICK_SECONDS = 0.5
_TICKS_BETWEEN_LOOKS_AT_THE_REGISTRY = 4
_START_SECONDS = 120
_DRAIN_SECONDS = 40
_MAX_RESTARTS = 5


class PlatformError(PigeonholeError):
    """A process of the platform does not start or does not stay."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


@dataclass(frozen=True)
class Addresses:
    """Where the platform answers; the apps' URLs are for a browser."""

    api: str
    transformer: str
    user_app: str
    admin_app: str


class LaptopPlatform:
    """The API, its worker, the transformer, the predictor of the champion, and both apps."""

    def __init__(self, settings: PlatformSettings, *, with_apps: bool = True) -> None:
        self.home = Home(settings.home)
        self.token = self.home.token()
        self._settings = settings
        self._with_apps = with_apps
        self.addresses = _choose_addresses()
        self._champion = ChampionServer(self.home, SERVED_MODEL, self._download)
        self._children: dict[str, ChildProcess] = {}
        self._restarts: dict[str, int] = {}
        self._ticks = 0
        self._known_champion: str | None = None
        self._client = httpx.Client(timeout=5.0, headers={"Authorization": f"Bearer {self.token}"})

    @contextmanager
    def running(self) -> Iterator["LaptopPlatform"]:
        """Start everything, and end it in order when the block is left.

        Raises:
            HomeError: Another platform runs in the same folder.
        """
        with self.home.lock():
            self.home.routing_file.unlink(missing_ok=True)
            for spec in self._specs():
                self._children[spec.name] = ChildProcess(spec)
            self.home.address_file.write_text(json.dumps(asdict(self.addresses)), encoding="utf-8")
            try:
                yield self
            finally:
                self.home.address_file.unlink(missing_ok=True)
                self._end()

    def tick(self) -> None:
        """Restart what has died and follow the registry's champion.

        Raises:
            PlatformError: `process-failed`, when a process dies again and again.
        """
        for name, child in list(self._children.items()):
            if child.exit_code is not None:
                self._restart(name, child)
        if self._ticks % _TICKS_BETWEEN_LOOKS_AT_THE_REGISTRY == 0:
            self._known_champion = self._look_for_champion()
        self._ticks += 1
        self._champion.tick(self._known_champion, self._client)

    def run_until(self, condition: Callable[[], bool], seconds: float | None = None) -> bool:
        """Keep the platform going until the condition holds, and tell whether it does in time."""
        end = None if seconds is None else time.monotonic() + seconds
        while not condition():
            if end is not None and time.monotonic() > end:
                return False
            self.tick()
            time.sleep(_TICK_SECONDS)
        return True

    def wait_until_ready(self, *, with_model: bool) -> None:
        """Wait until every process answers and, when asked, a model serves.

        Raises:
            PlatformError: `not-ready`, naming what does not answer; `process-failed`.
        """

        def ready_or_hopeless() -> bool:
            return not self.not_ready(with_model=with_model) or (with_model and self.champion_failed)

        self.run_until(ready_or_hopeless, _START_SECONDS)
        if self.not_ready(with_model=with_model):
            missing = ", ".join(self.not_ready(with_model=with_model))
            raise PlatformError(
                f"Not ready after {_START_SECONDS} s: {missing}.", code="not-ready", hint=f"See {self.home.logs}."
            )

    def not_ready(self, *, with_model: bool) -> list[str]:
        """Return the names of the processes that do not answer yet."""
        needs_model = {"transformer"}
        names = [
            name
            for name, child in self._children.items()
            if (with_model or name not in needs_model) and not child.is_ready(self._client)
        ]
        return names + (["predictor"] if with_model and self.serving_version is None else [])

    @property
    def serving_version(self) -> str | None:
        """Return the version of the model that answers, or None when there is no model yet."""
        return self._champion.serving_version

    @property
    def champion_failed(self) -> bool:
        """Tell whether the champion could not be started."""
        return self._known_champion is not None and self._champion.failed(self._known_champion)

    def _look_for_champion(self) -> str | None:
        try:
            answer = self._client.get(f"{self.addresses.api}/v1/models/production")
        except httpx.HTTPError:
            return self._known_champion
        if answer.status_code == httpx.codes.OK:
            return str(answer.json()["version"])
        return None if answer.status_code == httpx.codes.NOT_FOUND else self._known_champion

    def _download(self, version: str, directory: Path) -> Path:
        from pigeonhole.registry import ModelRegistry

        return ModelRegistry(self._settings.tracking_uri, self._settings.model_name).download(version, directory)

    def _restart(self, name: str, child: ChildProcess) -> None:
        self._restarts[name] = self._restarts.get(name, 0) + 1
        if self._restarts[name] > _MAX_RESTARTS:
            raise PlatformError(
                f"The {name} ended {self._restarts[name]} times, last with code {child.exit_code}.",
                code="process-failed",
                hint=f"See {child.spec.log}.",
            )
        self._children[name] = ChildProcess(child.spec)

    def _end(self) -> None:
        """End the doors first, then the workers, then what they call."""
        order = ["user app", "admin app", "api", "worker", "transformer"]
        for name in order:
            if child := self._children.get(name):
                child.ask_to_end()
                if name == "worker":
                    child.wait(_DRAIN_SECONDS)
        for process in self._champion.processes():
            process.ask_to_end()
        for process in [*self._children.values(), *self._champion.processes()]:
            process.wait(_DRAIN_SECONDS)
        self._client.close()

    def _specs(self) -> Iterator[ProcessSpec]:
        yield self._spec(
            "transformer",
            [
                *("-m", "pigeonhole_serving.transformer_server", "--model_name", SERVED_MODEL),
                *("--http_port", _port(self.addresses.transformer), "--routing_file", str(self.home.routing_file)),
            ],
            f"{self.addresses.transformer}/readyz",
            {"PIGEONHOLE_SERVING_CACHE_URL": self._settings.storage},
        )
        yield self._spec(
            "api",
            ["-m", "pigeonhole_api.serve", "--host", LOOPBACK, "--port", _port(self.addresses.api)],
            f"{self.addresses.api}/readyz",
        )
        yield self._spec("worker", ["-m", "pigeonhole_api.work"], None)
        if self._with_apps:
            yield self._app("user", self.addresses.user_app)
            yield self._app("admin", self.addresses.admin_app)

    def _app(self, name: Literal["user", "admin"], address: str) -> ProcessSpec:
        from pigeonhole_frontends.app_launch import streamlit_arguments

        arguments = streamlit_arguments(name, port=int(_port(address)))
        return self._spec(f"{name} app", arguments, f"{address}/_stcore/health")

    def _spec(
        self, name: str, arguments: list[str], ready_url: str | None, environment: dict[str, str] | None = None
    ) -> ProcessSpec:
        return ProcessSpec(
            name=name,
            command=[sys.executable, *arguments],
            log=self.home.logs / f"{name.replace(' ', '-')}.log",
            environment={**self._environment(), **(environment or {})},
            ready_url=ready_url,
        )

    def _environment(self) -> dict[str, str]:
        return {
            **self._settings.environment(),
            "PIGEONHOLE_API_TOKEN": self.token,
            "PIGEONHOLE_API_TRANSFORMER_URL": self.addresses.transformer,
            "PIGEONHOLE_APP_API_URL": self.addresses.api,
            "PIGEONHOLE_APP_TOKEN": self.token,
            "OMP_THREAD_LIMIT": "1",
        }


def _choose_addresses() -> Addresses:
    taken: list[int] = []
    for port in DEFAULT_PORTS.values():
        taken.append(next_free_port(port, taken))
    urls = dict(zip(DEFAULT_PORTS, (f"http://{LOOPBACK}:{port}" for port in taken), strict=True))
    return Addresses(urls["api"], urls["transformer"], urls["user app"], urls["admin app"])


def _port(address: str) -> str:
    return address.rpartition(":")[2]
