"""Every statement of the program by name, the generated ones too, for tests over all of them."""

import ast
import functools
import importlib
import pkgutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import ModuleType
from typing import Any

import jump
from jump.clinical import crud, links
from jump.clinical.registry import RESOURCES
from jump.events import feed
from jump.resources import listing, pages
from jump.resources.listing import Condition, Filter, Listing, Order
from jump.storage.sql import Sql

SOURCE = Path(jump.__file__).parent
MAKERS = ("sql", "twin", "bulk", "Sql")
# Functions that make statements of data; whoever adds one lists here what it makes.
GENERATORS = {
    "clinical/crud.py:_statements",
    "clinical/links.py:statement",
    "resources/pages.py:_planned",
    "resources/pages.py:_walked",
    "resources/pages.py:_sorted",
    "resources/pages.py:_choice",
    "events/feed.py:_items",
    "events/sequence.py:numbering",
    "storage/sql.py:sql",
    "storage/sql.py:twin",
    "storage/sql.py:bulk",
}
SAMPLES = {
    "text": "a",
    "bool": "true",
    "int": "1",
    "instant": "2026-01-31T09:30:00Z",
    "date": "2026-01-31",
}
WORDS = "ada 1980-02-29 999 000 0018"
EXTRAS = {"include_in_error": "false"}


@dataclass(frozen=True)
class Statement:
    """`name` is `module.NAME`, or what it is generated from."""

    name: str
    sql: Sql


@functools.cache
def modules() -> tuple[ModuleType, ...]:
    """Every module of the program."""
    found = pkgutil.walk_packages([str(SOURCE)], "jump.")
    return tuple(importlib.import_module(each.name) for each in found)


@functools.cache
def every_statement() -> tuple[Statement, ...]:
    """All of them; one that several modules import is named by the one that made it."""
    seen: dict[int, Statement] = {}
    for statement in (*_written(), *_of_resources(), *_of_lists(), *_of_the_feed()):
        seen.setdefault(id(statement.sql), statement)
    return tuple(seen.values())


def _written() -> Iterator[Statement]:
    for module in modules():
        for name, value in vars(module).items():
            for found in _inside(value):
                yield Statement(f"{module.__name__.removeprefix('jump.')}.{name}", found)


def _inside(value: Any) -> Iterator[Sql]:
    if isinstance(value, Sql):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from _inside(each)
    elif isinstance(value, tuple | list):
        for each in value:
            yield from _inside(each)


def _of_resources() -> Iterator[Statement]:
    for each in RESOURCES:
        made = crud._statements(each.resource)
        for name in ("select", "lock", "insert", "update"):
            yield Statement(f"{each.resource.name}: {name}", getattr(made, name))
        if each.resource.links:
            yield Statement(f"{each.resource.name}: links", links.statement(each.resource.links))


def lists() -> dict[str, Listing]:
    """Every list of the program, by the place it is written in."""
    found: dict[int, tuple[str, Listing]] = {}
    for module in modules():
        for name, value in vars(module).items():
            if isinstance(value, Listing):
                place = f"{module.__name__.removeprefix('jump.')}.{name}"
                found.setdefault(id(value), (place, value))
    for each in RESOURCES:
        for operation in each.operations:
            if operation.listing is not None:
                place = f"{operation.method} {operation.path}"
                found.setdefault(id(operation.listing), (place, operation.listing))
    return dict(found.values())


def _of_lists() -> Iterator[Statement]:
    orders: tuple[Order, ...] = ("asc", "desc")
    for place, each in lists().items():
        for (sort, column), order, continued in product(each.sorts, orders, (True, False)):
            ways = (pages._planned,) if column == "id" else (pages._planned, pages._sorted)
            for name, conditions in _conditions(each):
                for way in ways:
                    made = way(each, column, order, conditions, continued)
                    yield Statement(f"{place}: {name} {sort} {order} {way.__name__}", made)
            if column != "id":
                for name, made in _of_ranges(each, column, order, continued):
                    yield Statement(f"{place}: {name} {sort} {order}", made)


def _of_ranges(
    each: Listing, column: str, order: Order, continued: bool
) -> Iterator[tuple[str, Sql]]:
    """Those that only a range needs, the one of the order's own column among what is known."""
    for flt, form in product(each.filters, ("_gte", "_in")):
        query = listing.parse(each, [(flt.name + form, _sample(flt))])
        ranges = tuple(one.text for one in query.conditions if one.bounds not in (None, column))
        texts = tuple(one.text for one in query.conditions)
        if ranges:
            known = (f"{column} >= :known",)
            choice = pages._choice(
                each.source, column, order, known, ranges, continued, not flt.shared
            )
            yield f"{flt.name}{form} _choice", choice
            walked = pages._walked(each, column, order, texts, ranges, continued)
            yield f"{flt.name}{form} _walked", walked


def _sample(flt: Filter) -> str:
    """A value that the filter takes: not one that partial indexes name, if there is another."""
    choices = sorted(flt.choices, key=lambda choice: choice in flt.constants)
    return choices[0] if choices else SAMPLES[flt.kind]


def _conditions(each: Listing) -> Iterator[tuple[str, tuple[str, ...]]]:
    yield "whole", ()
    for flt in each.filters:
        for form in ("", "_gte", "_lte", "_in"):
            sample = _sample(flt)
            value = f"{sample},{sample}" if form == "_in" else sample
            query = listing.parse(each, [(flt.name + form, value)])
            yield flt.name + form, tuple(condition.text for condition in query.conditions)
        for constant in flt.constants:
            query = listing.parse(each, [(flt.name, constant)])
            texts = tuple(condition.text for condition in query.conditions)
            yield f"{flt.name}={constant}", texts
    for extra in each.extras:
        query = listing.parse(each, [(extra.name, EXTRAS.get(extra.name, WORDS))])
        yield extra.name, tuple(condition.text for condition in query.conditions)
    for name, condition in _conditions_beside(each):
        yield name, (condition.text,)


def _conditions_beside(each: Listing) -> Iterator[tuple[str, Condition]]:
    """Those that a module adds by itself to a list of its own."""
    for module in modules():
        values = vars(module)
        if any(value is each for value in values.values()):
            for name, value in values.items():
                if isinstance(value, Condition):
                    yield name, value


def _of_the_feed() -> Iterator[Statement]:
    for name, conditions in _conditions(feed.FEED):
        yield Statement(f"the feed: {name}", feed._items(conditions))


def made_inside_functions() -> set[str]:
    """The functions, by file, that make statements when they are called."""
    found: set[str] = set()
    for path in SOURCE.rglob("*.py"):
        place = path.relative_to(SOURCE).as_posix()
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                calls = (node for node in ast.walk(function) if isinstance(node, ast.Call))
                if any(isinstance(c.func, ast.Name) and c.func.id in MAKERS for c in calls):
                    found.add(f"{place}:{function.name}")
    return found


def calls_of(name: str) -> int:
    """How often the program's source calls a function of this name."""
    return sum(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == name
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
    )
