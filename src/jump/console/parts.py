"""What the console is given by the composition root; it makes none of it and reads no settings."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from jump.console.tails import Tails
from jump.kit.client_address import Network
from jump.kit.clock import Clock
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.webhooks.transport.address_guard import Guard


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, the keys derived from the secret key, the clock, chance, and where we are.

    `public_url` is where browsers find us; `scopes_of_routes` says which scope each route of the
    API needs, by method and template. `stopping` is set when the process is to end; `tails` are the
    live views that are open in it. With
    `development` there is a page that shows every part in every state.
    """

    database: Database
    keyring: Keyring
    clock: Clock
    random: Callable[[int], bytes]
    guard: Guard
    trusted_proxies: tuple[Network, ...]
    public_url: str
    scopes_of_routes: Mapping[tuple[str, str], str | None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
    tails: Tails = field(default_factory=Tails)
    development: bool = False
