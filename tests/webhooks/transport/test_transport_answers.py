"""What counts as an answer, and what people are told when there is none."""

import asyncio
import datetime
import http.server
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import pytest
import trustme

from jump.kit.clock import system_clock
from jump.webhooks.phases import Answered, Broken, NotSent
from jump.webhooks.transport.address_guard import Guard, IPAddress
from jump.webhooks.transport.transport import Transport
from tests.receiver import Answer, Receiver, cut_short, hang, redirect_to, trickle
from tests.webhooks.sending import HEADERS, HOST, LOOPBACK, Names, send_once, transport

KIB = 1024
HUNDREDS = b"HTTP/1.1 100 Continue\r\n\r\n"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as receiver:
        yield receiver


def answered(outcome: object) -> Answered:
    assert isinstance(outcome, Answered), outcome
    return outcome


def broken(outcome: object) -> str:
    assert isinstance(outcome, Broken), outcome
    return outcome.error


@pytest.mark.parametrize("length", [16 * KIB, 16 * KIB + 1, 8_000_000])
async def test_a_long_answer_is_read_to_16_kib(receiver: Receiver, length: int) -> None:
    receiver.answer_with(Answer(body=b"x" * length))
    outcome = answered(await send_once(receiver))
    assert outcome.status == 200
    assert outcome.body == "x" * 4 * KIB
    assert outcome.truncated


async def test_an_answer_that_never_ends_is_read_to_16_kib(receiver: Receiver) -> None:
    receiver.answer_with(Answer(body=b"x" * 17 * KIB, declared=10**12))
    assert answered(await send_once(receiver)).truncated


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.0 200 OK\r\n\r\nhello", 200, "hello"),
        (HUNDREDS * 3 + b"HTTP/1.1 201 Made\r\nContent-Length: 2\r\n\r\nok", 201, "ok"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", 200, "ok"),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", 200, ""),
        (b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nno", 200, "no"),
    ],
)
async def test_any_http_1_answer_is_understood(
    receiver: Receiver, raw: bytes, status: int, body: str
) -> None:
    receiver.answer_with(Answer(raw=raw))
    outcome = answered(await send_once(receiver))
    assert (outcome.status, outcome.body) == (status, body)


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_leaves_the_connection_open(
    receiver: Receiver, status: int
) -> None:
    receiver.answer_with(Answer(status))
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        for _ in range(2):
            assert answered(await sending.send(receiver.url, HEADERS, b"x")).status == status
    assert receiver.connections == 1


class Simple(http.server.BaseHTTPRequestHandler):
    """As simple as receivers get: HTTP/1.0, no length, and the connection closed rudely."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"thanks")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def served(context: ssl.SSLContext) -> Iterator[int]:
    """Serve `Simple` in a thread; yields its port."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Simple) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


def tls_of(ca: trustme.CA, **dates: Any) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ca.issue_cert("127.0.0.1", **dates).configure_cert(context)
    return context


async def test_a_server_that_just_closes_when_it_is_done_has_answered(receiver: Receiver) -> None:
    with served(tls_of(receiver.ca)) as port:
        async with transport(port, ca_file=receiver.ca_file) as sending:
            outcome = answered(await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x"))
    assert (outcome.status, outcome.body) == (200, "thanks")


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (cut_short(), "The connection was closed before the answer was complete."),
        (
            Answer(body=b"half", declared=9, rudely=True),
            "The connection was closed before the answer was complete.",
        ),
        (
            Answer(raw=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nhalf"),
            "The connection was closed before the answer was complete.",
        ),
        (Answer(raw=b""), "The server closed the connection without an answer."),
        (Answer(raw=b"SSH-2.0-x\r\n"), "The server's answer was not HTTP/1.1."),
        (
            Answer(raw=b"HTTP/1.1 200 OK\r\nContent-Length: ab\r\n\r\n"),
            "The server's answer was not HTTP/1.1.",
        ),
        (
            Answer(raw=b"HTTP/1.1 200 OK\r\nX: " + b"y" * 400_000 + b"\r\n\r\n"),
            "The headers of the server's answer are too long.",
        ),
    ],
)
async def test_half_an_answer_is_none(receiver: Receiver, answer: Answer, error: str) -> None:
    receiver.answer_with(answer)
    assert broken(await send_once(receiver)) == error


@pytest.mark.parametrize("again", [False, True])
@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (hang(), "No answer within 1 seconds."),
        (
            trickle(),
            "The server answered 200, but the answer had not ended after 1 seconds.",
        ),
    ],
)
async def test_an_answer_has_its_time(
    receiver: Receiver, answer: Answer, error: str, again: bool
) -> None:
    receiver.answer_with(answer, path="/slow")
    async with transport(
        receiver.port, ca_file=receiver.ca_file, connect_timeout=0.9, total_timeout=1.0
    ) as sending:
        if again:
            answered(await sending.send(receiver.url, HEADERS, b"x"))
        outcome = await sending.send(receiver.url_of("/slow"), HEADERS, b"x")
        assert broken(outcome) == error
        assert outcome.durations.total is not None
        assert outcome.durations.total >= 1000
        answered(await sending.send(receiver.url, HEADERS, b"x"))


