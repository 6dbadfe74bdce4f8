"""What people ask of the promotion operator: changes of a ModelDeployment on a cluster."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pigeonhole.cluster_client import connect
from pigeonhole.deployment_errors import DeploymentError, reported_failures

if TYPE_CHECKING:
    from lightkube import Client

_GROUP, _VERSION, _KIND, _PLURAL = "pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments"
_NAME = re.compile(r"[a-z0-9]([-a-z0-9.]*[a-z0-9])?", re.ASCII)


@dataclass(frozen=True)
class DeploymentState:
    """What a ModelDeployment says of itself: versions are those of the registry, `ready` names its reason if not."""

    state: str
    stable: str | None
    candidate: str | None
    weight: int
    pinned: str | None
    served_before: tuple[str, ...]
    ready: bool
    message: str


class ModelDeployments:
    """One ModelDeployment of a cluster; every method raises DeploymentError.

    The cluster is the one that the process runs in, or the one that KUBECONFIG names.

    Raises:
        DeploymentError: `deployment-missing`, for what cannot be a name.
    """

    def __init__(self, name: str, namespace: str | None = None, *, client: "Client | None" = None) -> None:
        for given in filter(None, (name, namespace)):
            # Part of an address: another one than the ModelDeployment's would be written to.
            if not _NAME.fullmatch(given):
                raise DeploymentError(f"'{given}' is no name on a cluster.", code="deployment-missing")
        self.name = name
        self._namespace = namespace or None
        self._given = client

    def state(self) -> DeploymentState:
        """Return its state."""
        with reported_failures(self.name):
            found = self._client.get(self._resource, self.name).to_dict()
        return _state(found)

    def request(self, version: str, reason: str, *, unpin: bool = False) -> DeploymentState:
        """Have a version tried once, whatever the aliases say: through the gates, the shadow and the canary.

        While a version is pinned, nothing else is tried; `unpin` takes the pin away by the same change.
        """
        asked = {"request": {"version": version, "reason": reason}}
        return self._change({**asked, "pin": None} if unpin else asked)

    def pin(self, version: str, reason: str, *, skip_gates: bool = False) -> DeploymentState:
        """Have a version serve until the pin is taken away; one that served before serves at once."""
        return self._change({"pin": {"version": version, "reason": reason, "skipGates": skip_gates}})

    def unpin(self) -> DeploymentState:
        """Let the aliases decide again."""
        return self._change({"pin": None})

    def roll_back(self, reason: str) -> str:
        """Pin the version that served before, and return it.

        Raises:
            DeploymentError: `nothing-before`, besides the others.
        """
        before = self.state().served_before
        if not before:
            raise DeploymentError("No version served before the present one.", code="nothing-before")
        self.pin(before[0], reason)
        return before[0]

    def approve(self, version: str) -> DeploymentState:
        """Let a version that passed its gates go on, where that is for a person to say."""
        return self._change({"approvedVersion": version})

    def _change(self, spec: Mapping[str, Any]) -> DeploymentState:
        with reported_failures(self.name):
            from lightkube.types import PatchType

            changed = self._client.patch(
                self._resource,
                self.name,
                {"spec": dict(spec)},
                patch_type=PatchType.MERGE,
                field_manager="pigeonhole-person",
            ).to_dict()
        return _state(changed)

    @cached_property
    def _resource(self) -> Any:
        from lightkube.generic_resource import create_namespaced_resource

        return create_namespaced_resource(_GROUP, _VERSION, _KIND, _PLURAL)

    @property
    def _client(self) -> "Client":
        if self._given is None:
            self._given = connect(self._namespace)
        return self._given


def _state(found: Mapping[str, Any]) -> DeploymentState:
    spec, status = found.get("spec") or {}, found.get("status") or {}
    conditions = {item["type"]: item for item in status.get("conditions") or []}
    ready = conditions.get("Ready") or {}
    return DeploymentState(
        state=status.get("state") or "Unknown",
        stable=(status.get("stable") or {}).get("version"),
        candidate=(status.get("candidate") or {}).get("version"),
        weight=int(status.get("canaryWeight") or 0),
        pinned=(spec.get("pin") or {}).get("version"),
        served_before=tuple(item["version"] for item in status.get("recent") or []),
        ready=ready.get("status") == "True",
        message=ready.get("message") or "The operator has not looked at it yet.",
    )
