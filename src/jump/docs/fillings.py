"""What fills the gaps of the pages: tables and samples, of the data that the code itself reads."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import msgspec

from jump import errors
from jump.caller import Tenant
from jump.clinical import event_schemas
from jump.docs.expanding import Filling
from jump.errors import Problem
from jump.events.catalog import ALIASES, EVENT_TYPES, EventType
from jump.keys.scopes import GROUPS, PRESETS, SCOPES, Scope
from jump.kit.clock import SECOND
from jump.kit.ids import sample_id
from jump.webhooks import sending
from jump.webhooks.verification import SAMPLES

# The word of a fence for each language of the samples.
_FENCES: Final[Mapping[str, str]] = {"node": "js"}
_SAMPLE_TENANT: Final = Tenant(sample_id("org"), "test")
_SAMPLE_TIME: Final = 1_767_225_600 * SECOND


@dataclass(frozen=True, slots=True)
class Opened:
    """An address of the API, and the scope that opens it (None: any key)."""

    method: str
    path: str
    scope: str | None
    summary: str


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting of the program, as it is told."""

    name: str
    default: str
    meaning: str


def all_of(opened: Sequence[Opened], settings: Sequence[Setting]) -> Mapping[str, Filling]:
    """Every filling by the name of its gap."""
    return {
        "permissions": lambda: permissions(opened),
        "presets": presets,
        "codes": codes,
        "event types": event_types,
        "events": events,
        "verification": verification,
        "settings": lambda: settings_table(settings),
    }


def permissions(opened: Sequence[Opened]) -> str:
    """Every scope below its heading, with what it lets a key do and the addresses it opens."""
    parts: list[str] = []
    for group in GROUPS:
        parts.append(f"## {group.title}\n")
        for row in group.permissions:
            parts += [_scope(each, opened) for each in (row.read, row.write) if each]
    anyone = [each for each in opened if each.scope is None]
    parts.append("## Without a permission\n\nEvery key may call these.\n")
    parts.append(_addresses(anyone))
    return "\n".join(parts)


def _scope(scope: Scope, opened: Iterable[Opened]) -> str:
    mine = [each for each in opened if each.scope == scope.name]
    return f"### `{scope.name}`\n\n{scope.sentence}.\n\n{_addresses(mine)}"


def _addresses(opened: Sequence[Opened]) -> str:
    if not opened:
        return ""
    rows = [f"`{each.method} {each.path}` | {each.summary}" for each in opened]
    return _table("Address | What it does", rows)


def presets() -> str:
    """What the console starts a new key from."""
    rows = [
        f"{each.words} | {' '.join(f'`{name}`' for name in each.scopes)}"
        for each in PRESETS
        if len(each.scopes) < len(SCOPES)
    ]
    return _table("To start from | Permissions", rows)


def codes() -> str:
    """Every code with its status and where to read on."""
    rows = [f"{each.status} | [`{each.code}`](#{each.code.lower()})" for each in problems()]
    return _table("Status | Code", rows)


def problems() -> list[type[Problem]]:
    """Every error that the API answers with, by status; each code once."""
    kinds = [each for each in vars(errors).values() if isinstance(each, type)]
    found = {each.code: each for each in kinds if issubclass(each, Problem)}
    return sorted(found.values(), key=lambda each: (each.status, each.code))


def event_types() -> str:
    """Each type and when it is sent."""
    rows = [
        f"[`{each.name}`](webhooks/events.md#{_anchor(each)}) | {each.sent}" for each in _types()
    ]
    return _table("Type | Sent when", rows)


def events() -> str:
    """Each type below its heading: when it is sent, who may see it, samples and schema."""
    return "\n".join(_event(each) for each in _types())


def _event(event: EventType) -> str:
    aliases = [f"`{alias.name}`" for alias in ALIASES.values() if alias.event_type == event.name]
    told = [f"## `{event.name}`", event.sent, f"To see it a key needs `{event.read_scope}`."]
    if aliases:
        told.append(
            f"The real Jump's name {' or '.join(aliases)} may be subscribed to in its place:"
            " for that webhook alone the type differs."
        )
    told += ["A `full` webhook gets:", _json(_sample(event, "full"))]
    told += ["A `thin` one, without personal data:", _json(_sample(event, "thin"))]
    if event_schemas.schema(event.name) is not None:
        told.append(f"[The JSON Schema of this event](schemas/{event.name}.json)")
    return "\n\n".join(told) + "\n"


def _types() -> list[EventType]:
    return list(EVENT_TYPES.values())


def _anchor(event: EventType) -> str:
    return event.name.replace(".", "-")


def _sample(event: EventType, payload: str) -> bytes:
    return sending.sample_body(_SAMPLE_TENANT, sample_id("evt"), event.name, payload, _SAMPLE_TIME)


def _json(body: bytes) -> str:
    return f"```json sample\n{msgspec.json.format(body, indent=2).decode()}\n```"


def verification() -> str:
    """The code that checks a signature, in each language."""
    blocks = (
        f"## {each.title}\n\n```{_FENCES.get(each.name, each.name)} {each.path.name}\n"
        f"{each.code}```\n"
        for each in SAMPLES
    )
    return "\n".join(blocks)


def settings_table(settings: Iterable[Setting]) -> str:
    """Every setting with its default."""
    rows = [
        f"`{each.name}` | {f'`{each.default}`' if each.default else ''} | {each.meaning}"
        for each in settings
    ]
    return _table("Name | Default | What it is", rows)


def _table(head: str, rows: Iterable[str]) -> str:
    cells = head.count("|") + 1
    lines = [f"| {head} |", f"|{' --- |' * cells}", *(f"| {row} |" for row in rows)]
    return "\n".join(lines) + "\n"