async def test_a_connection_has_its_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        async with transport(port, connect_timeout=0.2) as sending:
            outcome = await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x")
    assert broken(outcome) == "The TLS handshake was not complete within 0.2 seconds."


async def test_a_connection_has_five_seconds_unless_told_otherwise(receiver: Receiver) -> None:
    silent = socket.create_server(("127.0.0.1", 0))
    guard = Guard(LOOPBACK, frozenset({silent.getsockname()[1]}))
    sending = Transport(guard, receiver.ca_file, system_clock)
    try:
        outcome = await sending.send(f"https://127.0.0.1:{silent.getsockname()[1]}/", HEADERS, b"x")
    finally:
        await sending.close()
        silent.close()
    assert broken(outcome) == "The TLS handshake was not complete within 5 seconds."
    assert outcome.durations.total is not None
    assert 5000 <= outcome.durations.total < 10_000


class SlowNames(Names):
    def __init__(self) -> None:
        super().__init__()
        self.released = threading.Event()

    def look_up(self, name: str) -> Sequence[IPAddress]:
        self.released.wait()
        return super().look_up(name)


async def test_looking_the_name_up_has_its_time() -> None:
    names = SlowNames()
    async with transport(443, names=names, connect_timeout=0.2) as sending:
        outcome = await sending.send(f"https://{HOST}/", HEADERS, b"x")
    names.released.set()
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "name_not_found"
    assert outcome.error == "The name could not be resolved within 0.2 seconds."


async def test_a_name_that_does_not_exist_is_told() -> None:
    async with transport() as sending:
        outcome = await sending.send("https://nobody.example.com/", HEADERS, b"x")
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "name_not_found"
    assert outcome.error == "The name could not be resolved: Name or service not known."


async def test_a_closed_port_is_told() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    async with transport(port) as sending:
        outcome = await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x")
    assert isinstance(outcome, NotSent)
    assert outcome.reason == "unreachable"
    assert outcome.error == "No connection could be made: Connection refused."


async def test_a_certificate_for_another_host_is_not_trusted() -> None:
    with Receiver(hosts=("other.example.com", "127.0.0.2")) as receiver:
        for url in (receiver.url, receiver.url_of("/", HOST)):
            error = broken(await send_once(receiver, url=url))
            assert error == "The certificate is not trusted: it is for another host."
        assert receiver.requests == []


async def test_an_authority_nobody_knows_is_not_trusted(receiver: Receiver) -> None:
    async with transport(receiver.port) as sending:
        error = broken(await sending.send(receiver.url, HEADERS, b"x"))
    assert error == ("The certificate is not trusted: unable to get local issuer certificate.")
    assert receiver.requests == []


async def test_an_expired_certificate_is_not_trusted(receiver: Receiver) -> None:
    long_ago = datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC)
    expired = tls_of(
        receiver.ca, not_before=long_ago, not_after=long_ago + datetime.timedelta(days=1)
    )
    with served(expired) as port:
        async with transport(port, ca_file=receiver.ca_file) as sending:
            error = broken(await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x"))
    assert error == "The certificate is not trusted: certificate has expired."


def only_tls_1_1(context: ssl.SSLContext) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1


async def test_tls_older_than_1_2_is_not_spoken(receiver: Receiver) -> None:
    with Receiver(ca=receiver.ca, adjust_tls=only_tls_1_1) as old:
        error = broken(await send_once(old))
        assert error.startswith("The TLS handshake failed: ")
        assert old.requests == []


@pytest.mark.parametrize("reply", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
async def test_a_server_without_tls_is_told(reply: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(reply)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with server, transport(port) as sending:
        error = broken(await sending.send(f"https://127.0.0.1:{port}/", HEADERS, b"x"))
    assert error.startswith("The TLS handshake failed: ")
    assert "error:" not in error


async def test_a_redirect_is_an_answer_and_is_not_followed(receiver: Receiver) -> None:
    for status in (301, 302, 303, 307, 308):
        receiver.answer_with(redirect_to(receiver.url_of("/elsewhere"), status))
        assert answered(await send_once(receiver)).status == status
    assert {request.path for request in receiver.requests} == {"/hook"}


async def test_nothing_of_a_body_gets_into_an_error(receiver: Receiver) -> None:
    secret = b"NHS-9434765919"
    for raw in (secret, b"HTTP/1.1 " + secret, b"HTTP/1.1 200 OK\r\nContent-Length: " + secret):
        receiver.answer_with(Answer(raw=raw + b"\r\n\r\n" + secret))
        outcome = await send_once(receiver)
        assert isinstance(outcome, Broken), outcome
        assert "9434765919" not in outcome.error
