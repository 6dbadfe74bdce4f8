"""The API server as the operator uses it: a port, and lightkube behind it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol, TypeVar

import httpx2
from lightkube import AsyncClient
from lightkube.types import PatchType

from pigeonhole_operator.cluster.answers import translated
from pigeonhole_operator.cluster.kinds import Event, Kind, Lease, ModelPromotion, Raw

FIELD_MANAGER = "pigeonhole-operator"
INSTALLER = "pigeonhole-installation"
"""The manager of fields that an installation's values decide, and the operator only brings to the cluster."""
REQUEST_SECONDS = 30.0
"""The longest that any request takes, with connecting and all."""
_CONNECT_SECONDS = 5.0
_PAGE = 250
_ALL = "*"
_T = TypeVar("_T")


@dataclass(frozen=True)
class Listing:
    """All objects of a kind, and the version of the whole."""

    objects: tuple[Raw, ...]
    resource_version: int


class KubePort(Protocol):
    """The API server; each method raises a ClusterError and nothing else, and none takes more than 30 s."""

    async def list_all(self, kind: Kind, namespace: str | None) -> Listing:
        """Return all objects of a kind, in one namespace or in all (None)."""

    async def get(self, kind: Kind, namespace: str, name: str) -> Raw:
        """Return an object; NotFound when there is none."""

    async def apply(self, kind: Kind, body: Raw, *, force: bool, manager: str = FIELD_MANAGER) -> Raw:
        """Apply an object by its fields; FieldConflict when some are somebody else's and `force` is not set."""

    async def apply_status(self, kind: Kind, body: Raw) -> Raw:
        """Apply the status of an object; Conflict when `metadata.resourceVersion` is not the stored one."""

    async def create_promotion(self, body: Raw) -> Raw:
        """Create a ModelPromotion; AlreadyExists when there is one of that name."""

    async def create_event(self, body: Raw) -> None:
        """Create an Event; AlreadyExists when there is one of that name."""

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object if it has that uid, else Conflict."""

    async def get_lease(self, namespace: str, name: str) -> Raw:
        """Return a lease; NotFound when there is none."""

    async def create_lease(self, body: Raw) -> Raw:
        """Create a lease; AlreadyExists when there is one."""

    async def replace_lease(self, body: Raw) -> Raw:
        """Replace a lease; Conflict when `metadata.resourceVersion` is not the stored one."""


class LightkubeCluster:
    """The API server by lightkube, which reads a rotated service account token again when the old one is refused."""

    def __init__(self, client: AsyncClient) -> None:
        self._client = client

    async def close(self) -> None:
        """Close its connections."""
        await self._client.close()

    async def list_all(self, kind: Kind, namespace: str | None) -> Listing:
        """Return all objects of a kind, in one namespace or in all (None)."""

        async def ask() -> Listing:
            items = self._client.list(kind, namespace=namespace or _ALL, chunk_size=_PAGE)
            objects = [dict(item) async for item in items]
            return Listing(tuple(objects), int(items.resourceVersion))

        return await _asked(ask)

    async def get(self, kind: Kind, namespace: str, name: str) -> Raw:
        """Return an object; NotFound when there is none."""
        return dict(await _asked(lambda: self._client.get(kind, name, namespace=namespace)))

    async def apply(self, kind: Kind, body: Raw, *, force: bool, manager: str = FIELD_MANAGER) -> Raw:
        """Apply an object by its fields; FieldConflict when some are somebody else's and `force` is not set."""
        return await self._applied(kind, body, force=force, manager=manager)

    async def apply_status(self, kind: Kind, body: Raw) -> Raw:
        """Apply the status of an object; Conflict when `metadata.resourceVersion` is not the stored one."""
        return await self._applied(kind.Status, body, force=True)

    async def create_promotion(self, body: Raw) -> Raw:
        """Create a ModelPromotion; AlreadyExists when there is one of that name."""
        return await self._created(ModelPromotion, body)

    async def create_event(self, body: Raw) -> None:
        """Create an Event; AlreadyExists when there is one of that name."""
        await self._created(Event, body)

    async def delete(self, kind: Kind, namespace: str, name: str, uid: str) -> None:
        """Delete an object if it has that uid, else Conflict."""

        async def ask() -> None:
            # AsyncClient.delete takes no body, and the precondition is one.
            generic = self._client._client
            request = generic.prepare_request("delete", kind, name=name, namespace=namespace)
            request.data = {"preconditions": {"uid": uid}}
            answer = await generic._client.send(generic.build_adapter_request(request))
            generic.handle_response("delete", answer, request)

        await _asked(ask)

    async def get_lease(self, namespace: str, name: str) -> Raw:
        """Return a lease; NotFound when there is none."""
        return await self.get(Lease, namespace, name)

    async def create_lease(self, body: Raw) -> Raw:
        """Create a lease; AlreadyExists when there is one."""
        return await self._created(Lease, body)

    async def replace_lease(self, body: Raw) -> Raw:
        """Replace a lease; Conflict when `metadata.resourceVersion` is not the stored one."""
        return dict(await _asked(lambda: self._client.replace(Lease(**body), field_manager=FIELD_MANAGER)))

    async def _created(self, kind: Kind, body: Raw) -> Raw:
        return dict(await _asked(lambda: self._client.create(kind(**body), field_manager=FIELD_MANAGER)))

    async def _applied(self, kind: type, body: Raw, *, force: bool, manager: str = FIELD_MANAGER) -> Raw:
        metadata = body["metadata"]
        return dict(
            await _asked(
                lambda: self._client.patch(
                    kind,
                    metadata["name"],
                    body,
                    namespace=metadata["namespace"],
                    patch_type=PatchType.APPLY,
                    field_manager=manager,
                    force=force,
                )
            )
        )


def connect() -> LightkubeCluster:
    """Return the cluster of the service account that is mounted here, else the one that KUBECONFIG names.

    Raises:
        lightkube.ConfigError: There is neither.
    """
    return LightkubeCluster(AsyncClient(timeout=httpx2.Timeout(REQUEST_SECONDS, connect=_CONNECT_SECONDS)))


async def _asked(ask: Callable[[], Awaitable[_T]]) -> _T:
    with translated():
        async with asyncio.timeout(REQUEST_SECONDS):
            return await ask()
