"""Sends one signed request over HTTPS, to public addresses only, and says what came of it.

It resolves the name itself, has the guard look at every address and pins libcurl to them. Signing,
retries and recording are left to others.
"""

import asyncio
from dataclasses import dataclass
from functools import lru_cache, partial

import pycurl

from jump.kit.clock import MILLISECOND, Clock
from jump.webhooks.phases import Answered, Broken, Durations, Headers, NotSent
from jump.webhooks.transport.address_guard import HTTPS_PORT, Guard, IPAddress, literal_address
from jump.webhooks.transport.curl_failures import Limits
from jump.webhooks.transport.curl_handle import CurlHandle, Request
from jump.webhooks.transport.name_lookup import LookUp, NameLookup, NameNotFound, system_look_up
from jump.webhooks.transport.trusted_roots import TrustedRoots

_CONNECTIONS_KEPT = 256
# More than a process usually has in the air: making a handle costs as much as several POSTs.
_HANDLES_KEPT = 256
_TARGETS_KEPT = 1024  # URLs that need not be read again, and as many judgements of addresses


@dataclass(frozen=True, slots=True)
class _Target:
    """A URL as libcurl reads it: the parser that checked it is the one that sends to it."""

    url: pycurl.CurlUrl
    host: str
    port: int


@dataclass(frozen=True, slots=True)
class _Found:
    """The addresses of a host, and the milliseconds it took to find them, if that was needed."""

    addresses: tuple[IPAddress, ...]
    dns: float | None


@dataclass(frozen=True, slots=True)
class _Judged:
    """The guard's refusal of some addresses, or the entry of libcurl's name cache that makes it use
    just these and look up nothing."""

    refusal: str | None
    pin: str


class Transport:
    """A pool of HTTPS connections for one event loop; `close` it in that loop.

    `ca_file` holds certificate authorities to trust beside the system's (PEM). A connection must
    stand within `connect_timeout` seconds, looking the name up and TLS included, and the answer be
    complete within `total_timeout`. Raises ValueError when the authorities cannot be read.
    """

    def __init__(
        self,
        guard: Guard,
        ca_file: str | None,
        clock: Clock,
        connect_timeout: float = 5.0,
        total_timeout: float = 10.0,
        look_up: LookUp = system_look_up,
    ) -> None:
        self._guard = guard
        self._clock = clock
        self._limits = Limits(connect_timeout, total_timeout)
        self._names = NameLookup(look_up, clock)
        self._roots = TrustedRoots(ca_file)
        self._multi = pycurl.AsyncCurlMulti()
        self._multi.setopt(pycurl.M_MAXCONNECTS, _CONNECTIONS_KEPT)
        self._idle: list[CurlHandle] = []
        # The same few URLs and addresses all day, and the same answer each time: both depend on
        # nothing but their arguments and the guard, which never changes. The guard is asked anew
        # for each socket that is opened.
        self._target = lru_cache(_TARGETS_KEPT)(partial(_target, guard))
        self._judge = lru_cache(_TARGETS_KEPT)(partial(_judge, guard))

    async def send(self, url: str, headers: Headers, body: bytes) -> Answered | NotSent | Broken:
        """POST `body` to `url` with `headers`, and return what came of it.

        Raises nothing but CancelledError, after which the connection is dropped.
        """
        target = self._target(url)
        if isinstance(target, NotSent):
            return target
        found = await self._find(target.host)
        if isinstance(found, NotSent):
            return found
        judged = self._judge(target.host, target.port, found.addresses)
        if judged.refusal is not None:
            return _refused(judged.refusal, found.dns)
        return await self._exchange(target, judged.pin, found.dns, headers, body)

    async def close(self) -> None:
        """Close every connection; what is still in the air is cancelled."""
        self._names.close()
        await self._multi.aclose()
        while self._idle:
            self._idle.pop().close()
        self._roots.discard()

    async def _find(self, host: str) -> _Found | NotSent:
        literal = literal_address(host)
        if literal is not None:
            return _Found((literal,), None)
        recent = self._names.recent(host)
        if recent is not None:
            return _Found(recent, 0.0)
        started = self._clock()
        try:
            async with asyncio.timeout(self._limits.connect):
                addresses = await self._names.addresses(host)
        except TimeoutError:
            error = f"The name could not be resolved within {self._limits.connect:g} seconds."
            return _not_found(error, self._since(started))
        except NameNotFound as problem:
            return _not_found(f"The name could not be resolved: {problem}.", self._since(started))
        return _Found(addresses, self._since(started))

    async def _exchange(
        self, target: _Target, pin: str, dns: float | None, headers: Headers, body: bytes
    ) -> Answered | NotSent | Broken:
        request = Request(
            url=target.url,
            pin=pin,
            headers=headers,
            body=body,
            limits=self._limits,
            spent=(dns or 0.0) / 1000,
        )
        handle = self._idle.pop() if self._idle else CurlHandle(self._guard, self._roots.path)
        handle.load(request)
        outcome: Answered | NotSent | Broken
        # A handle that is cancelled on the way is not used again: libcurl lets go of it later.
        try:
            await self._multi.perform(handle.curl)
            outcome = handle.answered(dns)
        except pycurl.error as problem:
            outcome = handle.failed(problem, dns)
        self._put_away(handle)
        return outcome

    def _put_away(self, handle: CurlHandle) -> None:
        if len(self._idle) < _HANDLES_KEPT and not self._multi.closed:
            self._idle.append(handle)
        else:
            handle.close()

    def _since(self, started: int) -> float:
        return max(0, self._clock() - started) / MILLISECOND


def _target(guard: Guard, url: str) -> _Target | NotSent:
    try:
        parsed = pycurl.CurlUrl(url)
    except (pycurl.error, ValueError):
        return _refused("the URL is not valid")
    if parsed.scheme != "https" or not parsed.host:
        return _refused("the URL is not an https:// one")
    port = HTTPS_PORT if parsed.port is None else int(parsed.port)
    refusal = guard.port_refusal(port)
    if refusal is not None:
        return _refused(refusal)
    return _Target(parsed, parsed.host, port)


def _judge(guard: Guard, host: str, port: int, addresses: tuple[IPAddress, ...]) -> _Judged:
    refusal = next(filter(None, map(guard.refusal, addresses)), None)
    listed = ",".join(f"[{ip}]" if ip.version == 6 else str(ip) for ip in addresses)
    # The leading plus lets the entry run out instead of staying for good.
    return _Judged(refusal, f"+{host}:{port}:{listed}")


def _refused(refusal: str, dns: float | None = None) -> NotSent:
    return NotSent("refused", f"Refused: {refusal}.", Durations(dns=dns, total=dns))


def _not_found(error: str, dns: float) -> NotSent:
    return NotSent("name_not_found", error, Durations(dns=dns, total=dns))
