"""What is sent arrives byte for byte, over connections that are used again, on either loop."""

import asyncio
import hashlib
import os
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest
import uvloop
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jump.webhooks.phases import Answered
from jump.webhooks.transport.transport import Transport
from tests.receiver import Answer, Gate, Received, Receiver
from tests.webhooks.sending import HEADERS, HOST, Names, send_once, transport

Runner = Callable[[Coroutine[Any, Any, None]], None]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver(hosts=("127.0.0.1", HOST)) as receiver:
        yield receiver


@pytest.mark.parametrize("size", [0, 1, 16_384, 65_537, 262_144])
async def test_a_body_arrives_as_it_is(receiver: Receiver, size: int) -> None:
    body = hashlib.shake_128(b"body").digest(size)
    outcome = await send_once(receiver, body)
    assert isinstance(outcome, Answered)
    [request] = receiver.wait_for(1)
    assert request.body == body
    assert request.header("Content-Length") == str(size)


async def test_the_request_has_its_headers_and_little_else(receiver: Receiver) -> None:
    await send_once(receiver, b"{}", receiver.url_of("/a%20b?c=d"))
    [request] = receiver.wait_for(1)
    assert (request.method, request.path) == ("POST", "/a%20b?c=d")
    assert request.headers == (
        ("Host", f"127.0.0.1:{receiver.port}"),
        ("Accept", "*/*"),
        *HEADERS,
        ("Accept-Encoding", "identity"),
        ("Content-Length", "2"),
    )


async def test_an_answer_is_told_whole(receiver: Receiver) -> None:
    headers = (("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"))
    receiver.answer_with(Answer(422, headers, "nein, Zoë".encode(), interim=("103 Early Hints",)))
    outcome = await send_once(receiver)
    assert isinstance(outcome, Answered)
    assert outcome.status == 422
    assert outcome.headers == (*headers, ("Content-Length", "10"))
    assert outcome.body == "nein, Zoë"
    assert not outcome.truncated


async def test_a_connection_is_used_again_and_its_phases_are_told(receiver: Receiver) -> None:
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        first = await sending.send(receiver.url, HEADERS, b"1")
        second = await sending.send(receiver.url, HEADERS, b"2")
    assert [request.connection for request in receiver.wait_for(2)] == [1, 1]
    assert isinstance(first, Answered)
    assert isinstance(second, Answered)
    took = first.durations
    assert took.connect is not None
    assert took.tls is not None
    assert took.first_byte is not None
    assert took.total is not None
    assert 0 < took.connect + took.tls + took.first_byte <= took.total
    assert took.dns is None  # a literal address
    again = second.durations
    assert (again.connect, again.tls) == (None, None)
    assert again.first_byte is not None


async def test_durations_are_told_to_the_microsecond_and_no_finer(receiver: Receiver) -> None:
    class SlowNames(Names):
        def clock(self) -> int:
            self.now += 1_033
            return self.now

    names = SlowNames()
    url = receiver.url_of("/hook", HOST)
    async with transport(receiver.port, ca_file=receiver.ca_file, names=names) as sending:
        for _ in range(20):
            outcome = await sending.send(url, HEADERS, b"{}")
            assert isinstance(outcome, Answered)
            took = outcome.durations
            assert took.dns
            assert took.total is not None
            assert len(str(took.total).partition(".")[2]) <= 3
            names.lead_to("127.0.0.1")


async def test_the_name_is_the_one_in_the_certificate_and_in_the_host_header(
    receiver: Receiver,
) -> None:
    outcome = await send_once(receiver, url=receiver.url_of("/hook", HOST))
    assert isinstance(outcome, Answered)
    assert outcome.durations.dns == 0.0  # the clock of the test stands still
    [request] = receiver.wait_for(1)
    assert request.header("Host") == f"{HOST}:{receiver.port}"


