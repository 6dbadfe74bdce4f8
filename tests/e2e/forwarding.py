"""Services of the cluster at addresses on this machine."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from pigeonhole_frontends.laptop.ports import any_free_port

from .kubectl import Kubectl, wait_until


@contextmanager
def forwarded(kubectl: Kubectl, target: str, port: int = 80, alive: str = "/livez") -> Iterator[str]:
    """Reach a Service or a pod at an address on this machine, once it answers 200 at a path."""
    local = any_free_port()
    process = subprocess.Popen(
        kubectl.command("port-forward", target, f"{local}:{port}", "--address", "127.0.0.1"),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    url = f"http://127.0.0.1:{local}"
    try:
        wait_until(lambda: _answers(f"{url}{alive}"), f"{target} to be forwarded")
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _answers(url: str) -> bool:
    try:
        return httpx.get(url, timeout=5).status_code == 200
    except httpx.TransportError:
        return False
