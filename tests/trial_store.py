"""The trials' store of objects (k8s/demo/s3) as a process on this machine."""

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

from pigeonhole_frontends.laptop.ports import any_free_port

START = Path(__file__).parents[1] / "k8s" / "demo" / "s3" / "start"
BUCKET, KEY, SECRET, REGION = "documents", "trial", "a-secret-of-trials", "us-east-1"
_SECONDS = 30


class TrialStore:
    """Runs until `close`; may be killed and started again meanwhile, on the same data and port."""

    def __init__(self, folder: Path) -> None:
        self.data = folder
        self._port = any_free_port()
        self.url = f"http://127.0.0.1:{self._port}"
        self.start()

    def start(self) -> None:
        """Start the store and wait until it listens."""
        programs = f"{Path(sys.executable).parent}:{os.environ['PATH']}"
        settings = {"DATA": str(self.data), "ADDRESS": f"127.0.0.1:{self._port}", "BUCKET": BUCKET}
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET}
        self.process = subprocess.Popen([START], env={"PATH": programs, **settings, **keys}, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + _SECONDS
        while not self._listens():
            assert self.process.poll() is None, "the store has ended"
            assert time.monotonic() < deadline, "the store does not listen"
            time.sleep(0.02)

    def kill(self) -> None:
        """End it as a node's failure does."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(_SECONDS)

    def close(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(_SECONDS)

    @property
    def environment(self) -> dict[str, str]:
        """What boto3 is told of it."""
        keys = {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": SECRET, "AWS_DEFAULT_REGION": REGION}
        return {"AWS_ENDPOINT_URL": self.url, **keys}

    def tell(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Let this process's boto3 know it; the keys that it has found before are forgotten."""
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)

    def client(self) -> Any:
        """Return a client that does not try again."""
        names = {"aws_access_key_id": KEY, "aws_secret_access_key": SECRET, "region_name": REGION}
        return boto3.client("s3", endpoint_url=self.url, config=Config(retries={"max_attempts": 1}), **names)

    def _listens(self) -> bool:
        with socket.socket() as caller:
            return caller.connect_ex(("127.0.0.1", self._port)) == 0
