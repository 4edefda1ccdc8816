"""Does what a form asks once, however often it is sent: its mark is kept with what it made."""

from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from jump.console.visit import Visit
from jump.errors import Conflict
from jump.replays import replay
from jump.replays.replay import Kept, Slot
from jump.storage.database import Tx

T = TypeVar("T")

_DONE: Final = 303
_LONGEST_MARK: Final = 64
_UNDER_WAY: Final = "This is being done at this moment. Look at the list before you send it again."


class Repeated(Exception):
    """This form was sent before; `made` is the id of what it made then."""

    def __init__(self, made: str) -> None:
        super().__init__("sent before")
        self.made = made


async def write_once(visit: Visit, work: Callable[[Tx], Awaitable[tuple[str, T]]]) -> T:
    """Run `work` in one transaction; it returns the id of what it makes, and what to give back.

    Raises Repeated where this very form has done so already, and Conflict while it does.
    """
    mark = visit.typed.one("once")[:_LONGEST_MARK]
    if not mark:
        raise Conflict("This form is not whole. Open the page again, and fill it in once more.")
    slot = Slot(visit.tenant, visit.signed_in.user.id, f"console {visit.name}", mark)

    async def once(tx: Tx) -> tuple[str | None, T | None]:
        try:
            known = await replay.claim(tx, slot, b"", visit.at)
        except Conflict as refused:
            raise Conflict(_UNDER_WAY) from refused
        if known is not None:
            return known.body.decode(), None
        made, given = await work(tx)
        await replay.keep(tx, slot, Kept(_DONE, "{}", made.encode()))
        return None, given

    made, given = await visit.parts.database.write(once)
    if made is not None:
        raise Repeated(made)
    assert given is not None
    return given
