"""Clinicians, locations and appointment types, as an integrator reads them."""

from collections.abc import Mapping
from typing import Any

import pytest

from jump.clinical import crud
from jump.clinical.directory import rota
from jump.clinical.directory.appointment_types import APPOINTMENT_TYPE
from jump.clinical.directory.clinician_search import kept_words
from jump.clinical.directory.clinicians import CLINICIAN
from jump.clinical.directory.locations import LOCATION
from jump.clinical.directory.rota import OfClinician, Offer
from jump.kit.clock import SECOND, system_clock
from jump.rest.routes import BASES
from jump.storage.database import Database, Tx
from tests.rest.api import Api, open_api, refused

PLACES = {
    "main": {"name": "Main", "timezone": "Europe/London", "is_primary": True, "city": "Leeds"},
    "branch": {"name": "Branch", "timezone": "Europe/Dublin", "is_active": False},
}
TYPES = {
    "check": {"name": "Check", "duration_minutes": 30, "price": "45.50", "currency": "GBP"},
    "class": {"name": "Class", "duration_minutes": 60, "max_group_size": 8, "is_active": False},
}
PEOPLE: Mapping[str, dict[str, Any]] = {
    "ada": {"first_name": "Ada", "last_name": "O'Brien", "title": "Dr", "specialties": []},
    "ben": {
        "first_name": "Ben",
        "last_name": "Smith-Jones",
        "specialties": ["Women's health", "Diabetes"],
        "is_bookable_online": False,
    },
    "cleo": {
        "first_name": "Cléo",
        "last_name": "Adams",
        "specialties": ["Paediatrics"],
        "is_active": False,
    },
}
# Who offers which type where: Ben offers the check at the branch, and the class at the main one.
OFFERS = {"ada": [("check", "main")], "ben": [("check", "branch"), ("class", "main")], "cleo": []}
ALIASES = {"/clinicians": "/clinician-profiles", "/appointment-types": "/appointment-templates"}
PATHS = ("/clinicians", "/locations", "/appointment-types", *ALIASES.values())


class Practice:
    """The API of a practice, and the ids of what is in its directory by our own names."""

    def __init__(self, api: Api, ids: dict[str, str]) -> None:
        self.api = api
        self.ids = ids

    async def names(self, path: str) -> str:
        """Our names of what the list holds, in its order: their first letters."""
        answer = await self.api.get(path.format(**self.ids))
        assert answer.status_code == 200, answer.text
        named = {ref: name for name, ref in self.ids.items()}
        return " ".join(named[record["id"]] for record in answer.json()["data"])


@pytest.fixture
async def practice(database: Database) -> Practice:
    api = await open_api(database)
    caller = api.operator()

    async def work(tx: Tx) -> dict[str, str]:
        ids: dict[str, str] = {}
        start = system_clock()
        people = {
            name: {
                **each,
                "search_words": kept_words(
                    each["first_name"], each["last_name"], each["specialties"]
                ),
            }
            for name, each in PEOPLE.items()
        }
        for resource, every in (
            (LOCATION, PLACES),
            (APPOINTMENT_TYPE, TYPES),
            (CLINICIAN, people),
        ):
            rows = [
                {**each, "reference": name, "created_at": start + number * SECOND}
                for number, (name, each) in enumerate(every.items())
            ]
            made = await crud.load_rows(tx, resource, caller, rows, start)
            ids |= {row["reference"]: row["id"] for row in made}
        rotas = {
            ids[who]: OfClinician(
                frozenset(Offer(ids[kind], ids[who], ids[place], False) for kind, place in offered)
            )
            for who, offered in OFFERS.items()
        }
        await rota.replace_clinicians(tx, caller.tenant, rotas, start)
        return ids

    return Practice(api, await database.write(work))


