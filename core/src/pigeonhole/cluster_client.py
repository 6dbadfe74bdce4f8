"""A client of the cluster that this process runs in, or that KUBECONFIG names."""

from typing import TYPE_CHECKING

from pigeonhole.deployment_errors import unusable_configuration

if TYPE_CHECKING:
    from lightkube import Client

_CONNECT_SECONDS, _ANSWER_SECONDS = 3.0, 10.0


def connect(namespace: str | None) -> "Client":
    """Return a client whose calls are about a namespace, or about that of the configuration.

    Raises:
        DeploymentError: `cluster-unavailable`, for a configuration that leads to no cluster.
    """
    import httpx2
    from lightkube import Client

    try:
        return Client(namespace=namespace, timeout=httpx2.Timeout(_ANSWER_SECONDS, connect=_CONNECT_SECONDS))
    except Exception as error:
        # Whatever is wrong with somebody's file: its keys, its YAML, a certificate, an address.
        raise unusable_configuration(error) from error
