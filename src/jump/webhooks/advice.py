"""What to do about an attempt that failed, told from its status and the sentence kept of it.

Pure. Each kind of failure is a row of data: how it is recognised, and words for the person who has
to mend it. The sentences are made by `outcomes`, `curl_failures` and `transport`.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Advice:
    """One kind of failure, and what to do about it."""

    kind: str
    words: str


# How a sentence begins, or what it holds, in this order; then the kind, then what to do.
_BY_SENTENCE: Final = (
    (
        "could not be resolved within",
        "name_slow",
        "The name server of the receiver's domain was too slow. If it happens again, ask whoever"
        " runs that domain.",
    ),
    (
        "The name could not be resolved",
        "name_not_found",
        "The host in the URL was not found. Look for a typing mistake in the URL; if it is right,"
        " ask whoever runs the receiver whether its name still exists.",
    ),
    (
        "Refused: port ",
        "port_refused",
        "Webhooks go to port 443 only, unless the operator of this server allows another one. Let"
        " the receiver answer on 443, and take the port out of the URL.",
    ),
    (
        "link-local or serves metadata",
        "address_refused",
        "The receiver's name leads to an address that is never called. Use a name that leads to a"
        " public address.",
    ),
    (
        "Refused: ",
        "address_refused",
        "The receiver must be open to the internet: every address of its name has to be public. For"
        " one inside your own network, the operator of this server can allow that network.",
    ),
    (
        "Connection refused",
        "connection_refused",
        "The machine is there, but nothing answers on that port. Start the receiver, or put the"
        " right port into the URL.",
    ),
    (
        "No connection could be made within",
        "connect_timed_out",
        "Nothing answered at that address. See whether the receiver runs, and whether a firewall"
        " lets this server through.",
    ),
    (
        "No connection could be made",
        "unreachable",
        "The receiver's network could not be reached. See whether it is online, and whether its"
        " name leads to the right address.",
    ),
    (
        "it is for another host",
        "certificate_host",
        "The receiver's certificate was made for another name. Use the name that the certificate"
        " has in the URL, or get a certificate for this one.",
    ),
    (
        "certificate has expired",
        "certificate_expired",
        "The receiver's certificate has run out. Renew it there.",
    ),
    (
        "The certificate is not trusted",
        "certificate",
        "The receiver has to show a certificate of a public authority, with the intermediate"
        " certificates that lead to it. A home-made one works only if the operator of this server"
        " trusts its authority.",
    ),
    (
        "The TLS handshake was not complete",
        "tls_timed_out",
        "The receiver took the connection but did not agree on encryption in time. See whether it"
        " is overloaded, and whether HTTPS is what it speaks on that port.",
    ),
    (
        "The TLS handshake failed",
        "tls",
        "The two did not agree on encryption. The receiver has to speak HTTPS with TLS 1.2 or newer"
        " on that port.",
    ),
    (
        "but the answer had not ended",
        "answer_timed_out",
        "The receiver began to answer and did not come to an end. Answer with a short body, and do"
        " the work afterwards.",
    ),
    (
        "No answer within",
        "answer_timed_out",
        "The receiver got the request and did not answer in time. Answer with a 2xx at once, and do"
        " the work afterwards. It may have acted on the request: drop what has an id it has had.",
    ),
    (
        "The server closed the connection without an answer",
        "closed",
        "The receiver hung up instead of answering. Its own log, or that of the proxy before it,"
        " says why.",
    ),
    (
        "The connection was closed before the answer was complete",
        "closed",
        "The receiver hung up in the middle of its answer. Its own log, or that of the proxy before"
        " it, says why.",
    ),
    (
        "The server's answer was not HTTP",
        "not_http",
        "Something else than a web server answers on that port. Put the right port into the URL.",
    ),
    (
        "The headers of the server's answer are too long",
        "headers_too_long",
        "The receiver sends more headers than we read. Often it is one large cookie: a webhook's"
        " answer needs none.",
    ),
    (
        "The sending process ended",
        "interrupted",
        "This was on our side; all but tests are sent again by themselves. The receiver may get it"
        " twice: drop what has an id it has had.",
    ),
    (
        "The webhook was paused for 30 days",
        "paused_too_long",
        "Activate the webhook, then resend what you still need.",
    ),
    (
        "The event is no longer kept",
        "event_gone",
        "There is nothing left to send. Read the record by the API instead.",
    ),
)
_BY_STATUS: Final = (
    (
        range(300, 400),
        "redirect",
        "Redirects are not followed. Put the address that it leads to into this webhook's URL.",
    ),
    (
        range(401, 402),
        "unauthorized",
        "The receiver did not believe that this came from us. Often it checks the signature with"
        " another secret than this webhook's: rotate the secret if it is lost. If it asks for a"
        " password, let it take requests without one and check the signature instead.",
    ),
    (
        range(403, 404),
        "forbidden",
        "The receiver refused us. Often it checks the signature with another secret than this"
        " webhook's, or a firewall holds us back.",
    ),
    (
        range(404, 406),
        "not_found",
        "The server is there, but nothing takes POST at this path. Look for a typing mistake in the"
        " URL, or ask whoever runs the receiver for the right one.",
    ),
    (
        range(408, 409),
        "answer_timed_out",
        "The receiver gave up waiting. See whether it, or a proxy before it, is overloaded.",
    ),
    (
        range(410, 411),
        "gone",
        "The receiver says that it wants no more; but for a test, that pauses the webhook. If it is"
        " wrong, mend the receiver, activate the webhook, and recover what failed.",
    ),
    (
        range(413, 414),
        "too_large",
        "The receiver takes no body of this size. Raise its limit, or choose the thin payload.",
    ),
    (
        range(415, 416),
        "media_type",
        "The receiver does not take JSON. Let it accept Content-Type: application/json.",
    ),
    (
        range(429, 430),
        "too_many",
        "The receiver wants fewer requests. We wait as long as its Retry-After asks for; raise its"
        " limit if this happens often.",
    ),
    (
        range(400, 500),
        "rejected",
        "The receiver did not take the request. What it answered, below, or its own log may say"
        " why.",
    ),
    (
        range(502, 505),
        "not_ready",
        "The receiver, or a proxy before it, is overloaded, starting or down. If it stays so, ask"
        " whoever runs the receiver; once it is back, recover what failed meanwhile.",
    ),
    (
        range(500, 600),
        "receiver_failed",
        "The receiver broke while it worked on the request. Its own log says why. Once it is"
        " mended, resend, or recover all that failed.",
    ),
    (
        range(1000),
        "no_success",
        "Only an answer from 200 to 299 counts as delivered.",
    ),
)
_ANY: Final = Advice(
    "other",
    "The exchange broke in an unusual way. See whether the receiver answers to the curl command.",
)


def advice(status: int | None, error: str | None) -> Advice | None:
    """What to do about an attempt that ended so; None for one that succeeded, or has not ended.

    `error` is the sentence that was kept of it, `status` what was answered, None without an answer.
    """
    if error is None:
        return None
    if status is not None:
        return next(Advice(kind, words) for within, kind, words in _BY_STATUS if status in within)
    for mark, kind, words in _BY_SENTENCE:
        if mark in error:
            return Advice(kind, words)
    return _ANY
