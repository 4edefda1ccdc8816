"""Admission on both databases: who gets in, what is said to those who do not, and what counts."""

import os
from pathlib import Path

import pytest
from msgspec.structs import replace

from jump.errors import RateLimited, Unauthorized
from jump.keys import issue, revoke
from jump.keys.admit import KeyRefused, QuotaSpent, admit
from jump.keys.format import make_key
from jump.kit.clock import DAY, HOUR, MINUTE, SECOND, system_clock
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.migrate import migrate_sqlite
from tests.databases import SqliteStore, Store
from tests.keys.holders import ADDRESS, KEYRING, new_key, operator, send

NOON = 1_800_000_000 * SECOND


async def refusal(database: Database, key: str, **options: bool) -> Unauthorized:
    with pytest.raises(Unauthorized) as caught:
        await send(database, key, **options)
    return caught.value


async def test_a_good_key_tells_who_calls_and_what_it_may_do(database: Database) -> None:
    record, key = await new_key(database, scopes=["write_patients", "read_patients"], limit=5)
    admission = await send(database, key)
    assert admission.caller.tenant.organisation == record.organisation
    assert admission.caller.tenant.mode == "test"
    assert (admission.caller.actor.kind, admission.caller.actor.id) == ("key", record.id)
    assert admission.caller.may("write_patients")
    assert not admission.caller.may("read_documents")
    assert (admission.caller.request_id, admission.caller.address) == ("req_1", ADDRESS)
    assert admission.key.name == "Front desk"
    assert admission.key.scopes == ("read_patients", "write_patients")
    assert admission.key.secret == "current"
    assert (admission.quota.limit, admission.quota.used, admission.quota.remaining) == (5, 1, 4)
    assert admission.quota.reset_at == admission.quota.at
    assert abs(admission.quota.at - system_clock()) < MINUTE


@pytest.mark.parametrize("presented", [None, "", "  "])
async def test_a_missing_key_is_said_to_be_missing(
    database: Database, presented: str | None
) -> None:
    with pytest.raises(Unauthorized, match="missing"):
        await admit(
            database, KEYRING, presented, address="a", secure=True, request_id="r", counted=True
        )


class NoDatabase:
    """Fails the test that asks it anything."""

    def __getattr__(self, name: str) -> object:
        raise AssertionError("a malformed key was looked up")


@pytest.mark.parametrize(
    "presented", ["Basic abc", "Bearer", "Bearer pk_test_x", "Bearer a b", "{key}", "Bearer {bad}"]
)
async def test_a_malformed_key_is_refused_without_a_look_up(presented: str) -> None:
    key = make_key("test", "0123456789abcdef", os.urandom(32))
    bad = key[:-1] + ("0" if key[-1] != "0" else "1")
    with pytest.raises(Unauthorized, match="API key"):
        await admit(
            NoDatabase(),  # type: ignore[arg-type]
            KEYRING,
            presented.format(key=key, bad=bad),
            address="a",
            secure=True,
            request_id="r",
            counted=True,
        )


async def test_the_scheme_is_read_in_any_case(database: Database) -> None:
    _, key = await new_key(database)
    await admit(
        database,
        KEYRING,
        f"bearer  {key}",
        address="a",
        secure=True,
        request_id="r",
        counted=True,
    )


async def test_a_wrong_secret_and_an_unknown_key_look_the_same_and_cost_nothing(
    database: Database,
) -> None:
    record, key = await new_key(database)
    own_id = record.id.removeprefix("key_")
    wrong = await refusal(database, make_key("test", own_id, bytes(32)))
    unknown = await refusal(database, make_key("test", "0123456789abcdef", bytes(32)))
    assert wrong.message == unknown.message
    assert type(wrong) is type(unknown) is Unauthorized
    assert (await send(database, key, counted=False)).quota.used == 0


async def test_a_key_is_no_key_of_the_other_mode(database: Database) -> None:
    record, key = await new_key(database)
    secret = key.split("_")[3]
    forged = make_key("live", record.id.removeprefix("key_"), bytes(32))
    assert secret not in forged
    assert (await refusal(database, forged)).message == "There is no such API key."


async def test_a_live_key_is_refused_where_others_could_listen(database: Database) -> None:
    _, key = await new_key(database, mode="live")
    assert "HTTPS" in (await refusal(database, key, secure=False)).message
    assert (await send(database, key)).key.mode == "live"
    _, test_key = await new_key(database)
    await send(database, test_key, secure=False)


async def test_a_key_revoked_in_one_process_is_refused_by_the_next_request_to_another(
    store: Store, database: Database
) -> None:
    other = store.open()
    record, key = await new_key(database)
    await send(other, key)
    caller = await operator(database)
    await database.write(lambda tx: revoke.revoke(tx, caller, record.id, system_clock()))
    refused = await refusal(other, key)
    await other.close()
    assert refused.message == "This API key was revoked."
    # It is a known key all the same, so that the access log gets its row.
    assert isinstance(refused, KeyRefused)
    assert refused.admission.key.id == record.id
    assert refused.admission.quota.used == 1


