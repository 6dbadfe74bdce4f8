"""What goes wrong between a person and a ModelDeployment on a cluster, in one sentence each."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pigeonhole.errors import PigeonholeError

if TYPE_CHECKING:
    from lightkube import ApiError

_MISSING, _TOO_MANY, _SERVERS_FAULT = 404, 429, 500
_CODES = {
    401: "deployment-forbidden",
    403: "deployment-forbidden",
    404: "deployment-missing",
    409: "deployment-changed",
    422: "deployment-refused",
}
_HINTS = {
    401: "The cluster does not know who asks: sign in to it again.",
    403: "Ask who runs the cluster for the right; a pin takes the ClusterRole pigeonhole-pin.",
    404: "List them with: kubectl get modeldeployments --all-namespaces",
    409: "Somebody changed it at the same time; look at it and try again.",
}
_REFUSAL = re.compile(r".*? is (?:forbidden|invalid): (?:.* denied request: )?", re.DOTALL)
"""What the API server puts before a reason: the object once more, and the policy that minds."""
_NO_FIELD = {None, "", "<nil>"}


class DeploymentError(PigeonholeError):
    """A ModelDeployment that cannot be read or changed.

    Its codes: `cluster-unavailable`, `deployment-forbidden`, `deployment-missing`, `deployment-changed`,
    `deployment-refused` for a value that is not allowed, `cluster-failed` for anything else that is refused.
    """

    def __init__(self, message: str, *, code: str, hint: str | None = None) -> None:
        super().__init__(message, code=code, hint=hint)


@contextmanager
def reported_failures(name: str) -> Iterator[None]:
    """Turn what goes wrong between here and a cluster into a DeploymentError."""
    try:
        import httpx2
        import msgspec
        from lightkube import ApiError, ConfigError
    except ImportError as error:
        hint = "Install pigeonhole-core[cluster]."
        raise _unavailable("The client for Kubernetes is not installed.", hint) from error
    try:
        yield
    except ApiError as error:
        raise _refused(name, error) from error
    except httpx2.HTTPStatusError as error:
        raise _not_understood(error.response.status_code) from error
    except msgspec.MsgspecError as error:
        raise _not_understood(None) from error
    except ConfigError as error:
        raise unusable_configuration(error) from error
    except (httpx2.HTTPError, OSError) as error:
        raise _unavailable("The cluster does not answer.", "Check that kubectl reaches the cluster.") from error


def _unavailable(message: str, hint: str) -> DeploymentError:
    return DeploymentError(message, code="cluster-unavailable", hint=hint)


def unusable_configuration(error: Exception) -> DeploymentError:
    """Return the error for a configuration that leads to no cluster."""
    said = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
    hint = "Set KUBECONFIG to a file with which kubectl reaches the cluster."
    return _unavailable(f"No cluster can be asked: {said}.", hint)


def _not_understood(status: int | None) -> DeploymentError:
    """Return the error for an answer that is none of Kubernetes' own."""
    if status == _MISSING:
        hint = "Install the operator, or check the address in KUBECONFIG."
        return DeploymentError("The cluster knows no ModelDeployments.", code="deployment-missing", hint=hint)
    return _unavailable("What answers is no Kubernetes API server.", "Check the address in KUBECONFIG.")


def _refused(name: str, error: "ApiError") -> DeploymentError:
    status = error.status.code or 0
    busy = status == _TOO_MANY or status >= _SERVERS_FAULT
    code = "cluster-unavailable" if busy else _CODES.get(status, "cluster-failed")
    return DeploymentError(f"{name}: {_sentence(error)}", code=code, hint=_HINTS.get(status))


def _sentence(error: "ApiError") -> str:
    """Return the API server's reason: each field with what is wrong with it, or its sentence from the reason on."""
    causes = error.status.details.causes if error.status.details else None
    fields = [f"{each.field}: {each.message}" for each in causes or () if each.field not in _NO_FIELD]
    said = (error.status.message or "").strip() or f"status {error.status.code}"
    return ("; ".join(fields) or _REFUSAL.sub("", said, count=1)).rstrip(".") + "."
