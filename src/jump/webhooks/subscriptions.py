"""Which events a webhook may ask for, and which scopes a caller needs to deal with it.

Pure. Whoever can point a webhook at an address, or read what it sent, sees the records in it; so
that takes the read scope of each event's resource, beside the webhook scope.
"""

from collections.abc import Iterable, Sequence

from jump.caller import Caller
from jump.errors import InsufficientScope
from jump.events import catalog


def check(names: Sequence[str]) -> tuple[str, ...]:
    """The types and aliases to subscribe to, none twice. ValueError, for people."""
    if not names:
        raise ValueError("Name at least one event type, such as appointment.created.")
    return catalog.check_types(names)


def require_read_scopes(caller: Caller, names: Iterable[str]) -> None:
    """Let a caller pass that may read the records of these events. Raises InsufficientScope.

    Names that are no events are passed over: they are refused elsewhere.
    """
    for name in names:
        event = catalog.type_of(name)
        if event is not None and not caller.may(event.read_scope):
            raise InsufficientScope(
                event.read_scope,
                f"This key lacks the permission {event.read_scope}, which dealing with the "
                f"contents of {event.name} needs.",
            )
