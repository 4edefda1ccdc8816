"""One table says what each role may do; the scopes follow from it."""

import pytest

from jump.events.catalog import EVENT_TYPES
from jump.identity import roles
from jump.identity.roles import ROLES, TABLE
from jump.keys.scopes import ALL_SCOPES, SCOPES

EVENT_SCOPES = {event.read_scope for event in EVENT_TYPES.values()}


def test_an_admin_has_every_ability_and_is_the_only_one_for_users_and_limits() -> None:
    assert ROLES["admin"].abilities == {row.name for row in TABLE}
    only = ROLES["admin"].abilities - ROLES["developer"].abilities
    assert only == {"manage_users", "change_limits"}


def test_a_viewer_changes_nothing_and_sees_no_payload() -> None:
    viewer = ROLES["viewer"]
    assert all(name.startswith("see_") for name in viewer.abilities)
    assert not roles.may("viewer", "see_payloads")
    assert viewer.scopes == {"read_webhooks"}


def test_a_developer_deals_with_webhooks_and_what_they_send() -> None:
    assert ROLES["developer"].scopes == {"read_webhooks", "write_webhooks"} | EVENT_SCOPES


def test_each_role_has_what_the_one_below_has() -> None:
    for higher, lower in (("admin", "developer"), ("developer", "viewer")):
        assert ROLES[higher].abilities > ROLES[lower].abilities
        assert ROLES[higher].scopes >= ROLES[lower].scopes


def test_every_scope_of_a_role_is_one_of_the_contract() -> None:
    assert {scope for facts in ROLES.values() for scope in facts.scopes} <= set(ALL_SCOPES)


def test_no_role_may_write_the_clinical_records() -> None:
    writing = {scope.name for scope in SCOPES.values() if scope.verb == "write"}
    for facts in ROLES.values():
        assert facts.scopes & writing <= {"write_webhooks"}


def test_the_table_and_the_type_name_the_same_abilities_in_words() -> None:
    assert [row.name for row in TABLE] == list(roles.get_args(roles.Ability))
    assert all(row.words and row.roles for row in TABLE)


@pytest.mark.parametrize("text", ["", "Admin", "owner", "admin "])
def test_another_name_is_no_role(text: str) -> None:
    assert roles.role_of(text) is None
