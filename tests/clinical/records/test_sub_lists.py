"""Lists below a record: what belongs to it, with the filters, the paging and the scope of the whole
list."""

from jump.audit.access_log import OF_PATIENT
from jump.clinical.registry import RESOURCES
from tests.clinical import calendar_rows as rows
from tests.clinical.records.charting import act, consult, draft, listed, note
from tests.clinical.scheduling.desk import Desk, data, refusal
from tests.surface.permissions import opened_by

UNKNOWN = {
    "patients": "pat_00000000000000000000000001",
    "consultations": "con_000000000000000000000",
}
# Each list of records below another, and its scope as the page of permissions has it.
LISTS = {
    each.path: opened_by()[f"GET {each.path}"]
    for registered in RESOURCES
    for each in registered.operations
    if each.listing and each.listing.fixed and each.listing is not OF_PATIENT
}


def of(path: str, consultation: str) -> str:
    return path.replace("{id}", rows.PATIENT if "patients" in path else consultation)


async def test_a_sub_list_has_what_belongs_to_the_record_and_takes_the_other_filters(
    desk: Desk,
) -> None:
    hers = await consult(desk)
    drafted = await draft(desk, clinician_id=rows.BEN)
    theirs = await consult(desk, patient_id=rows.OTHER_PATIENT)
    first = await note(desk, consultation_id=hers["id"])
    second = await note(desk, status="resolved")
    third = await note(desk, patient_id=rows.OTHER_PATIENT)
    one, other = f"/patients/{rows.PATIENT}", f"/patients/{rows.OTHER_PATIENT}"
    for path, expected in (
        (f"{one}/problems", [second, first]),
        (f"{one}/problems?order=asc", [first, second]),
        (f"{one}/problems?status=resolved", [second]),
        (f"{one}/problems?consultation_id={hers['id']}", [first]),
        (f"{other}/problems", [third]),
        (f"{one}/consultations", [drafted, hers]),
        (f"{one}/consultations?clinician_profile_id={rows.BEN}", [drafted]),
        (f"{other}/consultations", [theirs]),
        (f"/consultations/{hers['id']}/problems", [first]),
        (f"/consultations/{hers['id']}/problems?patient_id={rows.OTHER_PATIENT}", []),
        (f"/consultations/{drafted['id']}/problems", []),
    ):
        assert data(await desk.api.get(path)) == expected, path


async def test_what_was_entered_in_error_leaves_sub_lists_too(desk: Desk) -> None:
    made = await note(desk)
    data(await act(desk, made, "mark-in-error", reason="another patient"))
    path = f"/patients/{rows.PATIENT}/problems"
    assert await listed(desk, path) == []
    assert await listed(desk, path, "include_in_error=true") == [made["id"]]
    assert await listed(desk, path, "entered_in_error=true") == [made["id"]]


async def test_pages_of_a_sub_list_meet_each_record_once_and_its_cursor_is_its_own(
    desk: Desk,
) -> None:
    expected = [(await note(desk))["id"] for _ in range(5)]
    path = f"/patients/{rows.PATIENT}/problems"
    seen: list[str] = []
    query, cursor = "limit=2", None
    while True:
        page = (await desk.api.get(f"{path}?{query}")).json()
        seen += [each["id"] for each in page["data"]]
        await note(desk)
        cursor, last = page["meta"]["next_cursor"], cursor
        if cursor is None:
            break
        query = f"limit=2&cursor={cursor}"
    assert seen == expected[::-1]
    elsewhere = f"/patients/{rows.OTHER_PATIENT}/problems?limit=2&cursor={last}"
    refusal(await desk.api.get(elsewhere), 400, "INVALID_REQUEST")


async def test_what_the_address_says_is_no_parameter_and_an_unknown_record_is_404(
    desk: Desk,
) -> None:
    made = await consult(desk)
    live = await desk.api.make_key(mode="live")
    for path in LISTS:
        fixed = "patient_id" if "patients" in path else "consultation_id"
        refusal(await desk.api.get(f"{of(path, made['id'])}?{fixed}=x"), 400, "INVALID_REQUEST")
        unknown = UNKNOWN[path.split("/")[1]]
        refusal(await desk.api.get(path.replace("{id}", unknown)), 404, "NOT_FOUND")
        refusal(await desk.api.get(of(path, made["id"]), key=live), 404, "NOT_FOUND")


async def test_the_scope_is_that_of_what_is_listed(desk: Desk) -> None:
    made = await consult(desk)
    other = await desk.api.make_key("read_patients", "read_appointments")
    for path, scope in LISTS.items():
        key = await desk.api.make_key(scope)
        assert data(await desk.api.get(of(path, made["id"]), key=key)) is not None
        refused = await desk.api.get(of(path, made["id"]), key=other)
        refusal(refused, 403, "INSUFFICIENT_SCOPE")
        assert f'scope="{scope}"' in refused.headers["www-authenticate"]


async def test_that_a_patient_has_none_is_told_of_the_patient_in_the_access_log(
    desk: Desk,
) -> None:
    made = await consult(desk, patient_id=rows.OTHER_PATIENT)
    for path in LISTS:
        assert await listed(desk, of(path, made["id"])) == [], path
    await desk.api.settle()
    for patient, whose in ((rows.PATIENT, "/patients/"), (rows.OTHER_PATIENT, "/consultations/")):
        seen = data(await desk.api.get(f"/patients/{patient}/access-log"))
        routes = {each["route"] for each in seen if each["method"] == "GET"}
        assert routes >= {path for path in LISTS if path.startswith(whose)}


async def test_sub_lists_of_things_that_are_not_kept_are_404_and_never_empty(desk: Desk) -> None:
    made, problem = await consult(desk), await note(desk)
    for path in (
        f"/patients/{rows.PATIENT}/allergies",
        f"/patients/{rows.PATIENT}/immunisations",
        f"/patients/{rows.PATIENT}/amendments",
        f"/consultations/{made['id']}/allergies",
        f"/consultations/{made['id']}/consultations",
        f"/problems/{problem['id']}/consultations",
    ):
        refusal(await desk.api.get(path), 404, "NOT_FOUND")
