"""What people ask of the promotion operator: changes of a ModelDeployment on a cluster."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pigeonhole.errors import PigeonholeError

if TYPE_CHECKING:
    from lightkube import ApiError, Client

_GROUP, _VERSION, _KIND, _PLURAL = "pigeonhole.dev", "v1alpha1", "ModelDeployment", "modeldeployments"
_SECONDS = 15.0
_CODES = {403: "deployment-forbidden", 404: "deployment-missing", 409: "deployment-changed", 422: "deployment-refused"}
_HINTS = {
    403: "Pinning needs the role pigeonhole-pinner; ask who runs the cluster.",
    404: "List them with: kubectl get modeldeployments --all-namespaces",
    409: "Somebody changed it at the same time; look at it and try again.",
}


class DeploymentError(PigeonholeError):
    """A ModelDeployment that cannot be read or changed."""

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


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

    The cluster is the one that KUBECONFIG names, or the one that the process runs in.
    """

    def __init__(self, name: str, namespace: str | None = None, *, client: "Client | None" = None) -> None:
        self.name = name
        self._namespace = namespace
        self._given = client

    def state(self) -> DeploymentState:
        """Return its state."""
        with self._reported():
            return _state(self._client.get(self._resource, self.name).to_dict())

    def request(self, version: str, reason: str) -> None:
        """Have a version tried once: through the gates, the shadow and the canary, whatever the aliases say."""
        self._change({"request": {"version": version, "reason": reason}})

    def pin(self, version: str, reason: str, *, skip_gates: bool = False) -> None:
        """Have a version serve until the pin is taken away; one that served before serves at once."""
        self._change({"pin": {"version": version, "reason": reason, "skipGates": skip_gates}})

    def unpin(self) -> None:
        """Let the aliases decide again."""
        self._change({"pin": None})

    def roll_back(self, reason: str) -> str:
        """Pin the version that served before, and return it.

        Raises:
            DeploymentError: Also `nothing-before`.
        """
        before = self.state().served_before
        if not before:
            raise DeploymentError("No version served before the present one.", code="nothing-before")
        self.pin(before[0], reason)
        return before[0]

    def approve(self, version: str) -> None:
        """Let a version that passed its gates go on, where that is for a person to say."""
        self._change({"approvedVersion": version})

    def _change(self, spec: Mapping[str, Any]) -> None:
        from lightkube.types import PatchType

        with self._reported():
            self._client.patch(
                self._resource,
                self.name,
                {"spec": dict(spec)},
                patch_type=PatchType.MERGE,
                field_manager="pigeonhole-person",
            )

    @cached_property
    def _resource(self) -> Any:
        from lightkube.generic_resource import create_namespaced_resource

        return create_namespaced_resource(_GROUP, _VERSION, _KIND, _PLURAL)

    @property
    def _client(self) -> "Client":
        if self._given is None:
            import httpx2
            from lightkube import Client, KubeConfig

            config = KubeConfig.from_env().get()
            namespace = self._namespace or (config.namespace if config else None)
            self._given = Client(config, namespace=namespace, timeout=httpx2.Timeout(_SECONDS))
        return self._given

    @contextmanager
    def _reported(self) -> Iterator[None]:
        try:
            import httpx2
            from lightkube import ApiError
            from lightkube.core.exceptions import ConfigError
        except ImportError as error:
            raise DeploymentError(
                "The client for Kubernetes is not installed.",
                code="cluster-unavailable",
                hint="Install pigeonhole-core[cluster].",
            ) from error
        try:
            yield
        except ApiError as error:
            raise self._refusal(error) from error
        except (ConfigError, httpx2.HTTPError, OSError) as error:
            hint = "Check KUBECONFIG, and that kubectl reaches the cluster."
            raise DeploymentError("The cluster does not answer.", code="cluster-unavailable", hint=hint) from error

    def _refusal(self, error: "ApiError") -> DeploymentError:
        status = error.status.code or 0
        said = (error.status.message or "").strip() or f"status {status}"
        message = f"deployment: {self.name}: {said}"
        return DeploymentError(message, code=_CODES.get(status, "cluster-failed"), hint=_HINTS.get(status))


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
