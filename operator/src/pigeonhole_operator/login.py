"""How kopf's watches sign in: by the service account that is mounted, else by KUBECONFIG, as our own client does."""

import dataclasses
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import kopf

_REREAD = timedelta(minutes=10)
"""The kubelet writes a new token when a fifth of the old one's time is left, which is at least two minutes."""


def sign_in(settings: kopf.OperatorSettings, **_: Any) -> kopf.ConnectionInfo:
    """Return how to reach the API server; the files are read again when it refuses, and each ten minutes.

    Raises:
        kopf.LoginError: There is neither a service account nor a KUBECONFIG.
    """
    account = kopf.login_with_service_account(settings=settings)
    if account is not None:
        return dataclasses.replace(account, server=_server(account.server), expiration=datetime.now(UTC) + _REREAD)
    configured = kopf.login_with_kubeconfig(settings=settings)
    if configured is None:
        raise kopf.LoginError("There is neither a service account nor a KUBECONFIG.")
    return configured


def _server(default: str) -> str:
    """Return the API server's address without need of a name server, as client-go and lightkube do."""
    host, port = os.environ.get("KUBERNETES_SERVICE_HOST"), os.environ.get("KUBERNETES_SERVICE_PORT")
    if not host or not port:
        return default
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"
