"""A user made with a password can sign in at once; whoever has none needs a link."""

import pytest

from jump.errors import ValidationFailed
from jump.identity import ready_users, users
from jump.identity.users import NewUser
from jump.storage.database import Database
from tests.identity.people import ADA, NOW, PASSWORD, actions, enter, joined, operator


async def test_who_is_made_with_a_password_signs_in_with_it(database: Database) -> None:
    ada = await joined(database)
    assert (ada.status, ada.role) == ("active", "admin")
    assert (await enter(database)).sign_in.user.id == ada.id
    assert (await actions(database, ada))[0] == "created"


@pytest.mark.parametrize(
    ("new", "password", "field"),
    [
        (NewUser(ADA, "admin"), "short", "password"),
        (NewUser(ADA, "admin"), "practice practice", "password"),
        (NewUser("nowhere@", "admin"), PASSWORD, "email"),
        (NewUser(ADA, "owner"), PASSWORD, "role"),
    ],
)
async def test_what_is_wrong_makes_nobody(
    database: Database, new: NewUser, password: str, field: str
) -> None:
    caller = await operator(database)
    with pytest.raises(ValidationFailed, match=field):
        await ready_users.create(database, caller, new, password, NOW)
    organisation = caller.tenant.organisation
    assert await database.read(lambda tx: users.everyone(tx, organisation)) == []
