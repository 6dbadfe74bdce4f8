"""One webhook over HTTPS: to an address that was checked, under the certificate of its host's name."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import httpcore
import httpx

from pigeonhole.errors import PigeonholeError
from pigeonhole_api.webhooks.addresses import Network, may_receive
from pigeonhole_api.webhooks.connecting import (
    CertificateRefused,
    CheckedBackend,
    Deadline,
    Resolve,
    resolve_in_time,
    system_addresses,
)
from pigeonhole_api.webhooks.outcomes import Outcome, Unsent

_HTTPS_PORT = 443


@dataclass(frozen=True)
class Letter:
    """What is sent: where to, and the body with its headers."""

    url: str
    headers: dict[str, str]
    body: bytes


class Sender:
    """Sends letters; safe to share between threads, as each gets a connection of its own."""

    def __init__(
        self,
        networks: Sequence[Network],
        *,
        seconds: float,
        ca_file: str = "",
        resolve: Resolve = system_addresses,
    ) -> None:
        """Read the certificate authorities.

        Args:
            networks: Networks that are not public, and allowed.
            seconds: Time for a letter, from the look at its host's name to the answer's status.
            ca_file: Certificate authorities besides the usual ones, as PEM.
            resolve: Finds a host's addresses.

        Raises:
            PigeonholeError: `webhook-ca-invalid`.
        """
        self._networks = networks
        self._seconds = seconds
        self._resolve = resolve
        self._tls = _tls_context(ca_file)

    def send(self, letter: Letter) -> Outcome:
        """Return what came of a letter; no failure of its receiver is an exception.

        Nothing of the answer but its status is read, and a redirect is not followed.
        """
        url, deadline = httpx.URL(letter.url), Deadline(self._seconds)
        host, port = url.raw_host.decode(), url.port or _HTTPS_PORT
        try:
            addresses = resolve_in_time(self._resolve, host, port, deadline)
        except TimeoutError:
            return Outcome(reason=Unsent.TIMEOUT)
        except (OSError, ValueError):
            return Outcome(reason=Unsent.HOST_UNKNOWN)
        # One private address among public ones is enough to be suspicious of all.
        if not addresses or not all(may_receive(address, self._networks) for address in addresses):
            return Outcome(reason=Unsent.ADDRESS_REFUSED)
        headers = [*letter.headers.items(), ("Host", url.netloc.decode()), ("Connection", "close")]
        try:
            backend = CheckedBackend(addresses, deadline)
            target = httpcore.URL(scheme=b"https", host=url.raw_host, port=port, target=url.raw_path)
            with (
                httpcore.ConnectionPool(ssl_context=self._tls, network_backend=backend) as connections,
                connections.stream("POST", target, headers=headers, content=letter.body) as answer,
            ):
                return Outcome(status=answer.status)
        except httpcore.TimeoutException:
            return Outcome(reason=Unsent.TIMEOUT)
        except CertificateRefused:
            return Outcome(reason=Unsent.CERTIFICATE_REFUSED)
        except httpcore.ConnectError:
            return Outcome(reason=Unsent.UNREACHABLE)
        except (httpcore.NetworkError, httpcore.ProtocolError):
            return Outcome(reason=Unsent.BROKEN_OFF)


def _tls_context(ca_file: str) -> ssl.SSLContext:
    context = httpx.create_ssl_context(trust_env=False)
    if not ca_file:
        return context
    try:
        context.load_verify_locations(Path(ca_file))
    except (OSError, ssl.SSLError) as error:
        raise PigeonholeError(
            "PIGEONHOLE_API_WEBHOOK_CA_FILE: the file has no certificates that can be read.",
            code="webhook-ca-invalid",
            hint="It is to hold certificate authorities as PEM.",
        ) from error
    return context
