"""What the face is given by the composition root; it makes none of it and reads no settings."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

from jump.audit.access_log import Recorder
from jump.keys.last_used import LastUsed
from jump.kit.client_address import Network
from jump.kit.clock import Clock
from jump.sealing import Keyring
from jump.storage.database import Database
from jump.storage.files import Files


@dataclass(frozen=True, slots=True)
class Parts:
    """The database, the keys derived from the secret key, the clock, and where requests are noted;
    where the files of documents lie, and the address that links lead to.

    `crash` is called with the name of each seam that a test may die at; `stopping` is set when the
    process is to end, and whoever waits for something answers then.
    """

    database: Database
    keyring: Keyring
    clock: Clock
    accesses: Recorder
    last_used: LastUsed
    trusted_proxies: tuple[Network, ...]
    files: Files
    public_url: str
    crash: Callable[[str], None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)
