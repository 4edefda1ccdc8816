"""Lists: which filters and orders a list takes, as data, and what a query string asks of it.

Paging is by keyset (`created_at, id`), so that a page deep in a list costs what the first one does.
An unknown parameter is refused, never ignored. A message names the parameter, never its value.
"""

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from jump.caller import Tenant
from jump.errors import FieldError, InvalidRequest, unknown_name
from jump.kit.instants import parse_date, parse_instant
from jump.storage.sql import Value

Kind = Literal["text", "bool", "int", "instant", "date"]
Order = Literal["asc", "desc"]
Position = tuple[int | str, int | str]

# How other APIs ask for a page.
_PAGES_ELSEWHERE: Final = frozenset(
    {"page", "per_page", "page_size", "pageSize", "after", "starting_after", "page_token"}
)
_PAGES_HERE: Final = "Pages are asked for by limit and cursor: the next is meta.next_cursor."

MOST = 100
DEEPEST_OFFSET = 1_000_000

_OPERATORS: Mapping[str, str] = {"": "=", "_gte": ">=", "_lte": "<=", "_in": "in"}


@dataclass(frozen=True, slots=True)
class Filter:
    """One filterable field: `column` is where it is kept, `kind` how its values are written.

    `constants` are values that partial indexes name: a statement for one of them names it too.
    `choices` are all the values there are, where they are few: asking for another is a mistake.
    `shared` is one whose few values many records have each: the indexes of a list's orders lack it.
    """

    name: str
    kind: Kind
    column: str = ""
    values: tuple[tuple[str, str], ...] = ()
    constants: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    shared: bool = False


def renamed(other: str, name: str) -> tuple[tuple[str, str], ...]:
    """Another name of a filter, in each of its forms: aliases for a `Listing`."""
    return tuple((other + suffix, name + suffix) for suffix in _OPERATORS)


@dataclass(frozen=True, slots=True)
class Condition:
    """One more condition of a WHERE, with its arguments.

    `bounds` is the column that begins it, where it lets several of its values through.
    """

    text: str
    args: tuple[tuple[str, Value], ...] = ()
    bounds: str | None = None


@dataclass(frozen=True, slots=True)
class Extra:
    """A parameter that is more than a comparison; `conditions` gets its value, None if absent.

    `conditions` raises ValueError with words for people. `kind` is the type of its values. Where
    the filter that it `yields_to` is given, in any form, that one decides and this adds nothing.
    """

    name: str
    conditions: Callable[[str | None], tuple[Condition, ...]]
    meaning: str
    kind: Any = str
    yields_to: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Listing:
    """What one list can do. `source` is its table, always read within one tenant.

    `sorts` maps each sort key to its column, the default one first. `fixed` narrows the list by
    ids of the address, column by column. `endless` ones go forward by cursor only, which stays good
    for what is still to come.
    """

    source: str
    columns: tuple[str, ...]
    filters: tuple[Filter, ...]
    sorts: tuple[tuple[str, str], ...] = (
        ("created_at", "created_at"),
        ("updated_at", "updated_at"),
    )
    extras: tuple[Extra, ...] = ()
    fixed: tuple[str, ...] = ()
    aliases: tuple[tuple[str, str], ...] = ()
    default_limit: int = 20
    default_order: Order = "desc"
    endless: bool = False

    def parameters(self) -> list[str]:
        """Every query parameter the list takes, in the order they are documented."""
        named = [f.name + suffix for f in self.filters for suffix in _OPERATORS]
        extras = [extra.name for extra in self.extras]
        aliases = [alias for alias, _ in self.aliases]
        return ["limit", "cursor", "offset", "order", "sort", *extras, *named, *aliases]


@dataclass(frozen=True, slots=True)
class ListQuery:
    """A checked query. `cursor` is the token as sent; `after` the position it stands for."""

    conditions: tuple[Condition, ...] = ()
    sort: str = "created_at"
    order: Order = "desc"
    limit: int = 20
    offset: int = 0
    cursor: str | None = None
    after: Position | None = None
    given: tuple[tuple[str, str], ...] = ()

    def fingerprint(self, tenant: Tenant, path: str) -> str:
        """What a cursor is bound to: everything that decides which rows come in which order."""
        parts = [tenant.organisation, tenant.mode, path, self.sort, self.order]
        return "\n".join([*parts, *(f"{name}={value}" for name, value in sorted(self.given))])


def parse(listing: Listing, params: Sequence[tuple[str, str]]) -> ListQuery:
    """Check the query string against the listing. Raises InvalidRequest naming every wrong one."""
    errors: list[FieldError] = []
    values: dict[str, str] = {}
    given: dict[str, str] = {}
    known = _known(listing)
    aliases = dict(listing.aliases)
    for name, value in params:
        meant = aliases.get(name, name)
        if name not in known and name in _PAGES_ELSEWHERE:
            errors.append(FieldError(name, _PAGES_HERE))
        elif name not in known:
            errors.append(unknown_name("parameter", name, listing.parameters()))
        elif given.setdefault(meant, name) != name:
            words = f"This is another name of {given[meant]}: give one of the two."
            errors.append(FieldError(name, words))
        elif meant in values:
            errors.append(FieldError(name, "Give this parameter once."))
        else:
            values[meant] = value
    query = _query(listing, values, errors)
    if errors:
        raise InvalidRequest(_names(errors), details=errors)
    return query


