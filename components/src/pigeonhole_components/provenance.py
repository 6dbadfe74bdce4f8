"""Which code made a model."""

import os
import subprocess
from pathlib import Path

UNKNOWN = "unknown"
_DEADLINE_SECONDS = 10


def git_commit(directory: Path = Path(__file__).parent) -> str:
    """Return the commit of the code in a folder, with `-dirty` when files differ from it.

    Without git or outside a repository, as in an image, it is `PIGEONHOLE_GIT_COMMIT`, else `unknown`.
    """
    command = ["git", "-C", str(directory), "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    environment = {**os.environ, "GIT_OPTIONAL_LOCKS": "0"}
    try:
        found = subprocess.run(
            command, env=environment, capture_output=True, text=True, timeout=_DEADLINE_SECONDS, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return os.environ.get("PIGEONHOLE_GIT_COMMIT") or UNKNOWN
    return found.stdout.strip()
