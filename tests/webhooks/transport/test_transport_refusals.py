"""What must not be called is not even connected to: a listening socket sees nobody come.

Each refusal is tried where a server would have answered, so that a hole would be seen as a visit.
"""

import asyncio
import socket
from collections.abc import Iterator
from ipaddress import ip_network
from pathlib import Path

import pycurl
import pytest

from jump.webhooks.phases import Answered, Broken, NotSent, Outcome
from jump.webhooks.transport.address_guard import Guard, IPAddress
from jump.webhooks.transport.curl_failures import Limits
from jump.webhooks.transport.curl_handle import CurlHandle, Request
from jump.webhooks.transport.trusted_roots import TrustedRoots
from tests.receiver import Receiver, redirect_to
from tests.webhooks.sending import HEADERS, HOST, LOOPBACK, Names, Trap, transport

PUBLIC = "203.0.113.1"  # as good as public where it is allowed, and nobody's


@pytest.fixture
def trap() -> Iterator[Trap]:
    with Trap() as trap:
        yield trap


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(hosts=("127.0.0.1", HOST)) as receiver:
        yield receiver


def refused(outcome: Outcome) -> str:
    assert isinstance(outcome, NotSent), outcome
    assert outcome.reason == "refused"
    return outcome.error


def closed_guard(*ports: int) -> Guard:
    """A guard as it is without settings, but for the ports."""
    return Guard((), frozenset(ports))


def test_a_trap_would_notice_a_visitor(trap: Trap) -> None:
    with socket.create_connection(("127.0.0.1", trap.port)):
        assert trap.visitors == 1
    assert trap.visitors == 0


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "2130706433", "0x7f.0.0.1", "0177.1", "0", "0.0.0.0", "127.0.0.1."),
        *("[::ffff:127.0.0.1]", "[::1]", "[::]", "[::127.0.0.1]", "[64:ff9b::127.0.0.1]"),
    ],
)
async def test_no_notation_of_a_literal_is_connected_to(trap: Trap, host: str) -> None:
    async with transport(guard=closed_guard(trap.port)) as sending:
        outcome = await sending.send(f"https://{host}:{trap.port}/", HEADERS, b"x")
    assert refused(outcome).startswith("Refused: the address ")
    assert trap.visitors == 0


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["10.0.0.1", "127.0.0.1"],
        ["127.0.0.1", "127.0.0.1"],
        [PUBLIC, "127.0.0.1"],
        ["127.0.0.1", PUBLIC],
    ],
)
async def test_a_name_that_leads_inside_is_refused_even_if_only_in_part(
    trap: Trap, addresses: list[str]
) -> None:
    names = Names()
    names.lead_to(*addresses)
    guard = Guard((ip_network(f"{PUBLIC}/32"),), frozenset({trap.port}))
    async with transport(guard=guard, names=names) as sending:
        outcome = await sending.send(f"https://{HOST}:{trap.port}/", HEADERS, b"x")
    assert " is not public." in refused(outcome)
    assert trap.visitors == 0


@pytest.mark.parametrize("other", ["10.0.0.1", "169.254.169.254", "fe80::1%1", "fd00:ec2::254"])
async def test_one_address_that_may_not_be_called_refuses_those_that_may(
    receiver: Receiver, other: str
) -> None:
    names = Names()
    async with transport(receiver.port, ca_file=receiver.ca_file, names=names) as sending:
        for addresses in (["127.0.0.1", other], [other, "127.0.0.1"]):
            names.lead_to(*addresses)
            refused(await sending.send(receiver.url_of("/", HOST), HEADERS, b"x"))
        assert receiver.connections == 0
        names.lead_to("127.0.0.1")
        outcome = await sending.send(receiver.url_of("/", HOST), HEADERS, b"x")
    assert isinstance(outcome, Answered)


async def test_a_name_that_turns_inside_between_two_attempts_is_refused(
    receiver: Receiver,
) -> None:
    names, url = Names(), receiver.url_of("/hook", HOST)
    guard = Guard((ip_network("127.0.0.1/32"),), frozenset({receiver.port}))
    with Trap("127.0.0.2", receiver.port) as trap:
        async with transport(guard=guard, ca_file=receiver.ca_file, names=names) as sending:
            assert isinstance(await sending.send(url, HEADERS, b"1"), Answered)
            names.lead_to("127.0.0.2")
            # There is a connection to the old address that could be used again. It is not.
            refused(await sending.send(url, HEADERS, b"2"))
            names.lead_to("127.0.0.1")
            assert isinstance(await sending.send(url, HEADERS, b"3"), Answered)
        assert trap.visitors == 0
    assert [request.body for request in receiver.requests] == [b"1", b"3"]


async def test_within_the_second_that_an_answer_serves_only_checked_addresses_are_called(
    receiver: Receiver,
) -> None:
    names, url = Names(), receiver.url_of("/hook", HOST)
    guard = Guard((ip_network("127.0.0.1/32"),), frozenset({receiver.port}))
    with Trap("127.0.0.2", receiver.port) as trap:
        async with transport(guard=guard, ca_file=receiver.ca_file, names=names) as sending:
            assert isinstance(await sending.send(url, HEADERS, b"1"), Answered)
            names.addresses[HOST] = ["127.0.0.2"]
            assert isinstance(await sending.send(url, HEADERS, b"2"), Answered)
        assert trap.visitors == 0


