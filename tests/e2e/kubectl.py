"""kubectl in one namespace of the cluster that KUBECONFIG names."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

import yaml

DEADLINE_SECONDS = 300.0
PAUSES_PER_LOOK, SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 4, 0.2, 2.0
"""A kubectl takes a sixth of a second of a core, which what is waited for may need; more on a node that is busy."""


class Kubectl:
    """Runs kubectl; a command that fails is an AssertionError with what it said."""

    def __init__(self, namespace: str) -> None:
        self.namespace = namespace

    def __call__(self, *arguments: str, stdin: str | None = None) -> str:
        done = subprocess.run(
            self.command(*arguments), input=stdin, capture_output=True, text=True, timeout=300, check=False
        )
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def command(self, *arguments: str) -> list[str]:
        return [_program(), "--namespace", self.namespace, *arguments]

    def apply(self, objects: str | Sequence[dict[str, Any]]) -> None:
        text = objects if isinstance(objects, str) else yaml.safe_dump_all(objects)
        self("apply", "--server-side", "-f", "-", stdin=text)

    def get(self, kind: str, name: str) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self("get", kind, name, "-o", "json"))
        return found

    def list(self, kind: str, selector: str = "") -> list[dict[str, Any]]:
        items: list[dict[str, Any]] = json.loads(self("get", kind, "-o", "json", "--selector", selector))["items"]
        return items


def _program() -> str:
    program = shutil.which("kubectl")
    assert program, "kubectl is not on the PATH: make e2e needs it, and a cluster named by KUBECONFIG"
    return program


def wait_until(
    condition: Callable[[], bool], what: str, seen: Callable[[], str] = str, *, seconds: float = DEADLINE_SECONDS
) -> None:
    """Wait for a condition of the cluster, which is asked again and again, the less often the more it costs to ask."""
    deadline = time.monotonic() + seconds
    while True:
        asked = time.monotonic()
        if condition():
            return
        pause = PAUSES_PER_LOOK * (time.monotonic() - asked)
        assert time.monotonic() < deadline, f"waited too long for {what}. {seen()}"
        time.sleep(min(max(pause, SHORTEST_PAUSE_SECONDS), LONGEST_PAUSE_SECONDS))


def cluster_address(name: str) -> str:
    """Return KUBECONFIG or REGISTRY, which name the cluster to test on."""
    value = os.environ.get(name, "")
    assert value, f"{name} is not set: it names the cluster's {'configuration' if name == 'KUBECONFIG' else 'registry'}"
    return value
