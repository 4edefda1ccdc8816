"""Routes, bodies and records are those of the public contract; docs/surface.txt lists them."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from jump.cli.main import main
from jump.clinical.registry import RESOURCES
from jump.rest.routes import Route
from tests.rest.api import all_routes
from tests.surface import contract_rows as contract
from tests.surface.contract_rows import OF_EVERY_RECORD, ROWS, ContractRow
from tests.surface.shapes import assert_answered
from tests.surface.world import World, name_of

SURFACE = Path(__file__).parents[2] / "docs" / "surface.txt"

by_path = pytest.mark.parametrize("row", ROWS, ids=lambda row: row.path)


def by_path_with(verb: str) -> pytest.MarkDecorator:
    rows = [row for row in ROWS if verb in row.verbs]
    return pytest.mark.parametrize("row", rows, ids=lambda row: row.path)


def route(name: str) -> Route:
    return next(each for each in all_routes() if name_of(each) == name)


def test_the_surface_in_the_documents_is_the_one_the_program_lists() -> None:
    listed = CliRunner().invoke(main, ["routes"])
    assert listed.exit_code == 0
    assert SURFACE.read_text() == listed.output, "Write it anew: jump routes > docs/surface.txt"


def test_the_addresses_are_those_of_the_contract() -> None:
    assert {name_of(each) for each in all_routes()} == contract.addresses()


@by_path_with("create")
def test_a_new_record_takes_the_fields_of_the_contract(row: ContractRow) -> None:
    shape = route(f"POST {row.path}").body
    assert shape is not None
    assert set(shape.fields) == row.fields - row.set_elsewhere - row.on_change
    assert shape.required == row.required
    assert set(shape.aliases) == row.also


@by_path_with("update")
def test_a_change_takes_the_fields_of_the_contract(row: ContractRow) -> None:
    shape = route(f"PATCH {row.path}/{{id}}").body
    assert shape is not None
    assert set(shape.fields) == row.fields - row.set_elsewhere - row.on_creation
    assert set(shape.aliases) == row.also


@by_path
async def test_a_record_shows_the_fields_of_the_contract(world: World, row: ContractRow) -> None:
    expected = row.fields | row.also | row.shown | OF_EVERY_RECORD
    if "get" in row.verbs:
        one = assert_answered(await world.send(world.good(route(f"GET {row.path}/{{id}}"))))
        assert set(one) == expected
    if "list" in row.verbs:
        many = assert_answered(await world.send(world.good(route(f"GET {row.path}"))))
        assert {frozenset(each) for each in many} == {expected}


def test_the_structs_of_records_have_the_fields_of_the_contract() -> None:
    rows = {row.path: row for row in ROWS}
    for each in RESOURCES:
        row = rows[each.resource.path]
        fields = each.resource.record.__struct_fields__
        assert set(fields) == row.fields | row.also | row.shown | OF_EVERY_RECORD


async def test_a_delivery_and_its_attempts_show_the_fields_of_the_contract(world: World) -> None:
    many = await world.send(world.good(route("GET /webhooks/{id}/deliveries")))
    assert [set(each) for each in assert_answered(many)] == [contract.DELIVERY]
    one = await world.send(world.good(route("GET /webhooks/{id}/deliveries/{delivery}")))
    delivery = assert_answered(one)
    assert set(delivery) == contract.DELIVERY_IN_FULL
    assert [set(each) for each in delivery["attempts"]] == [contract.ATTEMPT]
    assert set(delivery["attempts"][0]["duration_ms"]) == contract.DURATIONS
    assert set(delivery["payload"]) == contract.EVENT


async def test_an_event_and_a_key_show_the_fields_of_the_contract(world: World) -> None:
    feed = assert_answered(await world.send(world.good(route("GET /events"))))
    event = assert_answered(await world.send(world.good(route("GET /events/{id}"))))
    assert feed[-1] == event
    assert set(event) == contract.EVENT
    assert set(event["data"]) == {"object", "previous"}
    me = assert_answered(await world.send(world.good(route("GET /me"))))
    assert set(me) == contract.ME | contract.ME_BESIDE_THE_CONTRACT


def test_every_list_takes_the_filters_of_the_contract() -> None:
    lists = {name_of(each): each for each in all_routes() if each.listing and each.method == "GET"}
    assert set(lists) == set(contract.FILTERS)
    for name, filters in contract.FILTERS.items():
        listing = lists[name].listing
        assert listing is not None
        parameters = set(listing.parameters())
        forms = {each + form for each in filters for form in ("", "_gte", "_lte", "_in")}
        assert forms | contract.PAGING <= parameters, name


def test_every_route_that_changes_something_has_a_write_scope_and_every_other_has_not() -> None:
    for each in all_routes():
        if each.scope is None:
            assert not each.writes
        else:
            # Who makes holds reads them: the contract has no other scope for it.
            reads = "write_holds" if each.path == "/holds/{id}" else "read_"
            assert each.scope.startswith("write_" if each.writes else reads), name_of(each)
        if each.method != "GET" and each.path not in ("/patients/search", "/availability/verify"):
            assert each.writes, name_of(each)
