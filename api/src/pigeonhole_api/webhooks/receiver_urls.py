"""Addresses on the web that a webhook may have: a pure check, made before anybody is asked who they belong to."""

import ipaddress
import re
from collections.abc import Sequence

import httpx

from pigeonhole_api.webhooks.addresses import Network, may_receive

_LONGEST = 2000
_MOST_PORT = 65_535
_NAME = re.compile(r"[a-z0-9_]([a-z0-9_.-]*[a-z0-9_.])?")


class UnfitUrl(ValueError):
    """A URL that no webhook may have; the text is a sentence for its author."""


def receiver_url(text: str, networks: Sequence[Network]) -> str:
    """Return a webhook's URL in its plain ASCII form.

    Raises:
        UnfitUrl: It is not https, or says more or less than where to send.
    """
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise UnfitUrl("It is not a URL.") from error
    plain, host = str(url), url.raw_host.decode()
    if url.scheme != "https":
        raise UnfitUrl("It must begin with https://.")
    if url.userinfo or url.fragment or "#" in text:
        raise UnfitUrl("It must have no user, no password and no fragment.")
    if len(plain) > _LONGEST:
        raise UnfitUrl(f"It has more than {_LONGEST:,} characters.")
    if url.port is not None and not 0 < url.port <= _MOST_PORT:
        raise UnfitUrl("Its port is none.")
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        if not _NAME.fullmatch(host):
            raise UnfitUrl("It names no host.") from None
        return plain
    if not may_receive(address, networks):
        raise UnfitUrl("Its address is not a public one.")
    return plain
