"""What a key may be allowed: the contract's table of scopes, as data and in words.

Which operation needs which scope is named by the resources; that it is held, checked by admit.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

Verb = Literal["read", "write"]


@dataclass(frozen=True, slots=True)
class Scope:
    """One permission: its name, what it is for, and a sentence for people."""

    name: str
    verb: Verb
    resource: str
    sentence: str


@dataclass(frozen=True, slots=True)
class Permission:
    """One row of the page: a resource, its name in words, and its scopes (None: there is none)."""

    resource: str
    words: str
    read: Scope | None
    write: Scope | None


@dataclass(frozen=True, slots=True)
class Group:
    """One heading of the page and its rows."""

    title: str
    permissions: tuple[Permission, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """Scopes that often go together, to start a new key from."""

    name: str
    words: str
    scopes: tuple[str, ...]


def _read(resource: str, words: str) -> Scope:
    return Scope(f"read_{resource}", "read", resource, f"Read {words}")


def _write(resource: str, words: str) -> Scope:
    return Scope(f"write_{resource}", "write", resource, f"Create and change {words}")


def _both(resource: str) -> Permission:
    return Permission(resource, resource, _read(resource, resource), _write(resource, resource))


def _read_only(resource: str, words: str) -> Permission:
    return Permission(resource, words, _read(resource, words), None)


_WRITE_HOLDS: Final = Scope(
    "write_holds", "write", "holds", "Make holds; read, release and confirm the holds this key made"
)

GROUPS: Final = (
    Group(
        "Clinical data",
        (
            _both("patients"),
            _both("consultations"),
            _both("problems"),
            _both("appointments"),
            _both("documents"),
            _both("prescriptions"),
        ),
    ),
    Group(
        "Read-only",
        (
            _read_only("appointment_types", "appointment types"),
            _read_only("clinicians", "clinicians"),
            _read_only("locations", "locations"),
            _read_only("availability", "availability"),
        ),
    ),
    Group("Write", (Permission("holds", "holds", None, _WRITE_HOLDS),)),
    Group("Webhooks by API", (_both("webhooks"),)),
)

PERMISSIONS: Final = tuple(row for group in GROUPS for row in group.permissions)
SCOPES: Final[Mapping[str, Scope]] = {
    scope.name: scope for row in PERMISSIONS for scope in (row.read, row.write) if scope
}
ALL_SCOPES: Final = tuple(SCOPES)
"""The name of every scope, in the order of the table."""

PRESETS: Final = (
    Preset(
        "read_everything",
        "Read everything",
        tuple(name for name, scope in SCOPES.items() if scope.verb == "read"),
    ),
    Preset(
        "book_appointments",
        "Book appointments",
        (
            "write_patients",
            "read_appointments",
            "write_appointments",
            "read_appointment_types",
            "read_clinicians",
            "read_locations",
            "read_availability",
            "write_holds",
        ),
    ),
    Preset("sync_patients", "Sync patients", ("read_patients", "write_patients")),
    Preset("everything", "Everything", ALL_SCOPES),
)

# The real Jump names these two after its own paths.
_ALIASES: Final[Mapping[str, str]] = {
    "read_clinician_profiles": "read_clinicians",
    "read_appointment_templates": "read_appointment_types",
}
_BY_RESOURCE: Final[Mapping[str, Permission]] = {row.resource: row for row in PERMISSIONS}
_NAME: Final = re.compile(r"[a-z_]{1,40}")


def read_scope(resource: str) -> str:
    """The scope that lets a key read a resource; for holds, whose makers read them, write_holds."""
    row = _BY_RESOURCE[resource]
    scope = row.read or row.write
    assert scope is not None
    return scope.name


def write_scope(resource: str) -> str | None:
    """The scope that lets a key create and change a resource, or None if no key may."""
    scope = _BY_RESOURCE[resource].write
    return scope.name if scope else None


def in_order(scopes: Iterable[str]) -> tuple[str, ...]:
    """Known scopes in the order of the table, none twice."""
    held = set(scopes)
    return tuple(name for name in ALL_SCOPES if name in held)


def check_scopes(names: Iterable[str]) -> tuple[str, ...]:
    """The scopes of these names, in order; ValueError, for people, names the first unknown one."""
    found = [_known(name) for name in names]
    if not found:
        raise ValueError("Name at least one scope, such as read_patients, or all.")
    return in_order(found)


def parse_scopes(text: str) -> tuple[str, ...]:
    """The scopes of `a,b` or of `all`, in order; ValueError as in check_scopes."""
    if text.strip() == "all":
        return ALL_SCOPES
    return check_scopes(name for part in text.split(",") if (name := part.strip()))


def in_words(scopes: Iterable[str]) -> str:
    """What a key with these scopes may do: `Read patients and appointments; change holds`."""
    held = set(scopes)
    parts = [
        part
        for part in (
            _clause("read", [row for row in PERMISSIONS if row.read], held),
            _clause("change", [row for row in PERMISSIONS if row.write], held),
        )
        if part
    ]
    sentence = "; ".join(parts) or "nothing"
    return sentence[0].upper() + sentence[1:]


def _clause(verb: str, rows: Sequence[Permission], held: set[str]) -> str:
    names = [row.words for row in rows if _scope_for(verb, row) in held]
    if len(names) == len(rows):
        return f"{verb} everything"
    if len(names) > 1:
        names[-2:] = [f"{names[-2]} and {names[-1]}"]
    return f"{verb} {', '.join(names)}" if names else ""


def _scope_for(verb: str, row: Permission) -> str | None:
    scope = row.read if verb == "read" else row.write
    return scope.name if scope else None


def _known(name: str) -> str:
    name = _ALIASES.get(name, name)
    if name in SCOPES:
        return name
    # Only what looks like a scope is repeated: someone may have pasted a key.
    if not _NAME.fullmatch(name):
        raise ValueError("A scope is named like read_patients; one of these is not.")
    near = difflib.get_close_matches(name, ALL_SCOPES, n=1)
    hint = f"Did you mean {near[0]}?" if near else f"The scopes are {', '.join(ALL_SCOPES)}."
    raise ValueError(f"There is no scope {name}. {hint}")