async def test_a_connection_that_went_away_in_the_meantime_is_opened_anew(
    receiver: Receiver,
) -> None:
    receiver.answer_with(Answer(then_close=True))
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        outcomes = [await sending.send(receiver.url, HEADERS, b"x") for _ in range(3)]
    assert all(isinstance(outcome, Answered) for outcome in outcomes)
    assert [request.connection for request in receiver.wait_for(3)] == [1, 2, 3]


async def test_the_first_address_that_answers_is_taken(receiver: Receiver) -> None:
    names = Names()
    names.lead_to("127.0.0.2", "127.0.0.3", "127.0.0.1")  # the receiver listens on the last
    async with transport(receiver.port, ca_file=receiver.ca_file, names=names) as sending:
        outcome = await sending.send(receiver.url_of("/hook", HOST), HEADERS, b"x")
    assert isinstance(outcome, Answered)


async def test_one_hung_receiver_holds_up_none_of_nine_others(receiver: Receiver) -> None:
    gate = Gate()
    receiver.answer_with(Answer(gate=gate), path="/hung")
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        hung = asyncio.create_task(sending.send(receiver.url_of("/hung"), HEADERS, b"x"))
        await receiver.arrived(1, path="/hung")
        urls = [receiver.url_of(f"/{number}") for number in range(9)]
        for _ in range(3):
            await asyncio.gather(*[sending.send(url, HEADERS, b"x") for url in urls])
        assert len(receiver.wait_for(28)) == 28
        assert not hung.done()
        gate.open()
        assert isinstance(await hung, Answered)


@pytest.mark.parametrize("run", [asyncio.run, uvloop.run])
def test_a_burst_arrives_whole_on_either_loop(receiver: Receiver, run: Runner) -> None:
    def echo(request: Received) -> Answer:
        return Answer(body=hashlib.sha256(request.body).hexdigest().encode())

    async def burst() -> None:
        async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
            for _ in range(5):
                await asyncio.gather(*[one(sending, number) for number in range(40)])

    async def one(sending: Transport, number: int) -> None:
        body = str(number).encode() * number * 100
        outcome = await sending.send(receiver.url, HEADERS, body)
        assert isinstance(outcome, Answered)
        assert outcome.body == hashlib.sha256(body).hexdigest()

    receiver.answer_with(echo)
    run(burst())
    assert len(receiver.wait_for(200)) == 200
    assert receiver.connections <= 40


async def test_who_is_cancelled_leaves_the_others_and_the_next_alone(receiver: Receiver) -> None:
    receiver.answer_with(Answer(gate=Gate()), path="/hung")
    async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
        hung = [
            asyncio.create_task(sending.send(receiver.url_of("/hung"), HEADERS, b"x"))
            for _ in range(3)
        ]
        await receiver.arrived(3)
        for task in hung[:2]:
            task.cancel()
        await asyncio.wait(hung[:2])
        assert [task.cancelled() for task in hung[:2]] == [True, True]
        for _ in range(5):
            outcome = await sending.send(receiver.url, HEADERS, b"x")
            assert isinstance(outcome, Answered)
        assert not hung[2].done()
        hung[2].cancel()
        await asyncio.wait(hung)


async def test_closing_lets_go_of_every_file() -> None:
    before = sorted(os.listdir("/proc/self/fd"))
    with Receiver() as receiver:
        async with transport(receiver.port, ca_file=receiver.ca_file) as sending:
            for _ in range(3):
                await asyncio.gather(*[sending.send(receiver.url, HEADERS, b"x") for _ in range(8)])
        assert len(receiver.requests) == 24
    assert sorted(os.listdir("/proc/self/fd")) == before


@given(body=st.binary(max_size=3000), status=st.sampled_from([200, 201, 404, 500, 599]))
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_bytes_arrive_and_any_status_is_told(
    receiver: Receiver, body: bytes, status: int
) -> None:
    receiver.answer_with(Answer(status))
    outcome = asyncio.run(send_once(receiver, body))
    assert isinstance(outcome, Answered)
    assert outcome.status == status
    assert receiver.requests[-1].body == body
