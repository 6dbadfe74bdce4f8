"""The versions of an object as the API server tells them, kept while something happens to it."""

import json
import subprocess
import threading
from typing import Any

from .kubectl import Kubectl, wait_until


class Watch:
    """Keeps every version of one object from its start until it is left."""

    def __init__(self, kubectl: Kubectl, kind: str, name: str) -> None:
        self.versions: list[dict[str, Any]] = []
        self._command = kubectl.command("get", kind, name, "--watch", "--output", "json")
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> "Watch":
        self._process = subprocess.Popen(self._command, stdout=subprocess.PIPE, text=True)
        self._thread.start()
        wait_until(lambda: bool(self.versions), "the first version of what is watched")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        self._thread.join()

    def _read(self) -> None:
        assert self._process.stdout is not None
        decoder, text = json.JSONDecoder(), ""
        for line in self._process.stdout:
            text += line
            # kubectl writes one indented document after another; the last line of each closes it.
            if line.startswith("}"):
                self.versions.append(decoder.decode(text))
                text = ""