def _query(listing: Listing, values: Mapping[str, str], errors: list[FieldError]) -> ListQuery:
    sorts = [name for name, _ in listing.sorts]
    order: Order = listing.default_order
    if (asked := values.get("order")) is not None:
        if asked not in ("asc", "desc"):
            errors.append(FieldError("order", "Use asc or desc."))
        order = "asc" if asked == "asc" else "desc"
    sort = values.get("sort", sorts[0])
    if sort not in sorts:
        errors.append(FieldError("sort", f"Use one of: {', '.join(sorts)}."))
        sort = sorts[0]
    if "cursor" in values and "offset" in values:
        errors.append(FieldError("offset", "Use cursor or offset, not both."))
    paging = {"limit", "cursor", "offset", "order", "sort"}
    return ListQuery(
        conditions=tuple(_conditions(listing, values, errors)),
        sort=sort,
        order=order,
        limit=_whole(values, "limit", listing.default_limit, 1, MOST, errors),
        offset=_whole(values, "offset", 0, 0, DEEPEST_OFFSET, errors),
        cursor=values.get("cursor"),
        given=tuple((name, value) for name, value in values.items() if name not in paging),
    )


def _conditions(
    listing: Listing, values: Mapping[str, str], errors: list[FieldError]
) -> Iterable[Condition]:
    for name, (flt, operator) in _comparisons(listing).items():
        if name in values:
            try:
                yield _comparison(flt, name, operator, values[name])
            except ValueError as error:
                errors.append(FieldError(name, str(error)))
    for extra in listing.extras:
        try:
            conditions = extra.conditions(values.get(extra.name))
        except ValueError as error:
            errors.append(FieldError(extra.name, str(error)))
            continue
        if not _yields(extra, values):
            yield from conditions


def _yields(extra: Extra, values: Mapping[str, str]) -> bool:
    name = extra.yields_to
    return name is not None and any(f"{name}{suffix}" in values for suffix in _OPERATORS)


@functools.cache
def _known(listing: Listing) -> frozenset[str]:
    return frozenset(listing.parameters())


@functools.cache
def _comparisons(listing: Listing) -> Mapping[str, tuple[Filter, str]]:
    return {
        flt.name + suffix: (flt, operator)
        for flt in listing.filters
        for suffix, operator in _OPERATORS.items()
    }


def _comparison(flt: Filter, name: str, operator: str, value: str) -> Condition:
    column = flt.column or flt.name
    if operator == "=" and value in flt.constants:
        # As the Listing has it, and not as it was sent.
        return Condition(f"{column} = '{value}'")
    items = [item for item in value.split(",") if item] if operator == "in" else [value]
    if not items or len(items) > MOST:
        raise ValueError(f"Give 1 to {MOST} values, separated by commas.")
    values = [_value(flt, item) for item in items]
    if flt.choices and operator in ("=", "in") and not set(flt.choices).issuperset(values):
        raise ValueError(f"Use one of: {', '.join(flt.choices)}.")
    if flt.kind == "bool":
        return _of_boolean(column, operator, values)
    if operator != "in":
        bounds = None if operator == "=" else column
        return Condition(f"{column} {operator} :{name}", ((name, values[0]),), bounds)
    arguments = tuple((f"{name}_{number}", each) for number, each in enumerate(values))
    holders = ", ".join(f":{argument}" for argument, _ in arguments)
    return Condition(f"{column} IN ({holders})", arguments, column)


def _of_boolean(column: str, operator: str, values: Sequence[Value]) -> Condition:
    """In the words of a partial index of the few that are so, and not as a parameter."""
    either = (operator, values[0]) in ((">=", False), ("<=", True))
    if either or len(set(values)) > 1:
        return Condition("TRUE")
    return Condition(column if values[0] else f"NOT {column}")


def _value(flt: Filter, value: str) -> str | int | bool:
    if "\x00" in value:
        raise ValueError("A NUL character is not allowed.")
    if flt.kind == "bool":
        return _boolean(value)
    if flt.kind == "int":
        return _integer(value)
    if flt.kind == "instant":
        return instant_or_date(value)
    if flt.kind == "date":
        return parse_date(value).isoformat()
    return dict(flt.values).get(value, value)


def _boolean(value: str) -> bool:
    if value not in ("true", "false"):
        raise ValueError("Use true or false.")
    return value == "true"


def _integer(value: str) -> int:
    if not (value.isascii() and value.removeprefix("-").isdigit() and len(value) <= 15):
        raise ValueError("Use a whole number.")
    return int(value)


def instant_or_date(value: str) -> int:
    """An instant with an offset, or a bare date, which is midnight UTC. Raises ValueError."""
    if len(value) == len("2026-01-01"):
        return parse_instant(f"{parse_date(value).isoformat()}T00:00:00Z")
    # An unescaped plus arrives as a space.
    return parse_instant(value.replace(" ", "+") if value.count(" ") == 1 else value)


def _whole(
    values: Mapping[str, str],
    name: str,
    default: int,
    low: int,
    high: int,
    errors: list[FieldError],
) -> int:
    text = values.get(name)
    if text is None:
        return default
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and low <= int(text) <= high):
        errors.append(FieldError(name, f"Use a whole number from {low:,} to {high:,}."))
        return default
    return int(text)


def _names(errors: Sequence[FieldError]) -> str:
    names = ", ".join(dict.fromkeys(error.field for error in errors))
    return f"Check these query parameters: {names}."
