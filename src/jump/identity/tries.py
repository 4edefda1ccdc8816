"""Counts tries to sign in and lets failing ones wait longer and longer, but never for good.

A try is counted as failed before the password is looked at, so that many at once get no further,
and forgiven when it was right. What is tried is kept as a keyed hash only.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from jump.errors import RateLimited
from jump.kit.address_blocks import network
from jump.kit.clock import HOUR, MINUTE, SECOND
from jump.sealing import Keyring
from jump.storage.database import Database, Tx
from jump.storage.sql import sql

_PURPOSE: Final = "sign-in tries"
FORGOTTEN_AFTER: Final = HOUR


@dataclass(frozen=True, slots=True)
class Gate:
    """How often something may fail without a wait, and the longest wait, in microseconds.

    The first wait is a second, and each is twice the one before. `shared` is what tries of several
    people are counted by: one who is right takes back no more than the own try.
    """

    free: int
    longest: int
    shared: bool = False


EMAIL: Final = Gate(free=5, longest=5 * MINUTE)
ADDRESS: Final = Gate(free=20, longest=5 * MINUTE, shared=True)
# Someone who signed in from here before: strangers elsewhere must not be able to keep them out,
# and at one try a second a password that the rules let through is not found.
KNOWN: Final = Gate(free=5, longest=SECOND)
# Whoever gets here has the password, or the browser, already.
CODE: Final = Gate(free=5, longest=5 * MINUTE)
# Too long to be guessed: the way in that nobody can shut.
PAPER: Final = Gate(free=5, longest=SECOND)
CONFIRM: Final = Gate(free=5, longest=5 * MINUTE)


@dataclass(frozen=True, slots=True)
class Counted:
    """One thing that tries are counted by."""

    gate: Gate
    subject: bytes


# As long as nothing has to wait, instants are not compared: where two tries come at once, the one
# that is written second may have begun first.
_TAKE = sql("""
INSERT INTO sign_in_tries AS t (subject, failures, free_at) VALUES (:subject, 1, jump_now())
ON CONFLICT (subject) DO UPDATE SET
  failures = CASE WHEN t.free_at < jump_now() - CAST(:forgotten AS BIGINT) THEN 1
    ELSE t.failures + 1 END,
  free_at = jump_now() + CASE
    WHEN t.failures < :free OR t.free_at < jump_now() - CAST(:forgotten AS BIGINT) THEN 0
    ELSE least(CAST(:longest AS BIGINT),
      CAST(1000000 AS BIGINT) << CAST(least(t.failures - :free, 20) AS INTEGER)) END
WHERE t.failures <= :free OR t.free_at <= jump_now()
RETURNING failures
""")
_WAIT = sql("SELECT free_at, jump_now() AS now FROM sign_in_tries WHERE subject = :subject")
_CLEAR = sql("DELETE FROM sign_in_tries WHERE subject = :subject")
_TAKE_BACK = sql("""
UPDATE sign_in_tries SET failures = failures - 1, free_at = least(free_at, jump_now())
WHERE subject = :subject AND failures > 0
""")
_PURGE = sql("DELETE FROM sign_in_tries WHERE free_at < :oldest")


def for_sign_in(keyring: Keyring, email: str, address: str, *, known: bool) -> tuple[Counted, ...]:
    """What a try with this address of a user is counted by; `known`: from where it has succeeded.

    The gate that is most likely to be shut, and costs nobody else, comes first.
    """
    place = network(address)
    if known:
        return (_counted(keyring, KNOWN, "known", email, place),)
    return (_counted(keyring, ADDRESS, "address", place), _counted(keyring, EMAIL, "email", email))


def for_code(keyring: Keyring, user_id: str, *, from_paper: bool) -> tuple[Counted, ...]:
    """What a code of the app, or a recovery code, is counted by."""
    if from_paper:
        return (_counted(keyring, PAPER, "paper", user_id),)
    return (_counted(keyring, CODE, "code", user_id),)


def for_confirming(keyring: Keyring, user_id: str) -> tuple[Counted, ...]:
    """What a password is counted by that is asked for again of someone signed in."""
    return (_counted(keyring, CONFIRM, "confirm", user_id),)


async def take(database: Database, counted: Sequence[Counted]) -> None:
    """Count a try. Raises RateLimited, with how long to wait, where it is too early."""
    for each in counted:
        await database.count(lambda tx, each=each: _take(tx, each))  # type: ignore[misc]


async def forgive(database: Database, counted: Sequence[Counted]) -> None:
    """The try was right after all."""
    for each in counted:
        statement = _TAKE_BACK if each.gate.shared else _CLEAR
        await database.count(
            lambda tx, each=each, statement=statement: tx.run(  # type: ignore[misc]
                statement, subject=each.subject
            )
        )


async def purge(tx: Tx, now: int) -> int:
    """Forget those who have failed no more for an hour; how many. Run it on the counters."""
    return await tx.run(_PURGE, oldest=now - FORGOTTEN_AFTER)


async def _take(tx: Tx, counted: Counted) -> None:
    row = await tx.one(
        _TAKE,
        subject=counted.subject,
        forgotten=FORGOTTEN_AFTER,
        free=counted.gate.free,
        longest=counted.gate.longest,
    )
    if row is not None:
        return
    shut = await tx.one(_WAIT, subject=counted.subject)
    # It may have opened, or been forgiven, between the two statements.
    left = shut["free_at"] - shut["now"] if shut else 0
    seconds = max(1, -(-left // SECOND))
    raise RateLimited(f"Too many tries. Wait {_in_words(seconds)}, then try again.", seconds)


def _in_words(seconds: int) -> str:
    if seconds >= 2 * 60:
        return f"{-(-seconds // 60)} minutes"
    return f"{seconds} seconds" if seconds > 1 else "a second"


def _counted(keyring: Keyring, gate: Gate, *parts: str) -> Counted:
    what = "\0".join(parts).encode("utf-8", "surrogatepass")
    return Counted(gate, keyring.keyed_hash(_PURPOSE, what))