async def test_a_key_expires_at_its_instant_by_the_clock_of_the_database(store: Store) -> None:
    database = store.open(connections=1)
    record, key = await new_key(database, expires_at=NOON, at=NOON - HOUR)
    await store.set_clock(database, NOON - SECOND)
    assert (await send(database, key)).key.expires_at == record.expires_at
    await store.set_clock(database, NOON)
    refused = await refusal(database, key)
    uncounted = await refusal(database, key, counted=False)
    await database.close()
    assert refused.message == uncounted.message == "This API key has expired."
    assert isinstance(refused, KeyRefused)


@pytest.mark.parametrize("counted", [True, False])
async def test_the_instant_of_expiry_is_the_first_that_is_too_late(
    tmp_path: Path, counted: bool
) -> None:
    store = SqliteStore(tmp_path)
    database = store.open(clock=lambda: NOON)
    _, at_noon = await new_key(database, expires_at=NOON, at=NOON - HOUR)
    _, later = await new_key(database, expires_at=NOON + 1, at=NOON - HOUR)
    refused = await refusal(database, at_noon, counted=counted)
    admission = await send(database, later, counted=counted)
    await database.close()
    assert refused.message == "This API key has expired."
    assert admission.quota.at == NOON


@pytest.mark.parametrize(("overlap", "length"), [("1h", HOUR), ("24h", DAY), ("7d", 7 * DAY)])
async def test_a_rotated_secret_works_until_its_overlap_ends(
    store: Store, overlap: str, length: int
) -> None:
    database = store.open(connections=1)
    caller = await operator(database)
    record, old = await new_key(database)
    _, new = await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, record.id, overlap, NOON, os.urandom)
    )
    await store.set_clock(database, NOON + length - SECOND)
    assert (await send(database, old)).key.secret == "previous"
    assert (await send(database, new)).key.secret == "current"
    # Both spend the same quota: it is one key.
    assert (await send(database, new)).quota.used == 3
    await store.set_clock(database, NOON + length)
    refused = await refusal(database, old)
    assert (await send(database, new)).key.secret == "current"
    await database.close()
    assert "replaced" in refused.message
    assert isinstance(refused, KeyRefused)


async def test_without_overlap_the_old_secret_is_refused_at_once(database: Database) -> None:
    caller = await operator(database)
    record, old = await new_key(database)
    now = system_clock()
    _, new = await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, record.id, "none", now, os.urandom)
    )
    assert "replaced" in (await refusal(database, old)).message
    await send(database, new)


async def test_an_overlap_can_be_ended_early(database: Database) -> None:
    caller = await operator(database)
    record, old = await new_key(database)
    now = system_clock()
    await database.write(
        lambda tx: issue.rotate(tx, KEYRING, caller, record.id, "7d", now, os.urandom)
    )
    await send(database, old)
    ended = await database.write(lambda tx: issue.end_overlap(tx, caller, record.id, now))
    assert ended.status(now) == "active"
    assert "replaced" in (await refusal(database, old)).message


async def test_keys_outlive_a_change_of_the_secret_key(database: Database) -> None:
    _, key = await new_key(database)
    successor = "the secret key that came after the first one"
    both = Keyring(successor, "a secret key for tests, and for nothing else")
    assert (await send(database, key, keyring=both)).quota.used == 1
    assert (await send(database, key, keyring=both, counted=False)).quota.used == 1
    with pytest.raises(Unauthorized, match="no such"):
        await send(database, key, keyring=Keyring(successor))


async def test_looking_costs_nothing_and_works_when_all_is_spent(database: Database) -> None:
    record, key = await new_key(database, limit=2)
    for _ in range(2):
        await send(database, key)
    with pytest.raises(QuotaSpent) as caught:
        await send(database, key)
    admission = caught.value.admission
    assert replace(admission.key, name="") == replace(
        (await send(database, key, counted=False)).key, name=""
    )
    assert admission.key.id == record.id
    assert (admission.quota.used, admission.quota.remaining) == (2, 0)
    looked = (await send(database, key, counted=False)).quota
    assert (looked.used, looked.remaining) == (2, 0)
    wait = int(caught.value.headers["Retry-After"])
    # The window leaves in an hour from the minute that runs: in 60 to 61 minutes.
    assert 60 * 60 <= wait <= 61 * 60
    assert looked.reset_at % MINUTE == 0


async def test_a_changed_limit_holds_from_the_next_request_on(database: Database) -> None:
    caller = await operator(database)
    record, key = await new_key(database, limit=1)
    await send(database, key)
    with pytest.raises(RateLimited):
        await send(database, key)
    for limit in (3, 2):
        await database.write(
            lambda tx, to=limit: issue.change_limit(tx, caller, record.id, to, system_clock())
        )
        if limit == 3:
            assert (await send(database, key)).quota.remaining == 1
    with pytest.raises(RateLimited):
        await send(database, key)


def lose_counters(folder: Path) -> None:
    for file in folder.glob("jump-counters*"):
        file.unlink()


async def test_lost_counters_cost_their_counts_and_nothing_else(tmp_path: Path) -> None:
    store = SqliteStore(tmp_path)
    database = store.open()
    _, key = await new_key(database)
    await send(database, key)
    await database.close()
    lose_counters(tmp_path)
    # What every start does.
    migrate_sqlite(store.path, system_clock, only_if_empty=True)
    database = store.open()
    assert (await send(database, key)).quota.used == 1
    await database.close()
