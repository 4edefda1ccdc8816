"""Says which addresses, ports and URLs a webhook may call: none that is not public.

Pure: nothing is resolved or opened here. That the guard is asked about every address of a name,
and again where the socket is opened, is left to `transport`.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)

import pycurl

IPAddress = IPv4Address | IPv6Address
IPNetwork = IPv4Network | IPv6Network

LONGEST_URL = 2048
HTTPS_PORT = 443
_LONGEST_NAME = 253
_LONGEST_LABEL = 63
_LABEL_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def _networks(*texts: str) -> tuple[IPNetwork, ...]:
    return tuple(ip_network(text) for text in texts)


# IANA IPv4 and IPv6 Special-Purpose Address Registries, multicast and the reserved blocks. Written
# down, because what `ipaddress` calls global differs from one Python release to the next.
_NOT_PUBLIC_V4 = _networks(
    "0.0.0.0/8",  # this network, RFC 791
    "10.0.0.0/8",  # private, RFC 1918
    "100.64.0.0/10",  # shared by carriers, RFC 6598
    "127.0.0.0/8",  # loopback
    "169.254.0.0/16",  # link-local, RFC 3927
    "172.16.0.0/12",  # private, RFC 1918
    "192.0.0.0/24",  # protocol assignments, RFC 6890
    "192.0.2.0/24",  # documentation, RFC 5737
    "192.88.99.0/24",  # 6to4 relays, RFC 7526
    "192.168.0.0/16",  # private, RFC 1918
    "198.18.0.0/15",  # benchmarking, RFC 2544
    "198.51.100.0/24",  # documentation, RFC 5737
    "203.0.113.0/24",  # documentation, RFC 5737
    "224.0.0.0/4",  # multicast
    "240.0.0.0/4",  # reserved, and broadcast
)
_GLOBAL_UNICAST_V6 = IPv6Network("2000::/3")
_NOT_PUBLIC_V6 = _networks(
    "2001::/23",  # protocol assignments: Teredo, benchmarking, ORCHID, RFC 2928
    "2001:db8::/32",  # documentation, RFC 3849
    "2002::/16",  # 6to4, RFC 7526
    "3fff::/20",  # documentation, RFC 9637
)
# Link-local addresses, and those from which a cloud serves credentials to whoever can ask.
_NEVER = _networks(
    "169.254.0.0/16",
    "fe80::/10",
    "100.100.100.200/32",  # Alibaba Cloud
    "168.63.129.16/32",  # Azure
    "192.0.0.192/32",  # Oracle Cloud
    "fd00:ec2::/32",  # Amazon
    "fd20:ce::254/128",  # Google Cloud
    "fd00:c1::a9fe:a9fe/128",  # Oracle Cloud
    "fd00:42::42/128",  # Scaleway
)

_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291, 2.5.5.2
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
_SIX_TO_FOUR = IPv6Network("2002::/16")  # RFC 3056
_TEREDO = IPv6Network("2001::/32")  # RFC 4380
_COMPATIBLE = IPv6Network("::/96")  # RFC 4291, 2.5.5.1
_V4_MASK = 0xFFFF_FFFF


@dataclass(frozen=True)
class Guard:
    """What may be called: the public Internet on port 443, and what an operator allows beside it.

    Link-local and metadata addresses are refused even inside `allowed_networks`.
    """

    allowed_networks: tuple[IPNetwork, ...] = ()
    allowed_ports: frozenset[int] = frozenset()

    def refusal(self, ip: IPAddress) -> str | None:
        """Return why `ip` may not be called, to be read after "Refused: ", or None if it may.

        An IPv6 address that stands for an IPv4 one is judged by what it embeds, too.
        """
        meant = _translated(ip)
        judged = (meant, *_embedded(meant))
        if any(_is_never(address) for address in judged):
            return f"the address {ip} is link-local or serves metadata"
        if all(self._is_open(address) for address in judged):
            return None
        return f"the address {ip} is not public"

    def port_refusal(self, port: int) -> str | None:
        """Return why `port` may not be called, to be read after "Refused: ", or None."""
        if port == HTTPS_PORT or port in self.allowed_ports:
            return None
        return f"port {port} is not among those allowed"

    def check_url(self, url: str) -> list[str]:
        """Return what is wrong with a webhook's URL, one sentence for each; none repeats a value.

        The host is read by libcurl's own parser, the one that will send to it; whatever another
        parser could read differently is refused. Names are not resolved.
        """
        problems = _spelling_problems(url)
        if problems:
            return problems
        try:
            parsed = pycurl.CurlUrl(url)
        except pycurl.error:
            return ["The URL is not valid."]
        problems = self._port_problems(parsed.port)
        problems += self._host_problems(parsed.host, _authority(url))
        return problems

    def _is_open(self, ip: IPAddress) -> bool:
        return is_public(ip) or any(ip in network for network in self.allowed_networks)

    def _port_problems(self, port: str | None) -> list[str]:
        if port is None or self.port_refusal(int(port)) is None:
            return []
        if not self.allowed_ports:
            return [f"The port must be {HTTPS_PORT}."]
        allowed = ", ".join(str(port) for port in sorted({HTTPS_PORT, *self.allowed_ports}))
        return [f"The port must be one of {allowed}."]

    def _host_problems(self, host: str, authority: str) -> list[str]:
        literal = literal_address(host)
        if literal is not None:
            return ["The address is not public."] if self.refusal(literal) else []
        # No URL is known that libcurl reads otherwise than it is split here; such a one is refused.
        if not _is_name(host) or _host_part(authority) != host.lower():
            return ["The host name is not valid."]
        if _is_localhost(host) and not self._allows_loopback():
            return ["The address is not public."]
        return []

    def _allows_loopback(self) -> bool:
        return self.refusal(IPv4Address("127.0.0.1")) is None


@lru_cache(maxsize=4096)
def is_public(ip: IPAddress) -> bool:
    """Tell whether `ip` is an address of the public Internet (by the IANA registries)."""
    if isinstance(ip, IPv4Address):
        return not any(ip in network for network in _NOT_PUBLIC_V4)
    return ip in _GLOBAL_UNICAST_V6 and not any(ip in network for network in _NOT_PUBLIC_V6)


@lru_cache(maxsize=4096)
def _is_never(ip: IPAddress) -> bool:
    return any(ip in network for network in _NEVER)


@lru_cache(maxsize=4096)
def literal_address(host: str) -> IPAddress | None:
    """Return the address that a host as libcurl gives it (`CurlUrl.host`) spells, if it does."""
    try:
        return ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return None


def _spelling_problems(url: str) -> list[str]:
    """Return what is wrong with the URL as text, before any parser reads it."""
    if len(url) > LONGEST_URL:
        return [f"The URL may have at most {LONGEST_URL} characters."]
    if not url.lower().startswith("https://"):
        return ["The URL must begin with https://."]
    if not all("!" <= character <= "~" for character in url):
        return [
            "The URL may have no spaces, control characters or letters outside ASCII: "
            "write them percent-encoded, and a host name as xn--."
        ]
    if "\\" in url:
        return ["The URL may have no backslash."]
    authority = _authority(url)
    if not authority:
        return ["The URL needs a host name."]
    problems = []
    if "#" in url:
        problems.append("The URL may have no fragment (#).")
    if "@" in authority:
        problems.append("The URL may have no user name or password.")
    if "%" in authority:
        problems.append("The host name is not valid.")
    return problems


def _authority(url: str) -> str:
    rest = url[len("https://") :]
    for end in "/?#":
        rest = rest.partition(end)[0]
    return rest


def _host_part(authority: str) -> str:
    return authority.lower().partition(":")[0]


def _is_localhost(name: str) -> bool:
    return name.lower() == "localhost" or name.lower().endswith(".localhost")


def _is_name(host: str) -> bool:
    """Tell whether `host` is a name that no resolver takes for a number."""
    labels = host.lower().split(".")
    return (
        len(host) <= _LONGEST_NAME
        and all(_is_label(label) for label in labels)
        # A resolver reads 127.0.0.0x1 as an address, and no top-level domain is a number.
        and not labels[-1][0].isdigit()
    )


def _is_label(label: str) -> bool:
    return (
        0 < len(label) <= _LONGEST_LABEL
        and _LABEL_CHARACTERS.issuperset(label)
        and not label.startswith("-")
        and not label.endswith("-")
    )


def _translated(ip: IPAddress) -> IPAddress:
    """Return the IPv4 address that packets to `ip` really go to, or `ip` as it is."""
    if isinstance(ip, IPv6Address) and (ip in _MAPPED or ip in _NAT64):
        return IPv4Address(int(ip) & _V4_MASK)
    return ip


def _embedded(ip: IPAddress) -> Iterator[IPv4Address]:
    """Yield the IPv4 addresses that a tunnel or a translator might take `ip` to mean."""
    if isinstance(ip, IPv4Address):
        return
    number = int(ip)
    if ip in _SIX_TO_FOUR:
        yield IPv4Address(number >> 80 & _V4_MASK)
    elif ip in _TEREDO:
        yield IPv4Address(number >> 64 & _V4_MASK)
        yield IPv4Address(~number & _V4_MASK)
    elif ip in _NAT64_LOCAL:
        yield from _embedded_by_a_local_nat64(number)
    elif ip in _COMPATIBLE and number > 1:
        yield IPv4Address(number & _V4_MASK)


def _embedded_by_a_local_nat64(number: int) -> Iterable[IPv4Address]:
    # The prefix may be used whole (/48: the address lies around the eighth byte, which is skipped)
    # or as a /96 of it (the address is at the end). RFC 6052, 2.2.
    whole = (number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF
    return [IPv4Address(value) for value in (whole, number & _V4_MASK) if value]
