"""What one may ask of a GET: every filter, order and page that its route takes, as addresses. Pure.

The values come from a record that is there, so that each question has an answer; where a filter
takes text, one that no record has is asked for too, since it is then that a scan would go through
everything, or each of the few words that there are.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from jump.resources.listing import Filter, Listing

NOTHING: Final = "nothing_has_this"
DEEPEST_OFFSET: Final = 1000
# What an integrator asks for together: a parameter -> the field whose value it gets.
TOGETHER: Final[tuple[Mapping[str, str], ...]] = (
    {"patient_id": "patient_id", "status": "status"},
    {"clinician_id": "clinician_id", "start_time_gte": "start_time"},
    {"clinician_id": "clinician_id", "status": "status"},
    {"status": "status", "updated_at_gte": "updated_at"},
)


@dataclass(frozen=True)
class Question:
    """A query of a route; `name` tells it apart from the route's others."""

    query: str

    @property
    def name(self) -> str:
        """In a few words: the values say nothing."""
        names = [part.partition("=")[0] for part in self.query.split("&") if part]
        told = ("sort", "order", "offset", "limit", "include_in_error", "status")
        parts = dict(part.split("=", 1) for part in self.query.split("&") if part)
        return " ".join(f"{n}={parts[n]}" if n in told else n for n in names) or "plain"


def of_list(lists: Listing, record: Mapping[str, Any]) -> Iterator[Question]:
    """Everything a list can be asked about a record of it, one thing or a few at a time."""
    sorts = [name for name, _ in lists.sorts]
    yield asked()
    yield asked(limit=100)
    yield asked(offset=DEEPEST_OFFSET)
    for sort in sorts:
        yield asked(sort=sort, order="asc")
        yield asked(sort=sort, order="desc")
    for each in lists.filters:
        for query in _filtered(each, record):
            yield asked(**query)
            if "updated_at" in sorts:
                yield asked(**query, sort="updated_at", order="asc")
    for extra in lists.extras:
        for value in _extra(extra.name, record):
            yield asked(**{extra.name: value})
    known = set(lists.parameters())
    for together in TOGETHER:
        if known.issuperset(together):
            yield asked(**{name: record[field] or NOTHING for name, field in together.items()})


def asked(**query: Any) -> Question:
    """A question with these parameters."""
    return Question(urlencode(query))


def _filtered(each: Filter, record: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    name, value = each.name, record.get(each.name)
    if each.kind == "bool":
        yield {name: "true"}
        yield {name: "false"}
        return
    if value is None:
        value = {"instant": "2026-01-01", "date": "2026-01-01", "int": 1}.get(each.kind, NOTHING)
    for suffix in ("", "_gte", "_lte"):
        yield {name + suffix: value}
    if each.kind != "text":
        yield {f"{name}_in": value}
        return
    others = [word for word in each.choices if word != value] or [NOTHING]
    yield {f"{name}_in": f"{value},{others[0]}"}
    for other in others:
        yield {name: other}


def _extra(name: str, record: Mapping[str, Any]) -> Iterator[str]:
    if name == "include_in_error":
        yield "true"
    if name == "search":
        yield record["last_name"]
        yield f"{record['first_name'][:1]} {record['last_name'][:2]}"
        yield NOTHING
