"""One statement, written once in PostgreSQL's words and compiled once for each driver.

Parameters are `:name`, lists `IN (:name*)`. What SQLite has no words for (`FOR UPDATE`, a server's
clock) is dropped or provided by the connection; where the two really differ there is `twin`.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

Value = str | int | float | bytes | bool | None | Sequence[str] | Sequence[int]
Args = Mapping[str, Value]
Row = Mapping[str, Any]

_TOKEN = re.compile(
    r"'(?:[^']|'')*'"  # a string literal: left alone
    r"|--[^\n]*"
    r"|IN\s*\(\s*:(?P<list>[a-z_][a-z0-9_]*)\*\s*\)"
    r"|(?<![:\w]):(?P<name>[a-z_][a-z0-9_]*)(?P<column>\[\])?"
)
_ROW_LOCK = re.compile(
    r"\bFOR\s+(?:NO\s+KEY\s+)?(?:UPDATE|SHARE)(?:\s+OF\s+\w+)?(?:\s+SKIP\s+LOCKED)?"
)

_ONE_ROW = re.compile(r"\bSELECT\s+(.*?)\s*/\*rows\*/(?:\s*WHERE TRUE)?", re.DOTALL)


class Sql:
    """A statement for both databases: `sqlite` and `postgresql` hold the text each driver takes.

    `names` are the parameters in the order of PostgreSQL's `$1, $2, …`; `lists` those that take a
    sequence; with `takes_columns` PostgreSQL takes many rows as one array for each parameter, and
    `of_one_row` is the statement for it to run where there is only one.
    """

    __slots__ = (
        "_sqlite_names", "lists", "names", "of_one_row", "postgresql", "sqlite", "takes_columns",
    )  # fmt: skip

    def __init__(self, sqlite: str, postgresql: str, of_one_row: "Sql | None" = None) -> None:
        self.of_one_row = of_one_row
        self.names, self.lists, self.postgresql = _numbered(postgresql)
        self.takes_columns = any(found["column"] for found in _TOKEN.finditer(postgresql))
        # SQLite numbers a parameter where it first stands, too.
        self._sqlite_names, _, _ = _numbered(sqlite)
        self.sqlite = _json_lists(_ROW_LOCK.sub("", sqlite))

    def positional(self, args: Args) -> list[Value]:
        """The arguments in PostgreSQL's order. A missing one is a KeyError."""
        return [args[name] for name in self.names]

    def for_rows(self, rows: Sequence[Args]) -> "tuple[Sql, list[Any]]":
        """The statement that PostgreSQL runs once for all these rows, and its arguments."""
        if len(rows) == 1:
            statement = self.of_one_row or self
            return statement, statement.positional(rows[0])
        return self, [[row[name] for row in rows] for name in self.names]

    def bound(self, args: Args) -> list[Value]:
        """The arguments in SQLite's order, lists as JSON: it finds them sooner than by name."""
        if not self.lists:
            return [args[name] for name in self._sqlite_names]
        return [
            msgspec.json.encode(args[name]).decode() if name in self.lists else args[name]
            for name in self._sqlite_names
        ]

    def __repr__(self) -> str:
        return f"sql({' '.join(self.postgresql.split())!r})"


def sql(text: str) -> Sql:
    """A statement that both databases understand."""
    return Sql(text, text)


def twin(*, sqlite: str, postgresql: str) -> Sql:
    """A statement that must be said differently. Both take the same parameters."""
    return Sql(sqlite, postgresql)


def bulk(text: str, **types: str) -> Sql:
    """A statement for `Tx.many` that PostgreSQL runs once, with its parameters as columns.

    `/*rows*/` stands where a FROM may, and `types` are PostgreSQL's of each parameter:
    `UPDATE t AS x SET a = :a /*rows*/ WHERE x.id = :id`, or `INSERT INTO t SELECT :id /*rows*/`.
    A single row goes without arrays, which cost both sides more than the row itself.
    """
    columns = ", ".join(f":{name}[]::{type_}[]" for name, type_ in types.items())
    source = f"FROM UNNEST({columns}) AS each_row ({', '.join(types)})"
    words = _TOKEN.sub(
        lambda found: f"each_row.{found['name']}" if found["name"] else found[0], text
    )
    typed = _TOKEN.sub(
        lambda found: f"{found[0]}::{types[found['name']]}" if found["name"] else found[0], text
    )
    # What a SELECT inserts may be many rows to SQLite: it would prepare to undo each of them.
    values = _ONE_ROW.sub(r"VALUES (\1)", text)
    return Sql(values, words.replace("/*rows*/", source), of_one_row=Sql(values, typed))


def _numbered(text: str) -> tuple[tuple[str, ...], frozenset[str], str]:
    order: list[str] = []
    lists: set[str] = set()

    def number(found: re.Match[str]) -> str:
        name = found["list"] or found["name"]
        if name is None:
            return found[0]
        if name not in order:
            order.append(name)
        position = f"${order.index(name) + 1}"
        if found["list"]:
            lists.add(name)
            return f"= ANY({position})"
        return position

    numbered = _TOKEN.sub(number, text)
    return tuple(order), frozenset(lists), numbered


def _json_lists(text: str) -> str:
    def widen(found: re.Match[str]) -> str:
        name = found["list"]
        return f"IN (SELECT value FROM json_each(:{name}))" if name else found[0]  # noqa: S608

    return _TOKEN.sub(widen, text)