async def test_a_record_shows_what_is_kept_and_what_clients_of_jump_look_for(
    practice: Practice,
) -> None:
    answer = await practice.api.get(f"/clinicians/{practice.ids['ben']}")
    ben = answer.json()["data"]
    assert ben["specialties"] == ["Women's health", "Diabetes"]
    assert (ben["title"], ben["display_name"]) == (None, "Ben Smith-Jones")
    assert (ben["is_active"], ben["is_bookable_online"]) == (True, False)
    assert (ben["avatar_url"], ben["photo_url"], ben["user_id"]) == (None, None, None)
    assert answer.headers["etag"] == '"1"'
    assert {"reference", "search_words"} & set(ben) == set()
    ada = (await practice.api.get(f"/clinician-profiles/{practice.ids['ada']}")).json()["data"]
    assert ada["display_name"] == "Dr Ada O'Brien"
    main = (await practice.api.get(f"/locations/{practice.ids['main']}")).json()["data"]
    assert (main["city"], main["town_city"], main["opening_hours"]) == ("Leeds", "Leeds", None)
    check = await practice.api.get(f"/appointment-types/{practice.ids['check']}")
    assert '"price":45.50,"currency":"GBP"' in check.text
    assert check.json()["data"]["max_group_size"] == 1


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/locations", "branch main"),
        ("/locations?order=asc", "main branch"),
        ("/locations?is_active=true", "main"),
        ("/locations?is_primary=false", "branch"),
        ("/appointment-types?is_active_in=true,false", "class check"),
        ("/appointment-types?is_active=false", "class"),
        ("/appointment-templates?allow_online_booking=false", ""),
        ("/appointment-types?requires_payment=false", "class check"),
        ("/appointment-types?id={check}", "check"),
        ("/clinicians", "cleo ben ada"),
        ("/clinicians?is_active=true&is_bookable_online=true", "ada"),
        ("/clinicians?id_in={ada},{cleo}", "cleo ada"),
        ("/clinicians?created_at_lte=2020-01-01", ""),
        ("/clinicians?updated_at_gte=2020-01-01&sort=updated_at&order=asc", "ada ben cleo"),
        ("/clinicians?appointment_type_id={check}", "ben ada"),
        ("/clinicians?appointment_template_id={class}", "ben"),
        ("/clinicians?location_id={main}", "ben ada"),
        ("/clinicians?location_id={branch}", "ben"),
        ("/clinicians?location_id={ada}", ""),
        ("/clinicians?search=smith", "ben"),
        ("/clinicians?search=SMI%20women", "ben"),
        ("/clinicians?search=jones%20d", "ben"),
        ("/clinicians?search=o%27brien", "ada"),
        ("/clinicians?search=obr", "ada"),
        ("/clinicians?search=brien", "ada"),
        ("/clinicians?search=cleo", "cleo"),
        ("/clinicians?search=a", "cleo ada"),
        ("/clinicians?search=mith", ""),
        ("/clinicians?search=ada%20smith", ""),
        ("/clinicians?search=dr", ""),
        ("/clinician-profiles?search=pae&is_active=false", "cleo"),
    ],
)
async def test_a_list_is_narrowed_by(practice: Practice, path: str, names: str) -> None:
    assert await practice.names(path) == names


async def test_who_is_asked_for_by_type_and_location_offers_that_type_there(
    practice: Practice,
) -> None:
    there = "/clinicians?appointment_type_id={check}&location_id="
    assert await practice.names(there + "{main}") == "ada"
    assert await practice.names(there + "{branch}") == "ben"
    assert await practice.names(there.replace("type_id", "template_id") + "{main}") == "ada"


async def test_a_search_that_says_nothing_or_too_much_is_refused(practice: Practice) -> None:
    for wrong in ("%20", "_", "%25", "a b c d e f g h i"):
        error = refused(
            await practice.api.get(f"/clinicians?search={wrong}"), 400, "INVALID_REQUEST"
        )
        assert [each["field"] for each in error["details"]] == ["search"]


async def test_a_list_holds_a_hundred_unless_told_otherwise_and_pages_go_on(
    practice: Practice,
) -> None:
    for path in PATHS:
        whole = (await practice.api.get(path)).json()
        assert whole["meta"]["limit"] == 100
        assert whole["pagination"] == {"limit": 100, "offset": 0, "has_more": False}
        first = (await practice.api.get(f"{path}?limit=1")).json()
        cursor = first["meta"]["next_cursor"]
        second = (await practice.api.get(f"{path}?limit=1&cursor={cursor}")).json()
        assert first["data"] + second["data"] == whole["data"][:2]


async def test_the_older_paths_answer_the_same_records(practice: Practice) -> None:
    for path, alias in ALIASES.items():
        listed = (await practice.api.get(path)).json()["data"]
        assert (await practice.api.get(alias)).json()["data"] == listed
        one = await practice.api.get(f"{alias}/{listed[0]['id']}")
        assert one.json()["data"] == listed[0]


async def test_nothing_of_the_directory_is_written_by_the_api(practice: Practice) -> None:
    for path in PATHS:
        name = {"/locations": "main", "/clinicians": "ada", "/clinician-profiles": "ada"}
        one = f"{path}/{practice.ids[name.get(path, 'check')]}"
        for base in BASES:
            for method in ("POST", "PATCH", "PUT", "DELETE"):
                for place in (path, one):
                    answer = await practice.api.call(method, place, json={}, base=base)
                    refused(answer, 405, "METHOD_NOT_ALLOWED")
                    assert answer.headers["allow"] == "GET, HEAD"


async def test_reading_takes_the_scope_of_the_resource_by_either_name(practice: Practice) -> None:
    scopes = {"/clinicians": "read_clinicians", "/appointment-types": "read_appointment_types"}
    for path, scope in scopes.items():
        key = await practice.api.make_key(scope)
        for place in (path, ALIASES[path]):
            assert (await practice.api.get(place, key=key)).status_code == 200
        other = await practice.api.make_key("read_locations")
        for place in (path, ALIASES[path]):
            refused(await practice.api.get(place, key=other), 403, "INSUFFICIENT_SCOPE")
