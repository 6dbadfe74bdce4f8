"""An app as its container runs it: a real process below a path of its own."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from pigeonhole_frontends.laptop.ports import any_free_port

pytestmark = pytest.mark.integration
SECONDS = 60


@pytest.mark.parametrize("app", ["user", "admin"])
def test_an_app_answers_below_its_path_and_ends_when_it_is_told_to(app: str, tmp_path: Path) -> None:
    port = any_free_port()
    command = [sys.executable, "-m", "pigeonhole_frontends.app_launch", app, "--port", str(port)]
    process = subprocess.Popen([*command, "--address", "127.0.0.1", "--base-path", f"/pigeonhole/{app}"], cwd=tmp_path)
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + SECONDS
        while not answers(f"{address}/pigeonhole/{app}/_stcore/health"):
            assert process.poll() is None, "the app has ended"
            assert time.monotonic() < deadline, "the app does not answer"
            time.sleep(0.1)
        assert not answers(f"{address}/_stcore/health")
        assert "<title>" in httpx.get(f"{address}/pigeonhole/{app}/").text
        process.send_signal(signal.SIGTERM)
        assert process.wait(SECONDS) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait(SECONDS)


def answers(url: str) -> bool:
    try:
        return httpx.get(url).status_code == httpx.codes.OK
    except httpx.TransportError:
        return False
