"""A resource stands in every list kept by hand: what is missing is named, and where it goes.

Each list is a second copy on purpose, or a promise that no code can make for its writer.
"""

import re
from collections.abc import Iterator
from pathlib import Path

from jump.clinical.definition import Link, Resource
from jump.clinical.registry import RESOURCES
from jump.keys.scopes import SCOPES
from jump.kit.ids import PREFIXES
from jump.rest.routes import Route
from jump.storage.migrate import migrations
from tests.journeys.copying import LISTS, PROGRAM
from tests.rest.api import all_routes
from tests.storage.test_violations import TABLE
from tests.storage.test_violations import tables as tried_by_themselves
from tests.surface.canaries import MAY_HOLD
from tests.surface.contract_rows import FILTERS, ROWS, addresses
from tests.surface.permissions import FEED, FOR_EVERY_KEY, opened_by
from tests.surface.table import text_fields
from tests.surface.test_statements import EXPECTED
from tests.surface.world import good_bodies, name_of

SCHEMA = "\n".join(each.text for each in migrations())
TABLES = dict(TABLE.findall(SCHEMA))
NAMED = re.compile(r"CONSTRAINT (\w+) (?:CHECK|FOREIGN KEY)")
# Every word of the tests of storage: those of constraints name each that they break.
TRIED = {
    word
    for each in (Path(__file__).parents[1] / "storage").glob("test_*.py")
    for word in re.findall(r"\w+", each.read_text())
}


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
    if resource.path[1:] in LISTS and f'"{resource.path[1:]}": ' not in PROGRAM:
        yield (
            f"{resource.path} is not in the copy that the guide's program keeps: add it to ASKED,"
            " or to FOLLOWED if all its changes make events, in src/jump/docs/pages/guides/copy.md"
        )


def takes_text(resource: Resource) -> bool:
    """Whether a request can write words into it."""
    links = {link.field for link in resource.links}
    return any(name not in links for name in text_fields(resource.body))


def missing_of_table(resource: Resource) -> Iterator[str]:
    """What the database does not know of this resource, and what nobody tries there."""
    table = resource.table
    if table not in TABLES:
        name = f"{len(migrations()) + 1:04}_{table}.sql"
        yield f"{table} is no table: write src/jump/storage/migrations/{name}"
        return
    for link in resource.links:
        if foreign_key(link) not in " ".join(TABLES[table].split()):
            yield (
                f"{table} refuses no unknown {link.field}: write {foreign_key(link)}...)"
                " in its migration, or the name it has there in its Link"
            )
        if link.of_patient and f"RAISE(ABORT, '{link.constraint}')" not in SCHEMA:
            yield (
                f"{link.constraint} is in no trigger of SQLite: write them in its migration,"
                " as problems_of_consultation and problems_of_consultation_later"
            )
    if table not in tried_by_themselves():
        for name in NAMED.findall(TABLES[table]):
            if name not in TRIED:
                file = f"tests/storage/test_{resource.name.replace(' ', '_')}_constraints.py"
                yield f"{name} is tried by nobody: break it in {file}, or another test there"


def foreign_key(link: Link) -> str:
    """How the constraint of a link begins."""
    columns = ["organisation_id", "mode", *(["patient_id"] if link.of_patient else []), link.field]
    return (
        f"CONSTRAINT {link.constraint} FOREIGN KEY ({', '.join(columns)}) REFERENCES {link.table} ("
    )


def missing_of_route(route: Route) -> Iterator[str]:
    """The lists that do not know this address."""
    name = name_of(route)
    if name not in addresses():
        yield f"{name}: name it in {row_of(route)} in tests/surface/contract_rows.py"
    if name not in opened_by().keys() | FOR_EVERY_KEY | FEED:
        yield f"{name}: name it under its scope in PERMISSIONS of tests/surface/permissions.py"
    if name not in EXPECTED:
        yield f"{name}: write what it takes in EXPECTED of tests/surface/test_statements.py"
    if route.listing and route.method == "GET" and name not in FILTERS:
        yield f"{name}: name its filters in FILTERS of tests/surface/contract_rows.py"
    if takes_more(route) and name not in good_bodies():
        yield f"{name}: write a body in good_bodies of tests/surface/world.py"


def row_of(route: Route) -> str:
    """The row of the contract in which an address stands: of what it is below."""
    found = [row.path for row in ROWS if f"{route.path}/".startswith(f"{row.path}/")]
    if not found:
        return "a ContractRow of its own, or in OTHER_ADDRESSES,"
    return f"the verbs or the actions of the ContractRow of {max(found, key=len)}"


def takes_more(route: Route) -> bool:
    """Whether an empty body is refused, or changes nothing."""
    if route.body is None:
        return False
    return route.method == "PATCH" or (route.method == "POST" and bool(route.body.required))


def test_every_resource_stands_in_every_list() -> None:
    resources = [each.resource for each in RESOURCES]
    missing = [line for each in resources for line in missing_of_resource(each)]
    missing += [line for each in resources for line in missing_of_table(each)]
    missing += [line for route in all_routes() for line in missing_of_route(route)]
    assert not missing, "\n" + "\n".join(missing)
