"""Plain HTTP exchanges of the command line itself, as a client: one request, one answer, no more.

Redirects are not followed and proxies not asked, so that a key goes where it was sent and nowhere
else. Deliveries of webhooks are left to `jump.webhooks`.
"""

import http.client
import ipaddress
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LONGEST_ANSWER = 64 * 1024 * 1024


class NoAnswer(Exception):
    """Nothing, or nothing whole, came back; the message is a short phrase."""


@dataclass(frozen=True, slots=True)
class Target:
    """An address that was checked: `path` has no slash at its end, and may be empty."""

    scheme: str
    host: str
    port: int | None
    path: str
    query: str = ""

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        port = "" if self.port is None else f":{self.port}"
        return f"{self.scheme}://{host}{port}{self.path}{self.query}"

    @property
    def is_loopback(self) -> bool:
        """Whether it names this machine itself."""
        if self.host == "localhost" or self.host.endswith(".localhost"):
            return True
        try:
            return ipaddress.ip_address(self.host).is_loopback
        except ValueError:
            return False


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer: its status, its headers by lower-case name, and its whole body."""

    status: int
    headers: Mapping[str, str]
    body: bytes


def target(text: str) -> Target:
    """The address of an http or https URL. ValueError, for people."""
    wanted = "Write http:// or https://, a host and a path, such as https://jump.example.org."
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError(wanted) from None
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment:
        raise ValueError(wanted)
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError(wanted)
    if "@" in parts.netloc:
        raise ValueError(f"It may have no user name or password. {wanted}")
    query = f"?{parts.query}" if parts.query else ""
    return Target(parts.scheme, parts.hostname, port, parts.path.rstrip("/"), query)


def exchange(
    to: Target,
    method: str,
    below: str = "",
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    timeout: float,
    trust: ssl.SSLContext | None = None,
) -> Reply:
    """One request to the target, or to what lies below it. Raises NoAnswer.

    `timeout` is in seconds, for each step of it; `trust` stands in for the system's authorities.
    """
    connection = _connection(to, timeout, trust)
    try:
        path = f"{to.path}{below}" if below else f"{to.path or '/'}{to.query}"
        connection.request(method, path, body, dict(headers))
        answer = connection.getresponse()
        named = {name.lower(): value for name, value in answer.getheaders()}
        return Reply(answer.status, named, answer.read(LONGEST_ANSWER))
    except TimeoutError:
        raise NoAnswer(f"no answer within {timeout:g} s") from None
    except ssl.SSLCertVerificationError as failure:
        raise NoAnswer(f"its certificate is not trusted: {failure.verify_message}") from None
    except OSError as failure:
        raise NoAnswer((failure.strerror or "connection failed").lower()) from None
    except http.client.HTTPException:
        raise NoAnswer("what answers there does not speak HTTP, or broke off") from None
    finally:
        connection.close()


def _connection(
    to: Target, timeout: float, trust: ssl.SSLContext | None
) -> http.client.HTTPConnection:
    if to.scheme == "http":
        return http.client.HTTPConnection(to.host, to.port, timeout=timeout)
    context = trust or ssl.create_default_context()
    return http.client.HTTPSConnection(to.host, to.port, timeout=timeout, context=context)
