"""Asks the API's own operations from the command line: the same functions, checks and answers, each
in a transaction of its own, with an operator as the caller.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import msgspec
from msgspec import structs

from jump.application.endpoints import guard_of, routes
from jump.application.opening import Storage
from jump.caller import Caller
from jump.resources import listing, validation
from jump.resources.definition import Call, Operation
from jump.resources.listing import ListQuery, Position
from jump.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Api:
    """The operations of the API by method and path, and the storage they work on."""

    storage: Storage
    operations: Mapping[tuple[str, str], Operation]


def open_api(storage: Storage, settings: Settings) -> Api:
    """Every operation that is one transaction."""
    table = routes(storage.keyring, guard_of(settings))
    operations = [route for route in table if isinstance(route, Operation)]
    return Api(storage, {(each.method, each.path): each for each in operations})


async def ask(
    api: Api,
    caller: Caller,
    method: str,
    path: str,
    ids: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> bytes:
    """The answer's data, as JSON. Raises the operation's problems."""
    operation = api.operations[method, path]
    call = Call(caller, api.storage.clock(), ids or {})
    if operation.body is not None:
        sent = msgspec.json.encode(body or {})
        checked = validation.check(operation.body, sent, partial=method == "PATCH")
        call = structs.replace(call, body=checked)
    database = api.storage.database
    only_reads = not operation.writes or (operation.only_reads and operation.only_reads(call))
    run = database.read if only_reads else database.write
    return (await run(lambda tx: operation.run(tx, call))).data


async def ask_list(
    api: Api, caller: Caller, path: str, params: list[tuple[str, str]], rows: int
) -> list[dict[str, Any]]:
    """The first rows of a list, however many pages that takes."""
    operation = api.operations["GET", path]
    assert operation.listing is not None

    async def page(query: ListQuery) -> tuple[list[dict[str, Any]], Position | None]:
        call = Call(caller, api.storage.clock(), query=query)
        answer = await api.storage.database.read(lambda tx: operation.run(tx, call))
        assert answer.page is not None
        return msgspec.json.decode(answer.data), answer.page.after

    return await collect(page, listing.parse(operation.listing, params), rows)


async def collect(
    page: Callable[[ListQuery], Awaitable[tuple[list[T], Position | None]]],
    query: ListQuery,
    rows: int,
) -> list[T]:
    """At most so many rows, page by page; a page answers its rows and where the next one begins."""
    found: list[T] = []
    while len(found) < rows:
        query = replace(query, limit=min(listing.MOST, rows - len(found)))
        some, after = await page(query)
        found += some
        if after is None:
            break
        query = replace(query, after=after)
    return found


def newest(both: list[list[dict[str, Any]]], rows: int) -> list[dict[str, Any]]:
    """The newest rows of the modes' lists, each of which has its newest first."""
    return sorted(
        (row for one in both for row in one), key=lambda row: row["created_at"], reverse=True
    )[:rows]
