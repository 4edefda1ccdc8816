"""The OpenAPI document: valid, whole, readable, the same every time, and with examples that fit."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import msgspec
import pytest
from openapi_spec_validator import validate

from jump.clinical.directory.locations import LOCATIONS, fetch
from jump.clinical.registry import RESOURCES
from jump.keys.scopes import ALL_SCOPES
from jump.resources.definition import Operation
from jump.rest.openapi import document as openapi
from jump.rest.openapi.streamed import streams
from jump.rest.routes import BASES
from tests.rest.api import all_routes
from tests.surface.described import described, problems, resolved

PRINTING = "from jump.application import endpoints; print(endpoints.document().decode())"
SNAKE = re.compile(r"[a-z]+(_[a-z]+)+")


def operations() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every operation, as `GET /patients`."""
    for path, verbs in described()["paths"].items():
        for verb, operation in verbs.items():
            yield f"{verb.upper()} {path}", operation


def parts(found: Any, at: str = "#") -> Iterator[tuple[str, dict[str, Any]]]:
    """Every object within, with where it stands."""
    if isinstance(found, dict):
        yield at, found
    inner = found.items() if isinstance(found, dict) else enumerate(found)
    for name, each in inner:
        if isinstance(each, dict | list) and name not in ("example", "examples", "value"):
            yield from parts(each, f"{at}/{name}")


def test_the_document_is_valid_openapi() -> None:
    validate(described())


def test_every_route_is_there_and_nothing_else() -> None:
    routes = {f"{route.method} {route.path}" for route in all_routes()}
    assert {name for name, _ in operations()} == routes | {"GET /openapi.json"}
    assert [server["url"] for server in described()["servers"]] == list(BASES)


