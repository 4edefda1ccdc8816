"""What a user may do: one table of abilities, the roles that have each, and the scopes it brings.

Pages ask for an ability. The functions that they share with the API ask for scopes, which a user
has through the role. No role may read or write the clinical records by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, get_args

from jump.events.catalog import EVENT_TYPES

Role = Literal["admin", "developer", "viewer"]
Ability = Literal[
    "see_keys",
    "see_webhooks",
    "see_logs",
    "see_payloads",
    "manage_keys",
    "manage_webhooks",
    "load_sample_data",
    "change_limits",
    "manage_users",
]
ROLE_NAMES: Final[tuple[Role, ...]] = get_args(Role)


@dataclass(frozen=True, slots=True)
class AbilityRow:
    """One line of the table: what it is in words, who has it, which scopes come with it."""

    name: Ability
    words: str
    roles: frozenset[Role]
    scopes: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class RoleFacts:
    """One role: its title, a sentence for people, and what it has by the table."""

    name: Role
    title: str
    sentence: str
    abilities: frozenset[Ability]
    scopes: frozenset[str]


_EVERYONE: Final[frozenset[Role]] = frozenset(ROLE_NAMES)
_BUILDERS: Final[frozenset[Role]] = frozenset({"admin", "developer"})
_ADMINS: Final[frozenset[Role]] = frozenset({"admin"})
# Whoever deals with an event's payload needs the read scope of its record.
_EVENT_SCOPES: Final = frozenset(event.read_scope for event in EVENT_TYPES.values())

TABLE: Final = (
    AbilityRow("see_keys", "See API keys and how they are used", _EVERYONE),
    AbilityRow(
        "see_webhooks",
        "See events, webhooks and deliveries, but not what is in them",
        _EVERYONE,
        frozenset({"read_webhooks"}),
    ),
    AbilityRow("see_logs", "See the logs and the audit", _EVERYONE),
    AbilityRow(
        "see_payloads",
        "See what is in events, and what was sent to webhooks and answered",
        _BUILDERS,
        _EVENT_SCOPES,
    ),
    AbilityRow("manage_keys", "Create, rotate and revoke API keys", _BUILDERS),
    AbilityRow(
        "manage_webhooks",
        "Create, change, test and replay webhooks",
        _BUILDERS,
        frozenset({"write_webhooks"}),
    ),
    AbilityRow("load_sample_data", "Load sample data into Test", _BUILDERS),
    AbilityRow("change_limits", "Change how many requests a key may make", _ADMINS),
    AbilityRow("manage_users", "Invite, change and remove users", _ADMINS),
)


def _role(name: Role, title: str, sentence: str) -> RoleFacts:
    rows = [row for row in TABLE if name in row.roles]
    scopes = frozenset(scope for row in rows for scope in row.scopes)
    return RoleFacts(name, title, sentence, frozenset(row.name for row in rows), scopes)


ROLES: Final[Mapping[Role, RoleFacts]] = {
    facts.name: facts
    for facts in (
        _role("admin", "Admin", "Everything: keys, webhooks, logs, limits and users."),
        _role("developer", "Developer", "Keys, webhooks and logs, with what was sent."),
        _role("viewer", "Viewer", "Looks at everything but what was sent, and changes nothing."),
    )
}


def may(role: Role, ability: Ability) -> bool:
    """Whether a role has an ability."""
    return ability in ROLES[role].abilities


def role_of(text: str) -> Role | None:
    """The role of this name, or None."""
    return next((name for name in ROLE_NAMES if name == text), None)
