"""kopf's watches: each change of an object of our kinds is told, and nothing else of kopf is used.

There are no finalizers and no annotations of kopf on our objects: with event handlers alone it writes nothing.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any, cast

import kopf

from pigeonhole_operator.cluster.kinds import WATCHED, Kind, Raw, named
from pigeonhole_operator.login import sign_in

Tell = Callable[[str, str | None, Raw], None]
"""Takes the kind, the event (ADDED, MODIFIED, DELETED, or None for what was there before) and the object."""

_PREFIX = "pigeonhole.dev"
_REQUEST_SECONDS = 30.0
_CONNECT_SECONDS = 5.0
_WATCH_SECONDS = 600
"""The API server ends a watch after this time, which it wants whole, and a new one begins."""
_EXIT_SECONDS = 30.0
"""Time to end by itself for a kopf that fails; then it kills the process."""


async def watch(tell: Tell, namespace: str | None, stop: asyncio.Event, started: asyncio.Event) -> None:
    """Watch our kinds until `stop` is set; `started` is set once it is under way.

    Raises:
        Exception: kopf cannot go on: no credentials, say.
    """
    # A line for each event and handler, with the object's name as text.
    logging.getLogger("kopf").setLevel(logging.WARNING)
    await kopf.operator(
        registry=_registry(tell),
        settings=_settings(namespaced=namespace is not None),
        standalone=True,
        clusterwide=namespace is None,
        namespaces=[namespace] if namespace else [],
        # kopf would look for the user's name, and a container's user has none.
        identity=cast(Any, _PREFIX),
        stop_flag=stop,
        ready_flag=started,
    )


def _registry(tell: Tell) -> kopf.OperatorRegistry:
    registry = kopf.OperatorRegistry()
    kopf.on.login(registry=registry)(sign_in)
    for kind in WATCHED:
        _register(registry, kind, tell)
    return registry


def _register(registry: kopf.OperatorRegistry, kind: Kind, tell: Tell) -> None:
    api, name = kind._api_info, named(kind)

    # Not a plain function, which kopf would call in a thread.
    async def told(event: Any, **_: Any) -> None:
        tell(name, event["type"], dict(event["object"]))

    kopf.on.event(api.resource.group, api.resource.version, api.plural, registry=registry, id=f"tell-{api.plural}")(
        told
    )


def _settings(*, namespaced: bool) -> kopf.OperatorSettings:
    settings = kopf.OperatorSettings()
    settings.posting.enabled = False
    settings.peering.standalone = True
    settings.scanning.disabled = namespaced
    settings.networking.request_timeout = _REQUEST_SECONDS
    settings.networking.connect_timeout = _CONNECT_SECONDS
    settings.networking.enforce_retry_after = True
    settings.watching.server_timeout = _WATCH_SECONDS
    settings.watching.connect_timeout = _CONNECT_SECONDS
    settings.process.ultimate_exiting_timeout = _EXIT_SECONDS
    # Neither is ever written; should a handler be added that makes kopf write, it is by our name.
    settings.persistence.finalizer = f"{_PREFIX}/operator"
    settings.persistence.progress_storage = kopf.AnnotationsProgressStorage(prefix=_PREFIX)
    settings.persistence.diffbase_storage = kopf.AnnotationsDiffBaseStorage(prefix=_PREFIX)
    return settings