class ChangingGuard(Guard):
    """Lets an address pass when it is first asked about it, and refuses it at the socket."""

    def refusal(self, ip: IPAddress) -> str | None:
        asked = self.__dict__.setdefault("asked", [])
        asked.append(ip)
        return None if len(asked) == 1 else super().refusal(ip)


@pytest.mark.parametrize("host", ["127.0.0.1", HOST])
async def test_the_socket_itself_is_refused_too(trap: Trap, host: str) -> None:
    guard = ChangingGuard((), frozenset({trap.port}))
    async with transport(guard=guard) as sending:
        outcome = await sending.send(f"https://{host}:{trap.port}/", HEADERS, b"x")
    assert refused(outcome) == "Refused: the address 127.0.0.1 is not public."
    assert trap.visitors == 0


class FailingGuard(Guard):
    """Breaks when it is asked at the socket."""

    def refusal(self, ip: IPAddress) -> str | None:
        asked = self.__dict__.setdefault("asked", [])
        asked.append(ip)
        if len(asked) > 1:
            raise ArithmeticError
        return None


async def test_a_guard_that_breaks_lets_nobody_pass(
    trap: Trap, capsys: pytest.CaptureFixture[str]
) -> None:
    guard = FailingGuard(LOOPBACK, frozenset({trap.port}))
    async with transport(guard=guard) as sending:
        outcome = await sending.send(f"https://127.0.0.1:{trap.port}/", HEADERS, b"x")
    assert isinstance(outcome, NotSent)
    assert trap.visitors == 0
    assert "ArithmeticError" in capsys.readouterr().err


async def test_libcurl_looks_no_name_up_by_itself(trap: Trap) -> None:
    handle = CurlHandle(Guard(LOOPBACK), TrustedRoots(None).path)
    url = pycurl.CurlUrl(f"https://localhost:{trap.port}/")
    pin = f"+another.example.com:{trap.port}:127.0.0.1"
    handle.load(Request(url, pin, HEADERS, b"x", Limits(), spent=0.0))
    with pytest.raises(pycurl.error) as caught:
        handle.curl.perform()
    assert refused(handle.failed(caught.value, None)) == (
        "Refused: the address had not been checked."
    )
    assert trap.visitors == 0
    handle.close()


@pytest.mark.parametrize("port", [80, 22, 8443])
async def test_a_port_that_is_not_allowed_is_refused(port: int) -> None:
    async with transport() as sending:
        outcome = await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x")
    assert refused(outcome) == f"Refused: port {port} is not among those allowed."


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:{}/", "ftp://127.0.0.1:{}/", "gopher://127.0.0.1:{}/_x"]
)
async def test_nothing_but_https_is_spoken(trap: Trap, url: str) -> None:
    async with transport(trap.port) as sending:
        outcome = await sending.send(url.format(trap.port), HEADERS, b"x")
    assert refused(outcome) == "Refused: the URL is not an https:// one."
    assert trap.visitors == 0


@pytest.mark.parametrize(
    "url", ["", "https://", "https://a b/", "https://ü/", "file:///etc/passwd"]
)
async def test_what_is_no_url_is_refused_and_never_raises(url: str) -> None:
    async with transport() as sending:
        assert refused(await sending.send(url, HEADERS, b"x")).startswith("Refused: the URL ")


async def test_proxies_of_the_environment_are_ignored(
    receiver: Receiver, trap: Trap, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "http_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{trap.port}")
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        outcome = await sending.send(receiver.url, HEADERS, b"x")
    assert isinstance(outcome, Answered)
    assert trap.visitors == 0


async def test_a_redirect_inside_is_not_followed(receiver: Receiver, trap: Trap) -> None:
    receiver.answer_with(redirect_to(f"https://127.0.0.1:{trap.port}/", 307))
    async with transport(receiver.port, trap.port, ca_file=receiver.ca_file) as sending:
        outcome = await sending.send(receiver.url, HEADERS, b"x")
    assert isinstance(outcome, Answered)
    assert outcome.status == 307
    assert trap.visitors == 0


async def test_no_cookie_and_no_password_of_a_file_is_sent(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login a password b\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        for _ in range(2):
            await sending.send(receiver.url, HEADERS, b"x")
    sent = {name.lower() for request in receiver.requests for name, _ in request.headers}
    assert not sent & {"cookie", "authorization", "expect"}


async def test_many_attempts_at_once_each_keep_to_their_own_addresses(
    receiver: Receiver,
) -> None:
    names = Names()
    inside = [f"inside{number}.example.com" for number in range(10)]
    for name in inside:
        names.addresses[name] = ["10.0.0.1"]
    async with transport(receiver.port, ca_file=receiver.ca_file, names=names) as sending:
        outcomes = await asyncio.gather(
            *[
                sending.send(receiver.url_of("/", name), HEADERS, b"x")
                for name in [HOST, *inside] * 3
            ]
        )
    assert sum(isinstance(outcome, Answered) for outcome in outcomes) == 3
    assert sum(isinstance(outcome, NotSent) for outcome in outcomes) == 30
    assert not any(isinstance(outcome, Broken) for outcome in outcomes)
