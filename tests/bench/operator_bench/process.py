"""The operator as its image runs it: in an environment of its own, with what the lock names for it and no more."""

import contextlib
import os
import re
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from pigeonhole_frontends.laptop.ports import any_free_port

ENVIRONMENT = Path("build/bench/operator-environment")
_RESIDENT = re.compile(r"^VmRSS:\s+(\d+) kB$", re.MULTILINE)
_PEAK = re.compile(r"^VmHWM:\s+(\d+) kB$", re.MULTILINE)


def install(uv: Path = Path(".tools/uv/bin/uv")) -> Path:
    """Install the operator alone, and return its Python."""
    command = [str(uv), "sync", "--frozen", "--quiet", "--no-dev", "--no-editable", "--package", "pigeonhole-operator"]
    own = {"UV_PROJECT_ENVIRONMENT": str(ENVIRONMENT.absolute()), "UV_SYSTEM_CERTS": "1"}
    # The workspace's own code is built anew each time: a wheel of the same version would be taken for it.
    rooms = [item for room in ("core", "operator") for item in ("--reinstall-package", f"pigeonhole-{room}")]
    subprocess.run([*command, *rooms], env={**os.environ, **own}, check=True)
    return ENVIRONMENT.absolute() / "bin" / "python"


class OperatorProcess:
    """A running operator."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    def megabytes(self) -> tuple[float, float]:
        """Return its resident memory now, and the most that it ever had."""
        status = Path(f"/proc/{self._pid}/status").read_text(encoding="utf-8")
        found = [pattern.search(status) for pattern in (_RESIDENT, _PEAK)]
        now, peak = (int(match[1]) * 1024 / 1_000_000 for match in found if match)
        return now, peak

    def cpu_seconds(self) -> float:
        """Return the seconds of CPU that it has had."""
        fields = Path(f"/proc/{self._pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


@contextlib.contextmanager
def operator(python: Path, kubeconfig: Path, namespace: str, mlflow: str, log: Path) -> Iterator[OperatorProcess]:
    """Run the operator for a namespace."""
    settings = {
        "NAMESPACE": namespace,
        "LEASE_NAMESPACE": namespace,
        "MLFLOW_URL": mlflow,
        "PORT": str(any_free_port()),
    }
    environment = {f"PIGEONHOLE_OPERATOR_{name}": value for name, value in settings.items()}
    own = {"KUBECONFIG": str(kubeconfig), "PATH": os.environ["PATH"], "HOME": os.environ["HOME"], **environment}
    with log.open("wb") as output:
        process = subprocess.Popen(
            [str(python), "-m", "pigeonhole_operator"], env=own, stdout=output, stderr=subprocess.STDOUT
        )
    try:
        yield OperatorProcess(process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)
