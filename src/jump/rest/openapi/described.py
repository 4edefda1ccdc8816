"""Each route with what follows from its place among others: its name, its record, its answer."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from jump.clinical.definition import Registered, Resource
from jump.clinical.representation import reference_type
from jump.errors import Conflict, Problem, ValidationFailed
from jump.rest.openapi import naming
from jump.rest.routes import Route


@dataclass(frozen=True, slots=True)
class Described:
    """One route. `result` is the type of `data`, `reduced` what it is without the read scope.

    `resource` is None where it is about no record; `body` is the name of its body's schema.
    """

    route: Route
    resource: Resource | None
    operation_id: str
    body: str
    status: int
    result: Any
    reduced: Any

    @property
    def refuses(self) -> dict[type[Problem], str]:
        """When it answers which error, as the operation and its resource say."""
        told = dict(self.route.documentation.refuses)
        for kind, words in _of_resource(self):
            if words not in told.get(kind, ""):
                told[kind] = f"{told.get(kind, '')} {words}".strip()
        return told


def _of_resource(described: Described) -> Iterator[tuple[type[Problem], str]]:
    """What every change of such a record may be refused for."""
    resource, route = described.resource, described.route
    if resource is None or not route.writes:
        return
    if described.body.endswith(("Create", "Changes")):
        yield from ((Conflict, words) for words in resource.conflicts.values())
    sent = route.body.fields if route.body is not None else {}
    if any(link.field in sent for link in resource.links):
        yield ValidationFailed, "What is referred to is not there, or is of another patient."
    if "entered_in_error" in resource.record.__struct_fields__ and "{" in route.path:
        yield Conflict, f"The {resource.name.replace('_', ' ')} is marked as entered in error."


def describe(routes: Iterable[Route], registered: Iterable[Registered]) -> list[Described]:
    """Every route, in their order. Raises ValueError for one that does not say what it answers."""
    routes = tuple(routes)
    owners = {id(operation): each.resource for each in registered for operation in each.operations}
    records = {resource.record: resource for resource in owners.values()}
    # Where there is one of a kind, or a list, there is a collection to add to.
    collections = {route.path.removesuffix("/{id}") for route in routes if _reads_many(route)}
    return [_describe(route, owners.get(id(route)), records, collections) for route in routes]


def _reads_many(route: Route) -> bool:
    is_list = route.listing is not None and route.method == "GET"
    return is_list or (route.method == "GET" and route.path.endswith("/{id}"))


def _describe(
    route: Route,
    owner: Resource | None,
    records: Mapping[type, Resource],
    collections: set[str],
) -> Described:
    told = route.documentation
    adds = naming.adds_to_collection(route, collections)
    result = told.result
    if result is None:
        if owner is None:
            raise ValueError(f"{route.method} {route.path} does not say what it answers.")
        result = owner.record if route.listing is None else list[owner.record]  # type: ignore[name-defined]
    shown = records.get(result) if isinstance(result, type) else None
    may_lack_it = shown is not None and route.writes and route.scope != shown.read_scope
    return Described(
        route=route,
        resource=owner,
        operation_id=naming.operation_id(route, collections),
        body=naming.body_name(route, collections),
        status=told.status or (201 if adds else 200),
        result=result,
        reduced=reference_type(shown) if shown is not None and may_lack_it else told.reduced,
    )
