"""Who did something, as a name: of a user, a key, or what stands for neither."""

import re
from collections.abc import Iterable, Mapping
from typing import Final

from jump.console.visit import Visit
from jump.identity import users
from jump.keys import record
from jump.storage.database import Tx

_OTHERS: Final[Mapping[str, str]] = {"operator": "An operator", "system": "Jump"}
_GONE: Final = "Somebody who is gone"
_BEGIN_SENTENCES: Final = frozenset({_OTHERS["operator"], _GONE})
_ID: Final = re.compile(r"\b(?:usr|key)_[0-9A-Za-z]+")


async def names(visit: Visit, ids: Iterable[str]) -> Mapping[str, str]:
    """The names of these users, keys and others (`created_by`, an actor's id or kind), by id."""
    wanted = set(ids)
    if not wanted:
        return {}
    organisation = visit.tenant.organisation

    async def look(tx: Tx) -> dict[str, str]:
        return {
            **await users.names(tx, organisation, _with(wanted, "usr_")),
            **await record.names(tx, organisation, _with(wanted, "key_")),
        }

    found = await visit.parts.database.read(look)
    return {each: found.get(each) or _OTHERS.get(each, _GONE) for each in wanted}


def within(name: str) -> str:
    """A name as it stands inside a sentence: `made by an operator`."""
    return f"{name[:1].lower()}{name[1:]}" if name in _BEGIN_SENTENCES else name


async def reasons(visit: Visit, texts: Iterable[str | None]) -> Mapping[str | None, str]:
    """Why webhooks are paused, by the reason as it is kept: with names in place of ids."""
    kept = {text for text in texts if text is not None}
    found = await names(visit, (each for text in kept for each in _ID.findall(text)))
    return {
        None: "",
        **{text: _ID.sub(lambda match: found[match.group()], text) for text in kept},
    }


def _with(ids: set[str], prefix: str) -> list[str]:
    return sorted(each for each in ids if each.startswith(prefix))
