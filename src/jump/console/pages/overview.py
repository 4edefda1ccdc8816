"""How things stand in one mode: what needs a look, the last 24 hours, and the first steps."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from jump.audit import usage
from jump.audit.usage import LastDay
from jump.clinical.loading import sandbox, sandbox_practice
from jump.console import who, words
from jump.console.page import Context, Form, Go, Page
from jump.console.sending import Repeated, write_once
from jump.console.tables import Found, table
from jump.console.usage_bars import bars
from jump.console.visit import Visit
from jump.errors import Conflict
from jump.kit.clock import DAY, HOUR
from jump.notices import first_steps, notices
from jump.notices.first_steps import FirstSteps
from jump.notices.notices import Kind, Notice
from jump.storage.database import Tx

# So many of what needs a look are shown; the pages of keys and webhooks have them all.
MOST_SHOWN: Final = 20
_SAMPLE_DATA: Final = "sample data"


@dataclass(frozen=True, slots=True)
class Advice:
    """What a kind of notice is called, what its instant is, what to do, and on which page."""

    tag: str
    state: str
    at: str
    do: str
    page: str
    action: str


ADVICE: Final[Mapping[Kind, Advice]] = {
    "webhook_paused_by_us": Advice(
        "bad",
        "Paused by us",
        "",
        "Mend the receiver, then activate the webhook: what waited is sent.",
        "webhook_manage",
        "Activate it",
    ),
    "webhook_failing": Advice(
        "bad",
        "Failing",
        "It began",
        "See what the receiver answers. Once it works again, send what failed once more.",
        "webhook",
        "See the answers",
    ),
    "key_expiring": Advice(
        "warn",
        "Expires soon",
        "It stops working",
        "Give the program that uses it a new key before then.",
        "key_create",
        "Create a new key",
    ),
    "key_old_secret_used": Advice(
        "warn",
        "Old secret in use",
        "It stops working",
        "A program has not got the new secret yet. Find it before then.",
        "key_manage",
        "See from where",
    ),
    "key_idle": Advice(
        "info",
        "Not used",
        "Since",
        "It never expires. Revoke it, if no program needs it any more.",
        "key_manage",
        "Revoke it",
    ),
    "webhook_paused": Advice(
        "plain",
        "Paused",
        "",
        "Events wait for up to 30 days. Activate it to have them sent.",
        "webhook_manage",
        "Activate it",
    ),
}


async def _show(visit: Visit) -> Context:
    is_test = visit.mode == "test"

    async def look(tx: Tx) -> tuple[LastDay, FirstSteps, bool]:
        day = await usage.last_day(tx, visit.tenant, visit.at)
        steps = await first_steps.reached(tx, visit.tenant)
        return day, steps, await sandbox.is_empty(tx, visit.tenant)

    day, steps, is_empty = await visit.parts.database.read(look)
    return {
        "chart": bars(day.counted, visit.at - DAY, 25, HOUR),
        "median": day.median_milliseconds,
        "is_whole": day.counted.is_whole,
        "most": usage.MOST_OF_A_DAY,
        "steps": steps if is_test and not steps.all_done else None,
        "may_load": is_test and is_empty and visit.may("load_sample_data"),
        "patients": sandbox.DEFAULT_PATIENTS,
        "api": visit.parts.public_url,
        "notices": await table(partial(_notices, visit)),
        "most_shown": MOST_SHOWN,
    }


async def _notices(visit: Visit) -> Found[dict[str, Any]]:
    found = await visit.parts.database.read(lambda tx: notices.current(tx, visit.tenant, visit.at))
    shown = found[:MOST_SHOWN]
    reasons = await who.reasons(visit, (each.reason for each in shown))
    return Found([_told(each, reasons) for each in shown])


def _told(notice: Notice, reasons: Mapping[str | None, str]) -> dict[str, Any]:
    """A notice as the template shows it."""
    of = "key" if notice.kind.startswith("key_") else "webhook"
    return {
        "notice": notice,
        "advice": ADVICE[notice.kind],
        "reason": reasons[notice.reason],
        "of": of,
        "what": "API key" if of == "key" else "Webhook",
        "ids": {f"{of}_id": notice.record_id},
    }


async def _load(visit: Visit) -> Go:
    """The form's mark is kept before anything is loaded: sent again, it loads nothing more."""

    async def work(tx: Tx) -> tuple[str, bool]:
        if not await sandbox.is_empty(tx, visit.tenant):
            raise Conflict("There are patients in Test already, and sample data is not added.")
        return _SAMPLE_DATA, True

    try:
        await write_once(visit, work)
    except Repeated:
        return Go("overview", said="This was asked for already; nothing more is loaded.")
    added = await sandbox_practice.load(
        visit.parts.database,
        visit.caller,
        patients=sandbox.DEFAULT_PATIENTS,
        appointments=sandbox_practice.default_appointments(sandbox.DEFAULT_PATIENTS),
        seed=sandbox.DEFAULT_SEED,
        at=visit.at,
    )
    people = words.counted(added.patients, "invented patient")
    booked = words.counted(added.appointments, "appointment")
    return Go("overview", said=f"{people} with {booked} are in Test now.")


PAGES: Final = (
    Page(
        "overview",
        "",
        "see_keys",
        _show,
        (Form("load_sample", _load, needs="load_sample_data"),),
        section="overview",
    ),
)
