"""What a client's address is counted as, so that nobody gets a fresh count for every try. Pure."""

import ipaddress
from functools import lru_cache


@lru_cache(maxsize=1024)
def network(address: str) -> str:
    """What an address is counted as: itself, or for IPv6 the /64, which one customer has whole."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv4Address):
        return str(parsed)
    if parsed.ipv4_mapped is not None:
        return str(parsed.ipv4_mapped)
    return f"{ipaddress.IPv6Address(int(parsed) >> 64 << 64)}/64"
