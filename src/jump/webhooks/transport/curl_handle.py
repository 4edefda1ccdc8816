"""One libcurl handle, set up once to speak plain HTTPS to checked addresses and to nothing else.

It is loaded with a request, driven by others, and asked for the outcome; then it can be used again.
"""

import asyncio
import socket
from ipaddress import ip_address

import pycurl
from msgspec import Struct

from jump.webhooks.phases import Answered, Broken, Durations, Headers, NotSent
from jump.webhooks.transport.address_guard import Guard
from jump.webhooks.transport.answer_reader import AnswerReader
from jump.webhooks.transport.curl_failures import Failure, Limits, ended_without_goodbye, outcome_of

_IDLE_SECONDS = 60
_CONNECTION_SECONDS = 600
# Longer than any attempt, so that a pinned address does not run out in the middle of one.
_PINNED_SECONDS = 60
# libcurl would ask before sending a large body, and wait a second for the answer.
_MORE_HEADERS = ("Accept-Encoding: identity", "Expect:")


class Request(Struct, frozen=True, gc=False):
    """What to send. `pin` is an entry for libcurl's name cache; `spent` of the limits is gone."""

    url: pycurl.CurlUrl
    pin: str
    headers: Headers
    body: bytes
    limits: Limits
    spent: float


class CurlHandle:
    """A `pycurl.Curl` and what it collects; for one request at a time.

    `guard` is asked about the very address at which a socket is about to be opened.
    """

    def __init__(self, guard: Guard, roots: str) -> None:
        self.curl = pycurl.Curl()
        self._guard = guard
        self._reader = AnswerReader()
        self._refusal: str | None = None
        self._is_fresh = False
        self._limits = Limits()
        self._set_up(roots)

    def load(self, request: Request) -> None:
        """Forget the exchange before, and make ready for this one."""
        self._reader = AnswerReader()
        self._refusal = None
        self._is_fresh = False
        self._limits = request.limits
        lines = [f"{name}: {value}" for name, value in request.headers]
        curl = self.curl
        curl.setopt(pycurl.CURLU, request.url)
        curl.setopt(pycurl.RESOLVE, [request.pin])
        curl.setopt(pycurl.HTTPHEADER, [*lines, *_MORE_HEADERS])
        curl.setopt(pycurl.POSTFIELDS, request.body)
        curl.setopt(pycurl.CONNECTTIMEOUT_MS, _milliseconds(request.limits.connect - request.spent))
        curl.setopt(pycurl.TIMEOUT_MS, _milliseconds(request.limits.total - request.spent))

    def answered(self, dns: float | None) -> Answered:
        """Return the answer that came; `dns` is how long the lookup took, in milliseconds."""
        reader = self._reader
        status = self.curl.getinfo(pycurl.RESPONSE_CODE)
        durations = self._durations(dns)
        return Answered(status, reader.headers, reader.text, reader.truncated, durations)

    def failed(self, problem: pycurl.error, dns: float | None) -> Answered | NotSent | Broken:
        """Return what a failed exchange amounts to: an answer, if enough of one had been read."""
        code, message = problem.args
        reader = self._reader
        if reader.is_full or (reader.ends_by_closing and ended_without_goodbye(code, message)):
            return self.answered(dns)
        curl = self.curl
        failure = Failure(
            code=code,
            message=message,
            errno=curl.getinfo(pycurl.OS_ERRNO),
            refusal=self._refusal,
            connected=not self._is_fresh or curl.getinfo(pycurl.CONNECT_TIME_T) > 0,
            secured=not self._is_fresh or curl.getinfo(pycurl.APPCONNECT_TIME_T) > 0,
            status=curl.getinfo(pycurl.RESPONSE_CODE),
        )
        return outcome_of(failure, self._durations(dns), self._limits)

    def close(self) -> None:
        """Give the handle back to libcurl; it cannot be used again."""
        self.curl.close()

    def _set_up(self, roots: str) -> None:
        options = {
            pycurl.POST: 1,
            pycurl.PROTOCOLS: pycurl.PROTO_HTTPS,
            # One connection for each request in the air: measured, HTTP/2 takes no less.
            pycurl.HTTP_VERSION: pycurl.CURL_HTTP_VERSION_1_1,
            pycurl.FOLLOWLOCATION: 0,
            pycurl.SSLVERSION: pycurl.SSLVERSION_TLSv1_2,
            pycurl.SSL_VERIFYPEER: 1,
            pycurl.SSL_VERIFYHOST: 2,
            pycurl.CAINFO: roots,
            # Without these two libcurl obeys the proxies of the environment.
            pycurl.PROXY: "",
            pycurl.NOPROXY: "*",
            pycurl.NETRC: pycurl.NETRC_IGNORED,
            pycurl.NOSIGNAL: 1,
            pycurl.MAXAGE_CONN: _IDLE_SECONDS,
            pycurl.MAXLIFETIME_CONN: _CONNECTION_SECONDS,
            pycurl.DNS_CACHE_TIMEOUT: _PINNED_SECONDS,
            pycurl.RESOLVER_START_FUNCTION: _refuse_to_resolve,
            pycurl.OPENSOCKETFUNCTION: self._open_socket,
            pycurl.HEADERFUNCTION: self._take_header_line,
            pycurl.WRITEFUNCTION: self._take_piece,
        }
        for option, value in options.items():
            self.curl.setopt(option, value)

    def _open_socket(self, _purpose: int, address: pycurl.CurlSockAddr) -> socket.socket | int:
        # An exception in here refuses as well: libcurl gets no socket then.
        self._is_fresh = True
        self._refusal = self._guard.refusal(ip_address(address.addr[0]))
        if self._refusal is not None:
            return int(pycurl.SOCKET_BAD)
        opened = socket.socket(address.family, address.socktype, address.protocol)
        # pycurl takes a duplicate, so this one is to be closed as soon as it has.
        asyncio.get_running_loop().call_soon(opened.close)
        return opened

    def _take_header_line(self, line: bytes) -> None:
        self._reader.take_header_line(line)

    def _take_piece(self, piece: bytes) -> int | None:
        # None means that all was taken; any other number ends the exchange.
        return None if self._reader.take_piece(piece) else 0

    def _durations(self, dns: float | None) -> Durations:
        info = self.curl.getinfo
        connect, tls = info(pycurl.CONNECT_TIME_T), info(pycurl.APPCONNECT_TIME_T)
        ready, first = info(pycurl.PRETRANSFER_TIME_T), info(pycurl.STARTTRANSFER_TIME_T)
        return Durations(
            dns=dns,
            connect=_ms(connect) if connect else None,
            tls=_ms(tls - connect) if tls else None,
            first_byte=_ms(first - ready) if info(pycurl.RESPONSE_CODE) else None,
            total=round(_ms(info(pycurl.TOTAL_TIME_T)) + (dns or 0.0), 3),
        )


def _refuse_to_resolve() -> int:
    # Every address is pinned; one that is not has not been checked.
    return 1


def _milliseconds(seconds: float) -> int:
    # libcurl takes 0 for its own default, which is minutes.
    return max(1, round(seconds * 1000))


def _ms(microseconds: int) -> float:
    return microseconds / 1000
