"""`GET /me`: what this key is and what remains of its limit. It costs nothing."""

from typing import Annotated

import msgspec

from jump.caller import Mode
from jump.kit.instants import format_second
from jump.resources.about import about
from jump.resources.definition import Answer, Call, Documentation
from jump.rest.exchange import Exchange
from jump.rest.routes import Direct

Second = Annotated[str, msgspec.Meta(extra_json_schema={"format": "date-time"})]


class Key(msgspec.Struct):
    """The API key of the request: what it is and what it may do."""

    id: Annotated[str, about("The key's id.", "key_0000000000000000")]
    name: Annotated[str, about("What the key is called.", "Booking page")]
    mode: Annotated[Mode, about("Whose records it sees: Test's or Live's.", "test")]
    scopes: Annotated[list[str], about("What it may do.", ["read_patients", "write_patients"])]
    organization_id: Annotated[str, about("The practice it belongs to.")]
    limit: Annotated[int, about("How many requests it may make in any 60 minutes.", 1000)]
    remaining: Annotated[int, about("How many of them are left now.", 998)]
    reset_at: Annotated[Second, about("When one more request is next possible.")]
    expires_at: Annotated[Second | None, about("When it ends, if it does.")]


async def me(exchange: Exchange, call: Call) -> Answer:
    """The key of this request. Answers also when the limit is spent."""
    del call
    assert exchange.admission is not None
    key, quota = exchange.admission.key, exchange.admission.quota
    shown = Key(
        id=key.id,
        name=key.name,
        mode=key.mode,
        scopes=list(key.scopes),
        organization_id=exchange.admission.caller.tenant.organisation,
        limit=quota.limit,
        remaining=quota.remaining,
        reset_at=format_second(quota.reset_at),
        expires_at=None if key.expires_at is None else format_second(key.expires_at),
    )
    return Answer(msgspec.json.encode(shown))


OPERATIONS = (
    Direct(
        "GET",
        "/me",
        me,
        None,
        "Read what this key is and may do",
        counted=False,
        documentation=Documentation(
            details="It costs nothing, and answers when the limit is spent.", result=Key
        ),
    ),
)
