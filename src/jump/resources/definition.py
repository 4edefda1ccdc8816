"""What an address of the API is, as data: an `Operation` names its function, scope and shapes.

Routes, the scope matrix, `jump routes` and the tables over all routes are read from these values;
nothing here does anything.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from jump.caller import Caller
from jump.errors import Problem
from jump.resources.listing import Listing, ListQuery, Position
from jump.storage.database import Tx

Method = Literal["GET", "POST", "PATCH", "PUT", "DELETE"]


class Call(msgspec.Struct, frozen=True):
    """One request that passed authentication, scope and validation.

    `path` holds the ids of the address; `body` the decoded fields that were sent; `if_match` the
    versions the caller would accept, None for any.
    """

    caller: Caller
    at: int
    path: Mapping[str, str] = msgspec.field(default_factory=dict)
    query: ListQuery | None = None
    flags: Mapping[str, str] = msgspec.field(default_factory=dict)
    body: Mapping[str, Any] = msgspec.field(default_factory=dict)
    if_match: frozenset[int] | None = None


class PageInfo(msgspec.Struct, frozen=True):
    """What a list answers beside its rows: `after` is the position the next page starts behind."""

    limit: int
    has_more: bool
    next_offset: int | None
    after: Position | None


class Answer(msgspec.Struct, frozen=True):
    """A successful answer: `data` is its JSON, encoded once; `version` becomes the ETag.

    `patients` are those whose data was returned or touched, for the access log. `kept` is what an
    idempotent replay shows instead of `data`: the same without its secret.
    """

    data: bytes
    status: int = 200
    version: int | None = None
    page: PageInfo | None = None
    location: str | None = None
    patients: tuple[str, ...] = ()
    kept: bytes | None = None


Run = Callable[[Tx, Call], Awaitable[Answer]]


@dataclass(frozen=True, slots=True)
class Shape:
    """The body of a request: field name -> its type, those required, and other names for them.

    A PATCH may leave out what is `required`, but not clear it with null.

    `values` translates older values of a field into today's. `about` tells of fields that no record
    has, in a sentence each; what a record's field is, its own type says (resources/about.py).
    `record` is the type whose fields these are, where it is not the address's own. `untaken` says
    of fields that are often sent and never taken what to do instead.
    """

    fields: Mapping[str, Any]
    required: frozenset[str] = frozenset()
    aliases: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    nullable: bool = True
    about: Mapping[str, str] = field(default_factory=dict)
    record: Any = None
    untaken: Mapping[str, str] = field(default_factory=dict)


NO_BODY = Shape({})


@dataclass(frozen=True, slots=True)
class Documentation:
    """What the OpenAPI document tells of an operation that nothing needs to run it.

    `result` is the type of the answer's `data`, None for the resource's record, or a list of them
    where there is a listing; `reduced` what a caller gets instead who lacks the read scope.
    `status` is that of a success, None for 201 where a POST adds to a collection, else 200.
    `refuses` says when it answers an error that neither its shapes nor its headers tell of.
    `values` are the types of those flags that do not take any text, `needs` those that a request
    has to have, `older` other names of them. `name` is what clients call it, where the address does
    not make a good one. `example` is a body, where the examples of its
    fields do not make a good one; of an address without a body, it is what the query needs.
    `deprecated` is an address for clients of Jump.
    """

    details: str = ""
    result: Any = None
    reduced: Any = None
    status: int | None = None
    refuses: Mapping[type[Problem], str] = field(default_factory=dict)
    values: Mapping[str, Any] = field(default_factory=dict)
    needs: frozenset[str] = frozenset()
    older: frozenset[str] = frozenset()
    name: str | None = None
    example: Any = None
    deprecated: bool = False


PLAIN = Documentation()


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one address.

    `path` is below the API's base, with `{id}` where an id stands. `scope` is None where any key
    may call. `writes` says that it runs in a writing transaction and honours Idempotency-Key.
    `flags` are the query parameters that are not filters, with what each takes, in words.
    `only_reads` tells of a call to what `writes` whether it only looks, as a dry run does.
    `one_moment` says that the statements of what only reads must see the database at one moment:
    that takes a transaction, which one statement does without.
    """

    method: Method
    path: str
    run: Run
    scope: str | None
    summary: str
    writes: bool = False
    body: Shape | None = None
    listing: Listing | None = None
    flags: Mapping[str, str] = field(default_factory=dict)
    event: str | None = None
    counted: bool = True
    documentation: Documentation = PLAIN
    only_reads: Callable[[Call], bool] | None = None
    one_moment: bool = False
