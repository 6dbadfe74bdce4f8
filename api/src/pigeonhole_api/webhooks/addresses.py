"""Which addresses a webhook may be sent to: a pure decision, on which a private network relies."""

import ipaddress
from collections.abc import Iterable, Sequence

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_IPV6_UNICAST = ipaddress.IPv6Network("2000::/3")


def may_receive(address: Address, networks: Iterable[Network]) -> bool:
    """Tell whether an address is public, or in one of the networks that the settings name."""
    # What is wrapped into IPv6 arrives at the IPv4 address within, so that one is judged.
    inner = _wrapped(address) or address
    return any(inner in network for network in networks) or _is_public(inner)


def read_networks(text: str) -> Sequence[Network]:
    """Return networks from CIDRs with commas between.

    Raises:
        ValueError: One of them is no network.
    """
    return [ipaddress.ip_network(name.strip()) for name in text.split(",") if name.strip()]


def _is_public(address: Address) -> bool:
    if isinstance(address, ipaddress.IPv6Address) and address not in _IPV6_UNICAST:
        return False
    # Multicast counts as global, though nobody in particular listens there.
    return address.is_global and not (address.is_multicast or address.is_reserved)


def _wrapped(address: Address) -> ipaddress.IPv4Address | None:
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour
