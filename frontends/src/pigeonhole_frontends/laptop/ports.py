"""Ports of the processes on a laptop."""

import socket
from collections.abc import Collection

LOOPBACK = "127.0.0.1"

DEFAULT_PORTS = {"api": 8000, "transformer": 8080, "user app": 8501, "admin app": 8502}
"""The ports that `pigeonhole serve` takes when they are free, else the next free ones."""

_TRIES = 200
_ANSWER_SECONDS = 0.5


def is_free(port: int) -> bool:
    """Tell whether a server could listen on a port of the loopback address, and be reached there.

    A container engine or a cluster may forward a port without listening on it: then it could be bound, and callers
    would reach another server, or none.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.settimeout(_ANSWER_SECONDS)
        try:
            probe.bind((LOOPBACK, port))
            probe.listen(1)
            return _reaches(probe)
        except OSError:
            return False


def _reaches(listener: socket.socket) -> bool:
    """Tell whether a caller of the listener's address arrives at it.

    Raises:
        OSError: Nobody answers there, or nobody arrives.
    """
    caller = socket.create_connection(listener.getsockname(), timeout=_ANSWER_SECONDS)
    with caller:
        arrived, address = listener.accept()
        called_from = caller.getsockname()
    arrived.close()  # after the caller: the side that closes first keeps the port for a while
    return bool(address == called_from)


def next_free_port(wanted: int, taken: Collection[int] = ()) -> int:
    """Return the first free port from the wanted one on, leaving out those taken meanwhile.

    Raises:
        OSError: None of the next 200 is free.
    """
    for port in range(wanted, wanted + _TRIES):
        if port not in taken and is_free(port):
            return port
    raise OSError(f"no port from {wanted} to {wanted + _TRIES - 1} is free")


def any_free_port() -> int:
    """Return a port that the system says is free."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind((LOOPBACK, 0))
        return int(probe.getsockname()[1])
