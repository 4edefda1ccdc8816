"""A resource stands in every list kept by hand: what is missing is named, and where it goes.

Each list is a second copy on purpose, or a promise that no code can make for its writer.
"""

from collections.abc import Iterator

from jump.clinical.definition import Resource
from jump.clinical.registry import RESOURCES
from jump.keys.scopes import SCOPES
from jump.kit.ids import PREFIXES
from jump.rest.routes import Route
from tests.rest.api import all_routes
from tests.surface.canaries import MAY_HOLD
from tests.surface.contract_rows import FILTERS, ROWS
from tests.surface.permissions import FEED, FOR_EVERY_KEY, opened_by
from tests.surface.table import text_fields
from tests.surface.test_statements import EXPECTED
from tests.surface.world import good_bodies, name_of


def missing_of_resource(resource: Resource) -> Iterator[str]:
    """The lists that do not know this resource."""
    for scope in filter(None, (resource.read_scope, resource.write_scope)):
        if scope not in SCOPES:
            row = f'_both("{scope.partition("_")[2]}")'
            yield f"{scope} is no scope: add {row} to a group in src/jump/keys/scopes.py"
    if resource.prefix not in PREFIXES:
        line = f'"{resource.prefix}": "{resource.name}"'
        yield f"ids {resource.prefix}_... belong to nothing: add {line} in src/jump/kit/ids.py"
    if resource.path not in {row.path for row in ROWS}:
        yield f"{resource.path} has no ContractRow in ROWS of tests/surface/contract_rows.py"
    if resource.patient and takes_text(resource) and resource.table not in MAY_HOLD:
        yield (
            f"{resource.table} holds text of a patient: name its columns in MAY_HOLD"
            " (tests/surface/canaries.py) and write canaries into them in test_canaries.py"
        )


def takes_text(resource: Resource) -> bool:
    """Whether a request can write words into it."""
    links = {link.field for link in resource.links}
    return any(name not in links for name in text_fields(resource.body))


def missing_of_route(route: Route) -> Iterator[str]:
    """The lists that do not know this address."""
    name = name_of(route)
    if name not in opened_by().keys() | FOR_EVERY_KEY | FEED:
        yield f"{name}: name it under its scope in PERMISSIONS of tests/surface/permissions.py"
    if name not in EXPECTED:
        yield f"{name}: write what it takes in EXPECTED of tests/surface/test_statements.py"
    if route.listing and route.method == "GET" and name not in FILTERS:
        yield f"{name}: name its filters in FILTERS of tests/surface/contract_rows.py"
    takes_more = route.method == "POST" and route.body is not None and route.body.required
    if takes_more and name not in good_bodies():
        yield f"{name}: write a body in good_bodies of tests/surface/world.py"


def test_every_resource_stands_in_every_list() -> None:
    missing = [line for each in RESOURCES for line in missing_of_resource(each.resource)]
    missing += [line for route in all_routes() for line in missing_of_route(route)]
    assert not missing, "\n" + "\n".join(missing)
