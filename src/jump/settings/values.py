"""Reads single values of settings: numbers, networks, addresses and files.

A ValueError is a sentence that says what to write and never repeats what was written.
"""

import ipaddress
import re
import ssl
from collections.abc import Callable
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import urlsplit

from jump.sealing import SHORTEST_SECRET

IPNetwork: TypeAlias = IPv4Network | IPv6Network

_LONGEST_NUMBER: Final = 9
_HOST_NAME: Final = re.compile(
    r"(?=.{1,253}\Z)(?:[0-9A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?\.)*"
    r"[A-Za-z](?:[0-9A-Za-z-]{0,61}[0-9A-Za-z])?"
)


def whole_number(low: int, high: int, example: int) -> Callable[[str], int]:
    """A reader of whole numbers from low to high."""

    def read(text: str) -> int:
        number = _digits(text)
        if number is None or not low <= number <= high:
            raise ValueError(f"Write a whole number from {low} to {high}, such as {example}.")
        return number

    return read


port: Final = whole_number(1, 65_535, 8_000)
days: Final = whole_number(1, 36_500, 30)


def ports(text: str) -> frozenset[int]:
    """Ports with commas between them; none for an empty text."""
    numbers = [_digits(word) for word in _words(text)]
    good = [number for number in numbers if number is not None and 1 <= number <= 65_535]
    if len(good) != len(numbers):
        raise ValueError("Write ports from 1 to 65535 with commas between them, such as 8443,9443.")
    return frozenset(good)


def networks(text: str) -> tuple[IPNetwork, ...]:
    """Networks (CIDR) or single addresses with commas between them; none for an empty text."""
    return tuple(_network(place, word) for place, word in enumerate(_words(text), 1))


def private_networks(text: str) -> tuple[IPNetwork, ...]:
    """Networks that a webhook may call although they are not public."""
    found = networks(text)
    if any(network.is_link_local for network in found):
        raise ValueError("Leave out link-local networks: webhooks may never call these.")
    return found


def host(text: str) -> str:
    """An IP address or a host name, without a scheme, a port or brackets."""
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        if _HOST_NAME.fullmatch(text):
            return text
    raise ValueError("Write an address or a host name alone, such as 127.0.0.1 or 0.0.0.0.")


def public_url(text: str) -> str:
    """`http(s)://host[:port]`, without the slash that may end it."""
    wanted = "Write http:// or https:// and a host, such as https://jump.example.org."
    try:
        parts = urlsplit(text)
        good = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        # Its own sentence may repeat what was written.
        raise ValueError(wanted) from None
    if not good or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(wanted)
    if "@" in parts.netloc:
        raise ValueError(f"It may have no user name or password. {wanted}")
    if parts.path not in ("", "/") or "?" in text or "#" in text:
        raise ValueError(f"It may have no path after the host. {wanted}")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def url_of(listening_host: str, listening_port: int) -> str:
    """The address at which this machine reaches what listens there."""
    # Every address of the machine is listened on, but none of them is called "any".
    reachable = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(listening_host, listening_host)  # noqa: S104
    return f"http://{f'[{reachable}]' if ':' in reachable else reachable}:{listening_port}"


def secret(text: str) -> str:
    """A secret key as it stands, if it is long enough."""
    if len(text) < SHORTEST_SECRET:
        raise ValueError(
            f"It is too short. Write any text of at least {SHORTEST_SECRET} characters, "
            "such as what `openssl rand -base64 32` prints."
        )
    return text


def secret_in_file(path: Path) -> str:
    """The secret key that a file holds, without the line end that an editor adds."""
    try:
        text = path.read_text("utf-8")
    except OSError as failure:
        raise ValueError(f"The file cannot be read: {failure.strerror}.") from None
    except UnicodeDecodeError:
        raise ValueError("The file must be text in UTF-8.") from None
    return secret(text.rstrip("\r\n"))


def certificates(path: Path) -> Path:
    """The path of a file with at least one certificate in PEM."""
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise ValueError("The file holds no certificate. Name one in PEM.") from None
    except OSError as failure:
        raise ValueError(f"The file cannot be read: {failure.strerror}.") from None
    return path


def _words(text: str) -> list[str]:
    return [word.strip() for word in text.split(",")] if text.strip() else []


def _digits(text: str) -> int | None:
    # int() would take signs, underscores and the digits of every script.
    good = text.isascii() and text.isdigit() and len(text) <= _LONGEST_NUMBER
    return int(text) if good else None


def _network(place: int, word: str) -> IPNetwork:
    try:
        loose = ipaddress.ip_network(word, strict=False)
    except ValueError:
        raise ValueError(
            f"Entry {place} is no network. Write addresses or networks with commas between them, "
            "such as 10.0.0.0/8,fd00::/8."
        ) from None
    try:
        return ipaddress.ip_network(word)
    except ValueError:
        raise ValueError(
            f"Entry {place} names an address inside its network. Write {loose}, "
            "or the address alone."
        ) from None
