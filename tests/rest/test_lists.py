"""Lists, as an integrator pages through and narrows them, here of patients and who saw them."""

import itertools
from typing import Any

import pytest

from jump.kit.clock import DAY, SECOND, system_clock
from jump.kit.instants import format_instant, format_second
from jump.resources import pages
from jump.storage.database import Database
from tests.rest.api import Api, open_api, refused

PATIENT = {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
NOW = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def api(database: Database, clock: Clock) -> Api:
    return await open_api(database, clock)


async def make(api: Api, **fields: Any) -> dict[str, Any]:
    made = await api.post("/patients", {**PATIENT, **fields})
    assert made.status_code == 201, made.text
    patient: dict[str, Any] = made.json()["data"]
    return patient


async def everything(api: Api, path: str, **query: str) -> list[dict[str, Any]]:
    """Every row, page by page with the cursor."""
    rows: list[dict[str, Any]] = []
    cursor: str | None = None
    while True:
        page = await api.get(path, params=query | ({"cursor": cursor} if cursor else {}))
        assert page.status_code == 200, page.text
        rows += page.json()["data"]
        cursor = page.json()["meta"]["next_cursor"]
        assert page.json()["meta"]["has_more"] == (cursor is not None)
        if cursor is None:
            return rows


@pytest.mark.parametrize("order", ["asc", "desc"])
@pytest.mark.parametrize("sort", ["created_at", "updated_at"])
@pytest.mark.parametrize("by", ["cursor", "offset"])
async def test_every_row_comes_once_and_in_order_also_among_equals(
    api: Api, clock: Clock, order: str, sort: str, by: str
) -> None:
    patients = []
    for number in range(9):
        clock.now += SECOND * (number % 3 == 0)  # three at each instant
        patients.append(await make(api))
    for patient in patients[4:0:-1]:
        clock.now += SECOND
        changed = await api.patch(f"/patients/{patient['id']}", {"city": "Ely"})
        patient["updated_at"] = changed.json()["data"]["updated_at"]
    expected = sorted(patients, key=lambda p: (p[sort], p["id"]), reverse=order == "desc")
    query = {"limit": "2", "order": order, "sort": sort}
    if by == "cursor":
        found = await everything(api, "/patients", **query)
    else:
        pages = [
            await api.get("/patients", params={**query, "offset": str(offset)})
            for offset in range(0, 10, 2)
        ]
        found = [patient for page in pages for patient in page.json()["data"]]
        offsets = [page.json()["meta"]["next_offset"] for page in pages]
        assert offsets == [2, 4, 6, 8, None]
        assert [p.json()["pagination"]["offset"] for p in pages] == [0, 2, 4, 6, 8]
    assert [patient["id"] for patient in found] == [patient["id"] for patient in expected]


async def test_a_list_is_the_newest_twenty_unless_told_otherwise(api: Api, clock: Clock) -> None:
    ids = []
    for _ in range(21):
        clock.now += SECOND
        ids.append((await make(api))["id"])
    page = (await api.get("/patients")).json()
    assert [patient["id"] for patient in page["data"]] == ids[:0:-1]
    meta = page["meta"]
    assert (meta["limit"], meta["has_more"], meta["next_offset"]) == (20, True, 20)
    assert page["pagination"] == {"limit": 20, "offset": 0, "has_more": True}
    most = (await api.get("/patients", params={"limit": "100"})).json()
    assert (len(most["data"]), most["meta"]["next_cursor"]) == (21, None)
    beyond = (await api.get("/patients", params={"offset": "50"})).json()
    assert (beyond["data"], beyond["meta"]["has_more"]) == ([], False)


FILTERS = [
    ("status=active", "abd"),
    ("status=archived", "c"),
    ("status_in=archived,active", "abcd"),
    ("status_in=archived,", "c"),
    ("status_gte=archived", "c"),
    ("is_deceased=true", "d"),
    ("is_deceased=false", "abc"),
    ("is_deceased_in=true,false", "abcd"),
    ("consent_sms=true&is_deceased=false", "a"),
    ("consent_email=true", ""),
    ("consent_marketing_lte=false", "abcd"),
    ("date_of_birth=1990-01-01", "b"),
    ("date_of_birth_gte=1990-01-01", "bc"),
    ("date_of_birth_lte=1990-01-01", "abd"),
    ("date_of_birth_gte=1985-01-01&date_of_birth_lte=1995-01-01", "b"),
    ("date_of_birth_in=1990-01-01,2000-01-01", "bc"),
    ("date_of_death=2025-12-31", "d"),
    ("date_of_death_gte=2026-01-01", ""),
    ("created_at=2026-01-02", "b"),
    ("created_at_gte=2026-01-02", "bcd"),
    ("created_at_lte=2026-01-02", "ab"),
    ("created_at_gte=2026-01-02T00:00:00.000001Z", "cd"),
    ("created_at_in=2026-01-01T00:00:00Z,2026-01-03", "ac"),
    ("created_at_gte=2026-01-02T01:00:00%2B01:00", "bcd"),
    ("created_at_gte=2026-01-02T01:00:00+01:00", "bcd"),
    ("updated_at_gte=2026-01-04", "cd"),
    ("archived_at_gte=2026-01-01", "c"),
    ("archived_at_lte=2026-01-04", ""),
]


@pytest.fixture
async def four(api: Api, clock: Clock) -> dict[str, str]:
    """Four patients made on four days, by id: c archived on the fifth, d deceased."""
    about = {
        "a": {"consent_sms": True},
        "b": {"date_of_birth": "1990-01-01"},
        "c": {"date_of_birth": "2000-01-01"},
        "d": {"date_of_death": "2025-12-31", "consent_sms": True},
    }
    names: dict[str, str] = {}
    for name, fields in about.items():
        names[(await make(api, **fields))["id"]] = name
        clock.now += DAY
    c = next(each for each, name in names.items() if name == "c")
    await api.post(f"/patients/{c}/archive")
    return names


async def test_filters_narrow_a_list(api: Api, four: dict[str, str]) -> None:
    found: dict[str, str] = {}
    for query in dict(FILTERS):
        answer = await api.get(f"/patients?{query}")
        assert answer.status_code == 200, answer.text
        found[query] = "".join(sorted(four[patient["id"]] for patient in answer.json()["data"]))
    assert found == dict(FILTERS)


@pytest.mark.parametrize("decisive", [("FEW",), ("AHEAD",), ("MANY",), ("MANY", "FAR"), ()])
async def test_a_range_of_another_field_than_the_order_is_paged_through_alike(
    api: Api, clock: Clock, monkeypatch: pytest.MonkeyPatch, decisive: tuple[str, ...]
) -> None:
    for name in ("FEW", "AHEAD", "MANY", "FAR"):
        monkeypatch.setattr(pages, name, 1_000 if name in decisive else 0)
    made = []
    for day in range(1, 8):
        made.append(await make(api, date_of_birth=f"1980-01-{day:02}"))
        clock.now += SECOND
    for limit in ("2", "3"):
        for order, expected in (("asc", made[2:]), ("desc", made[:1:-1])):
            query = {"date_of_birth_gte": "1980-01-03", "order": order, "limit": limit}
            found = await everything(api, "/patients", **query, sort="updated_at")
            assert [each["id"] for each in found] == [each["id"] for each in expected]
            query["updated_at_lte"] = made[5]["updated_at"]
            found = await everything(api, "/patients", **query, sort="updated_at")
            early = [each["id"] for each in expected if each is not made[6]]
            assert [each["id"] for each in found] == early


async def test_filters_by_id_and_all_of_a_page_by_ids(api: Api, four: dict[str, str]) -> None:
    ids = sorted(four)[:2]
    found = await api.get("/patients", params={"id_in": ",".join(ids)})
    assert sorted(patient["id"] for patient in found.json()["data"]) == ids
    one = await api.get("/patients", params={"id": ids[0]})
    assert [patient["id"] for patient in one.json()["data"]] == ids[:1]


WRONG = {
    "limit": ["0", "101", "-1", "1.5", "", "ten", "\N{ARABIC-INDIC DIGIT ONE}", "1" * 40],
    "offset": ["-1", "x", "1000001"],
    "order": ["up", "ASC", ""],
    "sort": ["last_name", "created_at,id", ""],
    "cursor": ["", "x", "AAAA", "=" * 2_000, "\N{SNOWMAN}"],
    "is_deceased": ["yes", "1", "True", ""],
    "is_deceased_in": ["true,maybe", ""],
    "date_of_birth": ["1990-1-1", "2026-02-30", "1990-01-01T00:00:00Z", ""],
    "created_at": ["yesterday", "2026-01-01T00:00:00", "2026-02-30", "1767225600", ""],
    "created_at_in": ["2026-01-01,yesterday", ",", ",".join(["2026-01-01"] * 101)],
    "status": ["Active", "nothing", ""],
    "status_in": ["active,nothing"],
    "first_name": ["Ada"],
    "nhs_number": ["9990000018"],
    "status_not": ["active"],
    "search": ["", "-", "a b c d e f g h i"],
}


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_parameter_is_named_and_its_value_is_not_repeated(
    api: Api, name: str
) -> None:
    for value in WRONG[name]:
        error = refused(await api.get("/patients", params={name: value}), 400, "INVALID_REQUEST")
        assert [detail["field"] for detail in error["details"]] == [name], value
        assert len(value) < 4 or value not in str(error)


async def test_every_wrong_parameter_is_named_at_once(api: Api) -> None:
    query = "limit=0&zz=1&is_deceased=x&created_at_gte=x&search=-&sort=x&order=x&yy"
    error = refused(await api.get(f"/patients?{query}"), 400, "INVALID_REQUEST")
    named = {detail["field"] for detail in error["details"]}
    assert named == {
        "limit", "zz", "is_deceased", "created_at_gte", "search", "sort", "order", "yy",
    }  # fmt: skip
    for name in named:
        assert name in error["message"]


@pytest.mark.parametrize("query", ["limit=1&limit=1", "status=active&status=archived", "zz=1&zz=2"])
async def test_a_parameter_comes_once(api: Api, query: str) -> None:
    error = refused(await api.get(f"/patients?{query}"), 400, "INVALID_REQUEST")
    assert {detail["field"] for detail in error["details"]} == {query.partition("=")[0]}


async def test_cursor_and_offset_exclude_each_other(api: Api) -> None:
    for _ in range(2):
        await make(api)
    cursor = (await api.get("/patients?limit=1")).json()["meta"]["next_cursor"]
    answer = await api.get(f"/patients?limit=1&cursor={cursor}&offset=1")
    refused(answer, 400, "INVALID_REQUEST")


async def test_a_cursor_is_good_for_its_own_query_only_but_for_the_length_of_pages(
    api: Api,
) -> None:
    for _ in range(3):
        await make(api)
    cursor = (await api.get("/patients?limit=1")).json()["meta"]["next_cursor"]
    assert (await api.get(f"/patients?limit=2&cursor={cursor}")).status_code == 200
    others = itertools.product(
        ["order=asc", "sort=updated_at", "status=active", "search=ada"], ["/patients"]
    )
    for query, path in others:
        error = refused(await api.get(f"{path}?{query}&cursor={cursor}"), 400, "INVALID_REQUEST")
        assert [detail["field"] for detail in error["details"]] == ["cursor"]
    refused(await api.get(f"/webhooks?cursor={cursor}"), 400, "INVALID_REQUEST")
    live = await api.make_key(mode="live")
    elsewhere = await api.make_key(organisation=await api.new_organisation("Next door"))
    for key in (live, elsewhere):
        answer = await api.get(f"/patients?limit=1&cursor={cursor}", key=key)
        refused(answer, 400, "INVALID_REQUEST")
    another_key = await api.make_key()
    assert (await api.get(f"/patients?limit=1&cursor={cursor}", key=another_key)).status_code == 200


async def test_a_search_by_post_pages_like_a_list_and_takes_null_for_no_cursor(api: Api) -> None:
    ids = {(await make(api))["id"] for _ in range(5)}
    found: set[str] = set()
    cursor: str | None = None
    for _ in range(3):
        page = await api.post("/patients/search", {"search": "ada", "limit": 2, "cursor": cursor})
        assert page.status_code == 200, page.text
        found |= {patient["id"] for patient in page.json()["data"]}
        cursor = page.json()["meta"]["next_cursor"]
    assert (found, cursor) == (ids, None)


WRONG_SEARCHES: list[tuple[dict[str, Any], str]] = [
    ({}, "search"),
    ({"search": None}, "search"),
    ({"search": ""}, "search"),
    ({"search": "-"}, "search"),
    ({"search": "ada", "limit": 0}, "limit"),
    ({"search": "ada", "limit": "5"}, "limit"),
    ({"search": "ada", "limit": True}, "limit"),
    ({"search": "ada", "cursor": "x"}, "cursor"),
    ({"search": "ada", "cursor": 5}, "cursor"),
    ({"search": "ada", "status": "active"}, "status"),
]


async def test_a_wrong_field_of_a_search_by_post_is_named(api: Api) -> None:
    for wrong, field in WRONG_SEARCHES:
        error = refused(await api.post("/patients/search", wrong), 422, "VALIDATION_FAILED")
        assert [detail["field"] for detail in error["details"]] == [field], wrong


async def test_who_saw_a_patient_can_be_narrowed_too(database: Database) -> None:
    api = await open_api(database)
    patient = await make(api)
    path = f"/patients/{patient['id']}"
    await api.get(path)
    await api.patch(path, {"city": "Ely"})
    other, key = await api.new_key("read_patients")
    await api.get(path, key=key)
    await api.settle()

    async def rows(query: str) -> list[tuple[str, int]]:
        answer = await api.get(f"{path}/access-log?{query}")
        assert answer.status_code == 200, answer.text
        return [(row["method"], row["status"]) for row in answer.json()["data"]]

    assert await rows("status=201") == [("POST", 201)]
    assert await rows(f"key_id={other.id}") == [("GET", 200)]
    tomorrow = format_second(system_clock() + DAY)
    assert await rows(f"created_at_gte={tomorrow}") == []
    assert len(await rows(f"at_lte={tomorrow}&order=asc")) >= 4
    pages = await everything(api, f"{path}/access-log", limit="1", status_in="200,201")
    assert len(pages) >= 4
    assert len({row["request_id"] for row in pages}) == len(pages)
    assert format_instant(0) < pages[0]["at"]
