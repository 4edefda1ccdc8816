"""Makes the demo's data ready in the test mode, or goes on with what an earlier run left there.

Everything is made by the functions that the commands use; only names tell what is the demo's.
"""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import msgspec

from jump.application.opening import Storage
from jump.caller import Caller
from jump.cli.asking import Api, ask, ask_list, open_api
from jump.cli.demo.certificates import write_secret
from jump.cli.demo.console_user import sign_in_anew
from jump.cli.keys import newest_keys
from jump.cli.operating import MOST_ROWS, Refused, operator
from jump.cli.sandbox import load_practice
from jump.clinical.loading.sandbox import DEFAULT_PATIENTS, DEFAULT_SEED
from jump.clinical.loading.sandbox_practice import Added
from jump.events.catalog import EVENT_TYPES
from jump.identity import organisations
from jump.keys import issue
from jump.keys.record import KeyRecord
from jump.keys.scopes import ALL_SCOPES
from jump.settings import Settings
from jump.storage.database import Tx
from jump.webhooks.revoking import revoke_and_pause

NAME: Final = "jump demo"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What the demo has: the practice that was added, if any, a new key, a webhook with its secret,
    and the password to sign in with.
    """

    added: Added | None
    key: KeyRecord
    full_key: str
    revoked: int
    webhook_id: str
    secret: str
    password: str


async def prepare(
    storage: Storage, settings: Settings, org: str | None, hook: str, folder: Path
) -> Prepared:
    """A practice if there are no patients, a new key, not the last one, and the webhook to `hook`.

    Raises Refused where somebody relies on this database.
    """
    api = open_api(storage, settings)
    await _refuse_live_webhooks(api)
    caller = await operator(storage, org, "test")
    known = await ask_list(api, caller, "/patients", [], 1)
    added = None if known else await load_practice(storage, org, DEFAULT_PATIENTS, DEFAULT_SEED)
    key, full, revoked = await _new_key(storage, caller)
    webhook_id, secret = await _webhook(api, caller, hook, folder / "receiver-secret")
    password = await sign_in_anew(storage, caller)
    return Prepared(added, key, full, revoked, webhook_id, secret, password)


async def _refuse_live_webhooks(api: Api) -> None:
    """Real deliveries must not be sent by the demo's rules: its retries end within minutes."""
    for each in await api.storage.database.read(organisations.everyone):
        caller = await operator(api.storage, each.id, "live")
        if await ask_list(api, caller, "/webhooks", [("is_active", "true")], 1):
            raise Refused(
                "This database has live webhooks, and the demo is not for them: its retries are "
                "short. Name another one, such as JUMP_DATABASE_URL=sqlite:///var/demo.db."
            )


async def _new_key(storage: Storage, caller: Caller) -> tuple[KeyRecord, str, int]:
    """A new key; every earlier one of the demo is revoked with it. How many those were."""
    tenant = caller.tenant
    known = await newest_keys(storage, tenant.organisation, ("test",), MOST_ROWS)
    earlier = [each.key.id for each in known if each.key.name == NAME and each.status != "revoked"]
    new = issue.NewKey(NAME, "test", ALL_SCOPES)

    async def work(tx: Tx) -> tuple[KeyRecord, str]:
        at = storage.clock()
        for key_id in earlier:
            await revoke_and_pause(tx, caller, key_id, at)
        return await issue.create(tx, storage.keyring, caller, new, at, os.urandom)

    key, full = await storage.database.write(work)
    return key, full, len(earlier)


async def _webhook(api: Api, caller: Caller, hook: str, secret_file: Path) -> tuple[str, str]:
    """The demo's webhook, pointed at `hook` and active, and the secret that its receiver keeps."""
    known = await ask_list(api, caller, "/webhooks", [], MOST_ROWS)
    webhook: dict[str, Any] | None = next((each for each in known if each["name"] == NAME), None)
    if webhook is None:
        body = {"url": hook, "name": NAME, "events": list(EVENT_TYPES)}
        webhook = msgspec.json.decode(await ask(api, caller, "POST", "/webhooks", body=body))
    else:
        ids = {"id": webhook["id"]}
        change = {"url": hook, "is_active": True}
        await ask(api, caller, "PATCH", "/webhooks/{id}", ids, change)
        kept = _kept_secret(secret_file, webhook["id"])
        if kept is not None:
            return webhook["id"], kept
        webhook = msgspec.json.decode(
            await ask(api, caller, "POST", "/webhooks/{id}/rotate-secret", ids)
        )
    assert webhook is not None
    write_secret(secret_file, f"{webhook['id']} {webhook['secret']}\n".encode())
    return webhook["id"], webhook["secret"]


def _kept_secret(path: Path, webhook_id: str) -> str | None:
    """The secret of this webhook, if the receiver has kept it."""
    if not path.exists():
        return None
    whose, _, secret = path.read_text("utf-8").strip().partition(" ")
    return secret if whose == webhook_id and secret else None
