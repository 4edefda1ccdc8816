"""Where a request came from, and by which scheme, when proxies may stand between. Pure.

A header counts only where a trusted proxy wrote it: strangers can write it too.
"""

import ipaddress
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

UNKNOWN: Final = "unknown"


def client(
    peer: str,
    scheme: str,
    forwarded_for: Sequence[str],
    forwarded_proto: str | None,
    trusted: Sequence[Network],
) -> tuple[str, str]:
    """The client's address and the scheme it used, by what the peer and its proxies say.

    `forwarded_for` and `forwarded_proto` are the values of `X-Forwarded-For` and `-Proto`: the last
    address in the chain that is not a trusted proxy is the client.
    """
    near = _parsed(peer)
    if not _among(near, trusted):
        return _readable(near), scheme
    hops = [hop.strip() for hop in ",".join(forwarded_for).split(",") if hop.strip()]
    chain = [_parsed(hop) for hop in hops]
    scheme = (forwarded_proto or scheme).rpartition(",")[2].strip().lower()
    for hop in reversed(chain):
        if not _among(hop, trusted):
            return _readable(hop), scheme
    return _readable(chain[0] if chain else near), scheme


def is_loopback(address: str) -> bool:
    """Whether the address is this machine's own."""
    parsed = _parsed(address)
    return parsed is not None and parsed.is_loopback


# The same few clients and proxies ask all day, and reading an address takes longer than routing.
@lru_cache(maxsize=1024)
def _parsed(text: str) -> Address | None:
    """The address, if it is one. A socket of IPv6 shows IPv4 mapped (RFC 4291, 2.5.5.2)."""
    try:
        parsed = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = parsed.ipv4_mapped if isinstance(parsed, IPv6Address) else None
    return mapped or parsed


def _among(address: Address | None, networks: Sequence[Network]) -> bool:
    return address is not None and any(
        address in network for network in networks if network.version == address.version
    )


def _readable(address: Address | None) -> str:
    """An address as text, or a placeholder: what a stranger wrote there is not kept."""
    return UNKNOWN if address is None else str(address)
