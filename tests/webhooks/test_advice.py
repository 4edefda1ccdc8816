"""For every way in which an attempt can fail there are words that say what to do."""

import errno

import pycurl
import pytest

from jump.webhooks.advice import advice
from jump.webhooks.engine.outcomes import explain
from jump.webhooks.phases import Answered, Durations, Interrupted, NotSent, Outcome
from jump.webhooks.transport import curl_failures
from jump.webhooks.transport.curl_failures import Failure, Limits, outcome_of
from tests.receiver import Receiver, hang, redirect_to
from tests.webhooks.sending import HEADERS, HOST, Names, transport


def failure(code: int, message: str = "", **known: object) -> Outcome:
    """What an exchange amounts to that ended as libcurl says."""
    facts = {"errno": 0, "refusal": None, "connected": False, "secured": False, "status": 0}
    return outcome_of(Failure(code, message, **{**facts, **known}), Durations(), Limits())  # type: ignore[arg-type]


def answered(status: int) -> Outcome:
    return Answered(status, (), "", False, Durations())


STANDING = {"connected": True, "secured": True}
EXPIRED = "SSL certificate problem: certificate has expired"
HOME_MADE = "SSL certificate problem: self-signed certificate"
OTHER_HOST = "SSL: no alternative certificate subject name matches target host name 'a.example'"
KINDS: list[tuple[Outcome, str]] = [
    (failure(pycurl.E_COULDNT_CONNECT, errno=errno.ECONNREFUSED), "connection_refused"),
    (failure(pycurl.E_COULDNT_CONNECT, errno=errno.ENETUNREACH), "unreachable"),
    (failure(pycurl.E_OPERATION_TIMEDOUT), "connect_timed_out"),
    (failure(pycurl.E_OPERATION_TIMEDOUT, connected=True), "tls_timed_out"),
    (failure(pycurl.E_OPERATION_TIMEDOUT, **STANDING), "answer_timed_out"),
    (failure(pycurl.E_OPERATION_TIMEDOUT, **STANDING, status=200), "answer_timed_out"),
    (failure(pycurl.E_PEER_FAILED_VERIFICATION, EXPIRED, connected=True), "certificate_expired"),
    (failure(pycurl.E_PEER_FAILED_VERIFICATION, HOME_MADE, connected=True), "certificate"),
    (failure(pycurl.E_PEER_FAILED_VERIFICATION, OTHER_HOST, connected=True), "certificate_host"),
    (failure(pycurl.E_SSL_CONNECT_ERROR, "TLS: wrong version", connected=True), "tls"),
    (failure(pycurl.E_GOT_NOTHING, **STANDING), "closed"),
    (failure(pycurl.E_PARTIAL_FILE, **STANDING), "closed"),
    (failure(pycurl.E_RECV_ERROR, **STANDING), "closed"),
    (failure(pycurl.E_UNSUPPORTED_PROTOCOL, **STANDING), "not_http"),
    (failure(curl_failures._TOO_LARGE, **STANDING), "headers_too_long"),
    (failure(pycurl.E_OUT_OF_MEMORY, **STANDING), "other"),
    (failure(0, refusal="the address 10.0.0.1 is not public"), "address_refused"),
    (failure(0, refusal="the address fe80::1 is link-local or serves metadata"), "address_refused"),
    (failure(pycurl.E_ABORTED_BY_CALLBACK), "address_refused"),
    (
        NotSent("refused", "Refused: port 25 is not among those allowed.", Durations()),
        "port_refused",
    ),
    (Interrupted(), "interrupted"),
    *((answered(status), "redirect") for status in (301, 302, 307, 308)),
    (answered(400), "rejected"),
    (answered(401), "unauthorized"),
    (answered(403), "forbidden"),
    (answered(404), "not_found"),
    (answered(405), "not_found"),
    (answered(408), "answer_timed_out"),
    (answered(410), "gone"),
    (answered(413), "too_large"),
    (answered(415), "media_type"),
    (answered(422), "rejected"),
    (answered(429), "too_many"),
    (answered(500), "receiver_failed"),
    *((answered(status), "not_ready") for status in (502, 503, 504)),
    (answered(599), "receiver_failed"),
    (answered(999), "no_success"),
]


def kind_of(outcome: Outcome) -> str | None:
    status = outcome.status if isinstance(outcome, Answered) else None
    found = advice(status, explain(outcome))
    return found.kind if found else None


@pytest.mark.parametrize(("outcome", "kind"), KINDS)
def test_each_failure_is_told_apart(outcome: Outcome, kind: str) -> None:
    assert kind_of(outcome) == kind


@pytest.mark.parametrize("status", range(100, 600))
def test_every_answer_but_a_success_has_its_advice(status: int) -> None:
    found = advice(status, explain(answered(status)))
    assert (found is None) == (200 <= status < 300)
    assert found is None or found.words.endswith(".")


async def test_real_failures_are_told_apart() -> None:
    with Receiver(hosts=(HOST,)) as receiver:
        receiver.answer_with(redirect_to("https://elsewhere.example/"))
        names = Names()
        async with transport(receiver.port, ca_file=receiver.ca_file, names=names) as sending:
            unknown = await sending.send("https://unknown.invalid/", HEADERS, b"x")
            names.lead_to("127.0.0.1")
            moved = await sending.send(receiver.url_of("/", HOST), HEADERS, b"x")
        async with transport(receiver.port, names=names) as sending:
            untrusted = await sending.send(receiver.url_of("/", HOST), HEADERS, b"x")
        found = [kind_of(each) for each in (unknown, moved, untrusted)]
    assert found == ["name_not_found", "redirect", "certificate"]


async def test_a_receiver_that_never_answers_is_told_apart() -> None:
    with Receiver() as receiver:
        receiver.answer_with(hang())
        async with transport(receiver.port, ca_file=receiver.ca_file, total_timeout=0.3) as sending:
            outcome = await sending.send(receiver.url, HEADERS, b"x")
    assert kind_of(outcome) == "answer_timed_out"
