"""One request and what is known of it: its id, the client's address, whether the way was safe;
and its answer, as far as it is made.
"""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import msgspec
from starlette.requests import Request

from jump.keys.admit import Admission
from jump.kit import client_address
from jump.kit.client_address import Network, is_loopback
from jump.kit.ids import new_id
from jump.rest.parts import Parts


@dataclass(slots=True)
class Exchange:
    """One request on its way.

    `admission` is there once the key is admitted, or only its limit refused it; `known` also when
    it was good once. `template` is there once the address is known, `digest` (SHA-256) once a JSON
    body is read.
    """

    parts: Parts
    request: Request
    id: str
    at: int
    began: float
    address: str
    secure: bool
    path: str
    template: str = "(unknown)"
    admission: Admission | None = None
    known: Admission | None = None
    recorded: bool = False
    digest: bytes = b""

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds since the request came."""
        return round((time.perf_counter() - self.began) * 1000)


class Rendered(msgspec.Struct, frozen=True):
    """An answer ready to leave; `stream` is what follows the body piece by piece.

    Of an error its code and the scope that was missing, never the exception itself: that knows all
    who had the request in hand, and would keep it, its body and its connection, long after.
    """

    status: int
    body: bytes
    headers: dict[str, str]
    patients: tuple[str, ...] = ()
    error_code: str | None = None
    missing_scope: str | None = None
    stream: AsyncIterator[bytes] | None = None


def begin(parts: Parts, scope: Any, receive: Any, path: str) -> Exchange:
    """Take in a request; `path` is its address below the API's base."""
    request = Request(scope, receive)
    address, scheme = client(request, parts.trusted_proxies)
    at = parts.clock()
    return Exchange(
        parts=parts,
        request=request,
        id=new_id("req", at),
        at=at,
        began=time.perf_counter(),
        address=address,
        secure=scheme == "https" or is_loopback(address),
        path=path,
    )


def client(request: Request, trusted: tuple[Network, ...]) -> tuple[str, str]:
    """The client's address and the scheme it used."""
    return client_address.client(
        request.client.host if request.client else client_address.UNKNOWN,
        request.scope.get("scheme", "http"),
        request.headers.getlist("x-forwarded-for"),
        request.headers.get("x-forwarded-proto"),
        trusted,
    )
