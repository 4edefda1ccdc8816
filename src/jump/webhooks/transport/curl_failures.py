"""Turns libcurl's failures into an outcome with one sentence for people.

Pure: it is told what libcurl said and how far the exchange had come. Nothing of an answer's body
can get into a sentence.
"""

import os
from dataclasses import dataclass

import pycurl

from jump.webhooks.phases import Broken, Durations, NotSent
from jump.webhooks.transport.answer_reader import harmless

_LONGEST_DETAIL = 200
_CLOSED_EARLY = {
    pycurl.E_RECV_ERROR,
    pycurl.E_SEND_ERROR,
    pycurl.E_PARTIAL_FILE,
}
_NOT_HTTP = {
    pycurl.E_UNSUPPORTED_PROTOCOL,  # an answer as of HTTP/0.9
    pycurl.E_FTP_WEIRD_SERVER_REPLY,  # its older name; HTTP has it too
}
_TOO_LARGE = 100  # CURLE_TOO_LARGE, which pycurl does not name
_OUR_REFUSALS = {
    pycurl.E_ABORTED_BY_CALLBACK,  # a name about to be looked up again
    pycurl.E_COULDNT_RESOLVE_HOST,
}


@dataclass(frozen=True, slots=True)
class Limits:
    """How many seconds a connection may take to stand, and the whole exchange to be over."""

    connect: float = 5.0
    total: float = 10.0


@dataclass(frozen=True, slots=True)
class Failure:
    """What libcurl said, and how far it had come when it did.

    `refusal` is the guard's, if it vetoed the socket; `connected` and `secured` tell whether the
    TCP and the TLS connection stood, `status` what was answered, or 0.
    """

    code: int
    message: str
    errno: int
    refusal: str | None
    connected: bool
    secured: bool
    status: int


def outcome_of(failure: Failure, durations: Durations, limits: Limits) -> NotSent | Broken:
    """Return what a failed exchange amounts to."""
    if failure.refusal is not None:
        return NotSent("refused", f"Refused: {failure.refusal}.", durations)
    if failure.code in _OUR_REFUSALS:
        return NotSent("refused", "Refused: the address had not been checked.", durations)
    if failure.code == pycurl.E_OPERATION_TIMEDOUT:
        return _timed_out(failure, durations, limits)
    if failure.code == pycurl.E_COULDNT_CONNECT:
        why = os.strerror(failure.errno) if failure.errno else "no address could be reached"
        return NotSent("unreachable", f"No connection could be made: {_detail(why)}.", durations)
    return Broken(_explain(failure), durations)


def ended_without_goodbye(code: int, message: str) -> bool:
    """Tell whether the receiver closed the TCP connection and left out TLS's own closing word.

    Many do. It matters only where nothing but the close says that the answer has ended.
    """
    return code == pycurl.E_RECV_ERROR and "unexpected eof" in message


def _timed_out(failure: Failure, durations: Durations, limits: Limits) -> NotSent | Broken:
    if not failure.connected:
        error = f"No connection could be made within {limits.connect:g} seconds."
        return NotSent("unreachable", error, durations)
    if not failure.secured:
        return Broken(
            f"The TLS handshake was not complete within {limits.connect:g} seconds.", durations
        )
    if failure.status:
        return Broken(
            f"The server answered {failure.status}, but the answer had not ended "
            f"after {limits.total:g} seconds.",
            durations,
        )
    return Broken(f"No answer within {limits.total:g} seconds.", durations)


def _explain(failure: Failure) -> str:
    if failure.code == pycurl.E_PEER_FAILED_VERIFICATION:
        return f"The certificate is not trusted: {_certificate_detail(failure.message)}."
    if failure.code == pycurl.E_GOT_NOTHING:
        return "The server closed the connection without an answer."
    if failure.code in _NOT_HTTP:
        return "The server's answer was not HTTP/1.1."
    if failure.code == _TOO_LARGE:
        return "The headers of the server's answer are too long."
    if failure.connected and not failure.secured:
        return f"The TLS handshake failed: {_detail(failure.message.rpartition(':')[2])}."
    if failure.code in _CLOSED_EARLY:
        return "The connection was closed before the answer was complete."
    return f"The exchange failed: {_detail(failure.message)}."


def _certificate_detail(message: str) -> str:
    if "subject name" in message or "alternative" in message:
        return "it is for another host"
    # What went wrong stands between the last colon and a number in parentheses.
    return _detail(message.rpartition(": ")[2].rpartition(" (")[0] or message)


def _detail(message: str) -> str:
    return harmless(message)[:_LONGEST_DETAIL].strip(". ") or "no reason given"
