"""`pigeonhole models` where no cluster can be asked: one sentence, a hint, exit code 5, and soon."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration
CONFIGURATION = """
apiVersion: v1
kind: Config
clusters: [{{name: c, cluster: {{server: "{server}"}}}}]
users: [{{name: u, user: {{token: a-token}}}}]
contexts: [{{name: c, context: {{cluster: c, user: u}}}}]
current-context: c
"""
GOOD = CONFIGURATION.format(server="https://127.0.0.1:1")
UNUSABLE = {
    "empty": "",
    "not YAML": "{",
    "no list of clusters": "a: 1",
    "no context": GOOD.replace("current-context: c", ""),
    "unknown context": GOOD.replace("current-context: c", "current-context: d"),
    "unknown cluster": GOOD.replace("{cluster: c, user: u}", "{cluster: d, user: u}"),
    "no user": GOOD.replace(", user: u}", "}"),
    "no certificate": GOOD.replace("}}]\nusers", ", certificate-authority: nowhere.crt}}]\nusers"),
    "broken certificate": GOOD.replace("}}]\nusers", ", certificate-authority-data: '%'}}]\nusers"),
    "broken address": CONFIGURATION.format(server="https://127.0.0.1:port"),
    "another type": GOOD.replace("{token: a-token}", "{token: [a-token]}"),
    "another way to sign in": GOOD.replace(
        "{token: a-token}", "{exec: {apiVersion: client.authentication.k8s.io/v1, command: nowhere}}"
    ),
}


def models(*arguments: str, home: Path, kubeconfig: Path | None) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from pigeonhole_frontends.cli import main; main()", "models", *arguments]
    environment = {**os.environ, "HOME": str(home), "COLUMNS": "500"}
    for name in ("KUBECONFIG", "PIGEONHOLE_DEPLOYMENT", "PIGEONHOLE_NAMESPACE"):
        environment.pop(name, None)
    if kubeconfig is not None:
        environment["KUBECONFIG"] = str(kubeconfig)
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def state(home: Path, configuration: str | None) -> list[str]:
    """Return what is said of a cluster that cannot be asked, line by line."""
    file = home / "kubeconfig"
    if configuration is not None:
        file.write_text(configuration)
    done = models("state", "--deployment", "documents", home=home, kubeconfig=None if configuration is None else file)
    assert (done.returncode, done.stdout) == (5, "")
    return done.stderr.splitlines()


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("case", UNUSABLE)
def test_a_configuration_that_leads_nowhere_is_told_in_a_sentence(tmp_path: Path, case: str) -> None:
    sentence, hint = state(tmp_path, UNUSABLE[case])
    assert sentence.startswith("Error: No cluster can be asked: ")
    assert sentence.endswith(".")
    assert "a-token" not in sentence
    assert hint == "Hint: Set KUBECONFIG to a file with which kubectl reaches the cluster."


def test_without_a_configuration_it_is_named_where_one_was_looked_for(tmp_path: Path) -> None:
    sentence, _ = state(tmp_path, None)
    assert sentence == "Error: No cluster can be asked: Configuration file ~/.kube/config not found."


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_nobody_waits_long_for_a_cluster_that_says_nothing(tmp_path: Path, silent: str, scheme: str) -> None:
    started = time.monotonic()
    sentence, hint = state(tmp_path, CONFIGURATION.format(server=f"{scheme}://{silent}"))
    assert sentence == "Error: The cluster does not answer."
    assert hint == "Hint: Check that kubectl reaches the cluster."
    assert time.monotonic() - started < 20


def test_a_cluster_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    started = time.monotonic()
    assert state(tmp_path, GOOD)[0] == "Error: The cluster does not answer."
    assert time.monotonic() - started < 10


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["state"], "Error: Name the ModelDeployment: --deployment, or PIGEONHOLE_DEPLOYMENT."),
        (["pin", "3", "--deployment", "d"], "Error: Say why: --reason TEXT, three characters at least."),
        (["rollback", "--deployment", "d"], "Error: Say why: --reason TEXT, three characters at least."),
    ],
)
def test_what_is_not_said_is_asked_for_before_the_cluster_is(
    tmp_path: Path, arguments: list[str], sentence: str
) -> None:
    done = models(*arguments, home=tmp_path, kubeconfig=None)
    assert (done.returncode, done.stderr) == (2, f"{sentence}\n")
