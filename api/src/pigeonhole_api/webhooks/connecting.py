"""Connections to addresses that were checked, under one deadline for everything that happens on them."""

import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import httpcore

from pigeonhole_api.webhooks.addresses import Address

Resolve = Callable[[str, int], Sequence[Address]]
"""Returns a host's addresses, or raises OSError."""


class CertificateRefused(httpcore.ConnectError):
    """The receiver's certificate is not one of its host by an authority that is known."""


class Deadline:
    """The end of an attempt, however many waits it is made of."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left.

        Raises:
            TimeoutError: None are.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def system_addresses(host: str, port: int) -> Sequence[Address]:
    """Return a host's addresses as this machine finds them."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(ipaddress.ip_address(each[4][0]) for each in found))


def resolve_in_time(resolve: Resolve, host: str, port: int, deadline: Deadline) -> Sequence[Address]:
    """Return a host's addresses.

    Raises:
        OSError: They cannot be found; TimeoutError when that took too long.
    """
    answers: queue.SimpleQueue[Sequence[Address] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put(resolve(host, port))
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            answers.put(error)

    # The system's resolver takes no timeout, so whoever waits for it is not the one who asks it.
    threading.Thread(target=ask, name="resolver", daemon=True).start()
    try:
        answer = answers.get(timeout=deadline.left())
    except queue.Empty:
        raise TimeoutError from None
    if isinstance(answer, Exception):
        raise answer
    return answer


class CheckedBackend(httpcore.NetworkBackend):
    """Connects to given addresses, whatever the host's name would lead to by now."""

    def __init__(self, addresses: Sequence[Address], deadline: Deadline) -> None:
        self._addresses = addresses
        self._deadline = deadline
        self._sockets = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 - the very thing that is not to be looked up again
        port: int,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is for all
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Return a connection to the first of the addresses that takes one."""
        for address in self._addresses[:-1]:
            try:
                return self._connect(address, port, local_address, socket_options)
            except httpcore.ConnectError:
                continue
        return self._connect(self._addresses[-1], port, local_address, socket_options)

    def _connect(
        self, address: Address, port: int, local_address: str | None, socket_options: Iterable[Any] | None
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        stream = self._sockets.connect_tcp(str(address), port, left, local_address, socket_options)
        return _DeadlineStream(stream, self._deadline)


class _DeadlineStream(httpcore.NetworkStream):
    """A connection on which every wait ends with the deadline: a receiver that trickles holds nobody up."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: Deadline) -> None:
        self._stream = stream
        self._deadline = deadline

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002 - the deadline is for all
        return self._stream.read(max_bytes, _left(self._deadline, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002 - the deadline is for all
        self._stream.write(buffer, _left(self._deadline, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is for all
    ) -> httpcore.NetworkStream:
        left = _left(self._deadline, httpcore.ConnectTimeout)
        try:
            encrypted = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise CertificateRefused from error
            raise
        return _DeadlineStream(encrypted, self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


def _left(deadline: Deadline, too_late: type[httpcore.TimeoutException]) -> float:
    try:
        return deadline.left()
    except TimeoutError as error:
        raise too_late from error
