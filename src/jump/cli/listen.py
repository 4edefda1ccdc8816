"""`jump listen`: brings events to a program on this machine, which no webhook could reach."""

import contextlib
import signal
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from types import FrameType

import click
import msgspec

from jump.cli.feed_reader import FeedReader
from jump.cli.forwarding import Forwarded, Forwarder, secret_for
from jump.cli.key_words import KEY_VARIABLE
from jump.cli.operating import Refused, Words, load_settings, refuse
from jump.cli.showing import harmless, note, say
from jump.cli.web import Target, target
from jump.keys.format import masked, parse_key
from jump.keys.header import not_a_key
from jump.kit.clock import system_clock
from jump.kit.instants import format_second
from jump.rest.routes import BASES


def _key(text: str) -> str:
    key = (sys.stdin.readline() if text == "-" else text).strip()
    if parse_key(key) is None:
        why = not_a_key(key) if key else "The API key is missing: is the variable with it set?"
        raise ValueError(why)
    return key


def _api(text: str) -> Target:
    found = target(text)
    if found.query:
        raise ValueError("Write the API's address without a query.")
    has_base = found.path.endswith(BASES)
    return found if has_base else replace(found, path=f"{found.path}{BASES[0]}")


def _forward_to(text: str) -> Target:
    # `localhost:3000/hooks`, as other tools take it.
    found = target(text if "://" in text else f"http://{text}")
    if found.scheme == "http" and not found.is_loopback:
        raise ValueError("Only a program on this machine may be called by http: use https.")
    return found


@click.command()
@click.option(
    "--key",
    required=True,
    envvar=KEY_VARIABLE,
    show_envvar=True,
    type=Words("key", _key),
    help="The API key, or - to read it from standard input.",
)
@click.option(
    "--forward-to",
    required=True,
    type=Words("url", _forward_to),
    help="Where to POST each event, such as http://localhost:3000/hooks.",
)
@click.option(
    "--api",
    type=Words("url", _api),
    help="Where the API is; else where this machine's settings say.",
)
@click.option("--show", is_flag=True, help="Print each event whole; it may hold patient data.")
def listen(key: str, forward_to: Target, api: Target | None, show: bool) -> None:
    """Bring each event to a program on this machine.

    No public address is needed. The events that come from now on, of the key's mode and
    permissions, are posted one after the other, as a webhook would send them: the same body, the
    same headers, signed with a secret that is printed at the start and stays the same for the same
    key. A program that does not answer is tried three times. Ctrl-C ends it.

    \b
    Example:
      jump listen --key "$PK_KEY" --forward-to http://localhost:3000/hooks
    """
    where = api or _api(load_settings().public_url)
    parsed = parse_key(key)
    assert parsed is not None
    if parsed.mode == "live" and where.scheme == "http" and not where.is_loopback:
        refuse("A live key may not be sent over http. Give an https address with --api.")
    forwarder = Forwarder(forward_to, secret_for(key), system_clock, time.sleep)
    reader = FeedReader(where, key, note, time.sleep)
    say(f"Listening to {where} with {masked(parsed.mode, parsed.id)}")
    say(f"Forwarding to {forward_to}")
    say(f"Signing secret: {forwarder.secret}")
    counts = _Counts()
    try:
        with _interruptible():
            _forward(reader, forwarder, counts, show=show)
    except Refused as refusal:
        refuse(str(refusal))
    except KeyboardInterrupt:
        say(f"\n{counts}")


class _Counts:
    """How many events were answered well, answered otherwise, and given up."""

    def __init__(self) -> None:
        self.well = self.otherwise = self.given_up = 0

    def add(self, done: Forwarded) -> None:
        if done.status is None:
            self.given_up += 1
        elif 200 <= done.status < 300:
            self.well += 1
        else:
            self.otherwise += 1

    def __str__(self) -> str:
        total = self.well + self.otherwise + self.given_up
        return (
            f"Ended. {total} event{'' if total == 1 else 's'}: {self.well} answered with 2xx, "
            f"{self.otherwise} with another status, {self.given_up} given up."
        )


def _forward(reader: FeedReader, forwarder: Forwarder, counts: _Counts, *, show: bool) -> None:
    reader.begin()
    say("Waiting for events. Ctrl-C ends it.\n")
    for body in reader.events():
        done = forwarder.forward(body)
        counts.add(done)
        say(_line(done))
        if show:
            say(harmless(msgspec.json.format(body, indent=2).decode(), keep="\n"))


def _line(done: Forwarded) -> str:
    event = done.event
    head = f"{format_second(system_clock())}  {event.type:23}  {event.id}"
    if done.status is None:
        return f"{head}  gave up after {done.attempts} attempts: {done.failure}"
    attempts = f", attempt {done.attempts}" if done.attempts > 1 else ""
    return f"{head}  {done.status}  {done.milliseconds} ms{attempts}"


@contextlib.contextmanager
def _interruptible() -> Iterator[None]:
    """Let SIGTERM end it as Ctrl-C does."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = [signal.signal(each, interrupt) for each in (signal.SIGTERM, signal.SIGINT)]
    try:
        yield
    finally:
        for number, handler in zip((signal.SIGTERM, signal.SIGINT), before, strict=True):
            signal.signal(number, handler)
