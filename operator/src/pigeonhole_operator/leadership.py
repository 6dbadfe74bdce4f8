"""One operator at a time: a Lease that its leader renews, and that another takes once it stays as it is.

How old a Lease is says the time since it was seen to change here; the wall clocks of others are never compared.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from pigeonhole.telemetry import get_logger
from pigeonhole_operator.cluster.errors import AlreadyExists, ClusterError, Conflict, NotFound, Unreachable
from pigeonhole_operator.cluster.kinds import Raw
from pigeonhole_operator.cluster.kube import KubePort
from pigeonhole_operator.settings import OperatorSettings

_log = get_logger(__name__)
_RELEASED_SECONDS = 1
"""The age at which a released Lease is free, should somebody look at it; client-go writes the same."""


class Move(Enum):
    """What to do about the Lease."""

    CREATE = "create"
    RENEW = "renew"
    TAKE = "take"
    WAIT = "wait"


@dataclass(frozen=True)
class LeaseRecord:
    """What a Lease says of its leader, who changes it at each renewal."""

    holder: str
    renewed: str
    transitions: int
    seconds: float


def decide(record: LeaseRecord | None, unchanged_seconds: float, identity: str) -> Move:
    """Return what to do about a Lease that has not changed for some seconds."""
    if record is None:
        return Move.CREATE
    if record.holder == identity:
        return Move.RENEW
    if not record.holder or unchanged_seconds >= record.seconds:
        return Move.TAKE
    return Move.WAIT


def parse_lease(raw: Raw, default_seconds: float) -> LeaseRecord:
    """Return what a Lease says; what somebody left out is as in a Lease that nobody has."""
    spec: dict[str, Any] = raw.get("spec") or {}
    return LeaseRecord(
        holder=spec.get("holderIdentity") or "",
        renewed=spec.get("renewTime") or "",
        transitions=spec.get("leaseTransitions") or 0,
        seconds=spec.get("leaseDurationSeconds") or default_seconds,
    )


class Leadership:
    """This process's claim to lead; it lasts for a while from the start of the last renewal that went well."""

    def __init__(
        self,
        cluster: KubePort,
        identity: str,
        settings: OperatorSettings,
        clock: Callable[[], float],
        gained: Callable[[], None],
        lost: Callable[[], None],
    ) -> None:
        self._cluster = cluster
        self._identity = identity
        self._settings = settings
        self._clock = clock
        self._gained = gained
        self._lost = lost
        self._until = float("-inf")
        self._leading = False
        self._seen: LeaseRecord | None = None
        self._seen_at = 0.0
        self._claiming = asyncio.Lock()
        self._resigned = False
        self._owners: list[Raw] = []

    def belong_to(self, owner: Raw) -> None:
        """Have a Lease that this process creates deleted together with its owner, whose reference this is."""
        self._owners = [owner]

    def is_leader(self) -> bool:
        """Tell whether this process may write now."""
        return not self._resigned and self._clock() < self._until

    async def run(self) -> None:
        """Try for the Lease, or renew it, until cancelled."""
        while True:
            await self._attempt()
            self._tell()
            await asyncio.sleep(self._settings.lease_retry_seconds)

    async def release(self) -> None:
        """Let go of the Lease for good, so that nobody has to wait until it is old."""
        self._resigned = True
        if not self._leading:
            return
        self._tell()
        try:
            # A renewal that is under way would make the Lease another than the one that is read here.
            async with asyncio.timeout(self._settings.lease_renew_seconds / 2), self._claiming:
                raw = await self._read()
                record = raw and parse_lease(raw, self._settings.lease_seconds)
                if raw and record and record.holder == self._identity:
                    await self._write(raw, record, holder="", seconds=_RELEASED_SECONDS)
        except (ClusterError, TimeoutError) as error:
            _log.warning("lease_not_released", error=type(error).__name__)

    async def _attempt(self) -> None:
        started = self._clock()
        try:
            # Two attempts fit into the time for a renewal.
            async with asyncio.timeout(self._settings.lease_renew_seconds / 2), self._claiming:
                if not self._resigned and await self._claim():
                    self._until = started + self._settings.lease_renew_seconds
        except (Conflict, AlreadyExists):
            _log.info("lease_taken_by_another")
        except (ClusterError, TimeoutError) as error:
            reason = error.code if isinstance(error, ClusterError) else Unreachable.reason
            _log.warning("lease_not_renewed", reason=reason, leading=self.is_leader())

    async def _claim(self) -> bool:
        """Do what is to be done about the Lease, and tell whether it is this process's now."""
        raw = await self._read()
        record = None if raw is None else parse_lease(raw, self._settings.lease_seconds)
        if record != self._seen:
            self._seen, self._seen_at = record, self._clock()
        match decide(record, self._clock() - self._seen_at, self._identity):
            case Move.WAIT:
                # It was this process's and somebody took it: no more writing, whatever time is left.
                self._until = float("-inf")
                return False
            case Move.CREATE:
                await self._cluster.create_lease(self._body(None, None, self._identity, self._settings.lease_seconds))
            case Move.RENEW | Move.TAKE:
                await self._write(raw, record, self._identity, self._settings.lease_seconds)
        return True

    async def _read(self) -> Raw | None:
        try:
            return await self._cluster.get_lease(self._settings.lease_namespace, self._settings.lease_name)
        except NotFound:
            return None

    async def _write(self, raw: Raw | None, record: LeaseRecord | None, holder: str, seconds: int) -> None:
        await self._cluster.replace_lease(self._body(raw, record, holder, seconds))

    def _body(self, raw: Raw | None, record: LeaseRecord | None, holder: str, seconds: int) -> Raw:
        now = datetime.now(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
        old: dict[str, Any] = (raw or {}).get("spec") or {}
        same = record is not None and holder in (record.holder, "")
        metadata: dict[str, Any] = {"name": self._settings.lease_name, "namespace": self._settings.lease_namespace}
        if self._owners:
            # In a new Lease alone: to change the owners of one that is there may take the right to delete it.
            metadata["ownerReferences"] = self._owners
        return {
            "apiVersion": "coordination.k8s.io/v1",
            "kind": "Lease",
            "metadata": raw["metadata"] if raw else metadata,
            "spec": {
                "holderIdentity": holder,
                "leaseDurationSeconds": seconds,
                "acquireTime": (old.get("acquireTime") or now) if same else now,
                "renewTime": now,
                "leaseTransitions": 0 if record is None else record.transitions + (not same),
            },
        }

    def _tell(self) -> None:
        leads = self.is_leader()
        if leads != self._leading:
            self._leading = leads
            _log.info("leadership_gained" if leads else "leadership_lost", identity=self._identity)
            (self._gained if leads else self._lost)()