def test_the_document_is_the_same_in_every_process() -> None:
    printed = {
        subprocess.run(
            [sys.executable, "-c", PRINTING],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert [json.loads(each) for each in printed] == [described()]


def test_every_operation_has_a_name_that_makes_a_good_method() -> None:
    names = {name: operation["operationId"] for name, operation in operations()}
    assert len(set(names.values())) == len(names)
    assert [each for each in names.values() if not SNAKE.fullmatch(each)] == []
    assert names["GET /patients"] == "list_patients"
    assert names["POST /patients"] == "create_patient"
    assert names["GET /appointment-types/{id}"] == "get_appointment_type"
    assert names["POST /appointments/{id}/mark-in-error"] == "mark_appointment_in_error"
    assert names["POST /webhooks/{id}/deliveries/{delivery}/resend"] == "resend_webhook_delivery"


def test_models_have_the_names_that_people_would_give_them() -> None:
    names = set(described()["components"]["schemas"])
    assert {"Patient", "PatientCreate", "PatientChanges", "PatientReference"} <= names
    assert {
        "PatientResponse",
        "PatientListResponse",
        "ErrorResponse",
        "AppointmentReschedule",
    } <= names


def test_each_operation_takes_the_scope_of_its_route() -> None:
    routes = {f"{route.method} {route.path}": route for route in all_routes()}
    for name, operation in operations():
        if name == "GET /openapi.json":
            assert operation["security"] == []
            continue
        scope = routes[name].scope
        assert operation["security"] == [{"apiKey": [] if scope is None else [scope]}], name
    told = described()["components"]["securitySchemes"]["apiKey"]["description"]
    assert [scope for scope in ALL_SCOPES if f"`{scope}`" not in told] == []


def test_every_parameter_of_every_route_is_there() -> None:
    routes = {f"{route.method} {route.path}": route for route in all_routes()}
    for name, operation in operations():
        found = [resolved(each) for each in operation.get("parameters", [])]
        route = routes.get(name)
        expected: set[str] = set()
        if route is not None:
            expected = set(route.flags) | set(re.findall(r"\{(\w+)\}", route.path))
            if route.listing is not None and route.method == "GET":
                expected |= set(route.listing.parameters())
                if route.listing.endless:
                    expected -= {"offset", "order", "sort"}
        assert {each["name"] for each in found if each["in"] != "header"} == expected, name
        assert len({(each["in"], each["name"]) for each in found}) == len(found), name


def test_the_feed_is_told_of_as_a_list_that_goes_on_by_cursor_for_ever() -> None:
    feed = described()["paths"]["/events"]["get"]
    names = {resolved(each)["name"] for each in feed["parameters"]}
    assert names >= {"limit", "cursor", "wait", "start"}
    assert not names & {"offset", "order", "sort"}
    answer = feed["responses"]["200"]["content"]["application/json"]
    assert isinstance(answer["example"]["meta"]["next_cursor"], str)
    meta = resolved(resolved(answer["schema"])["properties"]["meta"])
    assert meta["properties"]["next_cursor"]["type"] == "string"


def test_what_a_query_needs_is_required_and_older_names_are_marked() -> None:
    told = {
        name: [
            each["name"]
            for each in map(resolved, operation["parameters"])
            if each["in"] == "query" and each.get("required")
        ]
        for name, operation in operations()
        if name.startswith("GET /availability")
    }
    assert told == {
        "GET /availability": ["appointment_type_id", "date_from", "date_to"],
        "GET /availability/next": ["appointment_type_id"],
    }
    for path in ("/availability", "/availability/next"):
        given = map(resolved, described()["paths"][path]["get"]["parameters"])
        older = {each["name"] for each in given if each.get("deprecated")}
        dates = {"start_date", "end_date"} if path == "/availability" else set()
        assert older == {"appointment_template_id", "clinician_profile_id"} | dates


def test_every_field_of_every_body_is_there() -> None:
    for route in all_routes():
        operation = described()["paths"][route.path][route.method.lower()]
        if route.body is None or not route.body.fields:
            assert ("requestBody" in operation) == bool(streams(route))
            continue
        for media_type, content in operation["requestBody"]["content"].items():
            schema = resolved(content["schema"])
            beside = {"file"} if media_type == "multipart/form-data" else set()
            assert set(schema["properties"]) == set(route.body.fields) | beside
            required = set() if route.method == "PATCH" else set(route.body.required)
            assert set(schema.get("required", [])) == required | beside
            assert schema["additionalProperties"] is False
        assert ("application/merge-patch+json" in operation["requestBody"]["content"]) == (
            route.method == "PATCH"
        )


def test_everything_is_described() -> None:
    silent = [
        at
        for at, part in parts(described())
        if {"in", "name", "schema"} <= part.keys() and not part.get("description")
    ]
    for name, schema in described()["components"]["schemas"].items():
        if name.endswith("Response"):
            continue
        for field, each in schema.get("properties", {}).items():
            if not (each.get("description") or "$ref" in each):
                silent.append(f"{name}.{field}")
    silent += [tag["name"] for tag in described()["tags"] if not tag["description"]]
    assert silent == []


def test_every_example_fits_what_it_is_an_example_of() -> None:
    wrong: list[str] = []
    checked = 0
    for at, part in parts(described()):
        examples: list[Any] = []
        schema = part.get("schema", part)
        if "schema" in part:
            examples += [part["example"]] if "example" in part else []
            examples += [each["value"] for each in part.get("examples", {}).values()]
        elif isinstance(part.get("examples"), list):
            examples += part["examples"]
        for each in examples:
            checked += 1
            wrong += [f"{at}: {problem}" for problem in problems(schema, each)]
    assert checked > 500
    assert wrong == []


def test_every_request_has_an_example() -> None:
    for name, operation in operations():
        for media_type, content in operation.get("requestBody", {}).get("content", {}).items():
            if media_type.endswith("json"):
                assert content["example"] or not resolved(content["schema"]).get("required"), name


def test_the_nine_events_are_the_webhooks() -> None:
    webhooks = described()["webhooks"]
    assert len(webhooks) == 9
    for name, item in webhooks.items():
        told = item["post"]
        headers = {each["name"] for each in told["parameters"]}
        assert {"X-Webhook-Id", "X-Webhook-Signature", "webhook-signature"} <= headers
        whole = resolved(told["requestBody"]["content"]["application/json"]["schema"]["anyOf"][0])
        assert whole["properties"]["type"]["enum"][0] == name


def test_older_addresses_are_marked_as_such() -> None:
    old = {name for name, operation in operations() if operation.get("deprecated")}
    assert {"GET /clinician-profiles", "GET /appointment-templates/{id}"} <= old
    assert not [name for name in old if name.split("/")[1] in ("patients", "clinicians")]


def test_a_registered_resource_is_in_the_document_by_itself() -> None:
    class Room(msgspec.Struct):
        """A room."""

        id: str
        version: int
        name: str

    room = replace(LOCATIONS.resource, name="room", path="/rooms", record=Room, about="Rooms.")
    listing = LOCATIONS.resource.listing
    rooms = replace(
        LOCATIONS,
        resource=room,
        operations=(
            Operation("GET", "/rooms", fetch, "read_locations", "List rooms", listing=listing),
            Operation("GET", "/rooms/{id}", fetch, "read_locations", "Read a room"),
        ),
    )
    built = openapi.build((*all_routes(), *rooms.operations), (*RESOURCES, rooms))
    validate(built)
    assert built["paths"]["/rooms/{id}"]["get"]["operationId"] == "get_room"
    assert {"Room", "RoomResponse", "RoomListResponse"} <= set(built["components"]["schemas"])
    assert {"name": "Rooms", "description": "Rooms."} in built["tags"]


def test_a_route_that_does_not_say_what_it_answers_is_refused() -> None:
    silent = Operation("GET", "/silence", fetch, None, "Say nothing")
    with pytest.raises(ValueError, match="GET /silence does not say what it answers"):
        openapi.build((*all_routes(), silent), RESOURCES)
