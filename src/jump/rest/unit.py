"""One request from its first byte to its answer: admit it, check it, do it in one transaction.

The order is the contract's: a key in the address, authentication, the address itself, scope,
query, Idempotency-Key, body, If-Match. The change, its audit, its event, its access-log row and
its replay commit together; only then does the answer leave.
"""

import hashlib
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any

import msgspec
from msgspec import structs
from starlette.responses import Response

from jump import telemetry
from jump.audit import access_log
from jump.errors import (
    FieldError,
    InsufficientScope,
    InternalError,
    InvalidRequest,
    MethodNotAllowed,
    NotFound,
    Problem,
    SlotUnavailable,
    Unauthorized,
    Unavailable,
    ValidationFailed,
)
from jump.keys import throttle
from jump.keys.admit import KeyRefused, QuotaSpent, admit
from jump.kit import cursors
from jump.kit.clock import SECOND
from jump.replays import replay
from jump.resources import listing, validation
from jump.resources.definition import Answer, Call, Operation
from jump.resources.listing import Listing, ListQuery
from jump.rest import bodies, envelope
from jump.rest.exchange import Exchange, Rendered
from jump.rest.routes import Direct, Match, Route, Routes
from jump.storage.database import Database, StorageUnavailable, Tx

LONGEST_CHANGE = 30 * SECOND  # from its transaction's beginning to its commit

_ETAG = re.compile(r'"(0|[1-9][0-9]{0,14})"')
_NOT_ITS_CURSOR = FieldError(
    "cursor",
    "This cursor does not belong to this query. Send it with the parameters it came from.",
)
_NO_DELETING = (
    "Records are not deleted: archive, cancel, stop or mark them as entered in error, by POST."
)
_IDEMPOTENCY_KEY = re.compile(r"[\x21-\x7e]{1,255}")


async def answer(exchange: Exchange, routes: Routes) -> Response:
    """Answer one request to the API. Never raises."""
    return await respond(exchange, _perform(exchange, routes))


async def respond(exchange: Exchange, work: Awaitable[Rendered]) -> Response:
    """Answer with what comes of the work. Never raises: what goes wrong is an error."""
    try:
        rendered = await work
    except Problem as problem:
        rendered = _failed(exchange, problem)
    except StorageUnavailable as refusal:
        telemetry.unavailable(str(refusal), exchange.id)
        rendered = _failed(
            exchange, Unavailable("The service cannot reach its data. Try again soon.")
        )
    except Exception as fault:
        telemetry.fault(fault, exchange.id, exchange.template)
        message = f"Something failed here. Tell us the request id {exchange.id}."
        rendered = _failed(exchange, InternalError(message))
    _note(exchange, rendered)
    if not exchange.digest:  # else its body was read to its end
        await bodies.discard(exchange.request)
    return envelope.response(exchange, rendered)


async def write(
    exchange: Exchange, call: Call, digest: bytes, run: Callable[[Tx, Call], Awaitable[Answer]]
) -> Rendered:
    """Run a change once: with an Idempotency-Key a repeat gets the first answer.

    `digest` stands for the body. Used by every writing operation, streamed ones too. The time of
    the change is that of its transaction, and one that takes too long is undone: so whoever asks
    for what changed since (docs: guides/copy) knows how late a change may become visible.
    """
    slot = _slot(exchange, call)
    clock = exchange.parts.clock

    async def work(tx: Tx, call: Call = call) -> Rendered:
        call = structs.replace(call, at=clock())
        if slot is not None:
            kept = await replay.claim(tx, slot, digest, call.at)
            if kept is not None:
                return _replayed(kept)
        done = await run(tx, call)
        rendered = _rendered(exchange, call, done)
        if slot is not None:
            await replay.keep(tx, slot, _kept(exchange, call, done, rendered))
        await access_log.write(tx, [_access(exchange, rendered)])
        if clock() - call.at > LONGEST_CHANGE:
            raise Unavailable("This change took too long and was undone. Repeat it.")
        exchange.parts.crash("request_before_commit")
        return rendered

    rendered = await _written(exchange.parts.database, work)
    exchange.parts.crash("request_after_commit")
    exchange.recorded = "Idempotent-Replayed" not in rendered.headers
    return rendered


async def _written(database: Database, work: Callable[[Tx], Awaitable[Rendered]]) -> Rendered:
    try:
        return await database.write(work)
    except SlotUnavailable as taken:
        if taken.alternatives is not None:
            raise
    # The database refused what the look before had found free. Another look sees what is in the
    # way by now, and what is free beside it.
    return await database.write(work)


async def refuse(exchange: Exchange, call: Call, digest: bytes, problem: Problem) -> Rendered:
    """Refuse a change for its body, where no Idempotency-Key says more of it.

    One that another body has used is told so: whoever sent both takes the one for the other.
    """
    if _slot(exchange, call) is None:
        raise problem

    async def run(_tx: Tx, _call: Call) -> Answer:
        raise problem

    return await write(exchange, call, digest, run)


async def _perform(exchange: Exchange, routes: Routes) -> Rendered:
    bodies.refuse_key_in_query(exchange.request)
    match = routes.match(exchange.path)
    method = "GET" if exchange.request.method == "HEAD" else exchange.request.method
    route = match.routes.get(method) if match is not None else None
    if match is not None:
        exchange.template = match.template
    await _admit(exchange, counted=route.counted if route is not None else True)
    if match is None:
        raise NotFound(_nothing_at(routes, exchange.path))
    if route is None:
        raise MethodNotAllowed(match.methods, _NO_DELETING if method == "DELETE" else "")
    return await _run(exchange, route, match)


def _nothing_at(routes: Routes, path: str) -> str:
    if path != "/" and path.endswith("/") and routes.match(path.rstrip("/")) is not None:
        return "There is nothing at this address. Leave out the slash at its end."
    meant = routes.nearest(path)
    hint = f"Perhaps you mean {meant}." if meant else "/docs lists every address."
    return f"There is nothing at this address. {hint}"


async def _run(exchange: Exchange, route: Route, match: Match) -> Rendered:
    assert exchange.admission is not None
    caller = exchange.admission.caller
    if route.scope is not None and not caller.may(route.scope):
        raise InsufficientScope(route.scope)
    query, flags = _asked(exchange, route, bodies.query_params(exchange.request))
    call = Call(caller, exchange.at, match.ids, query, flags, if_match=_if_match(exchange))
    streams = route.streams if isinstance(route, Direct) else ()
    if route.body is not None and bodies.media_type(exchange.request) not in streams:
        raw = await bodies.read_json(exchange.request, streams)
        exchange.digest = hashlib.sha256(raw).digest()
        try:
            body = validation.check(route.body, raw, partial=route.method == "PATCH")
        except (InvalidRequest, ValidationFailed) as wrong:
            if not route.writes:
                raise
            return await refuse(exchange, call, exchange.digest, wrong)
        call = structs.replace(call, body=body)
        if route.listing is not None and route.method == "POST":
            call = structs.replace(call, query=_query_in_body(exchange, route.listing, body))
    return await _finish(exchange, route, call)


async def _finish(exchange: Exchange, route: Route, call: Call) -> Rendered:
    if isinstance(route, Direct):
        done = await route.handle(exchange, call)
        return done if isinstance(done, Rendered) else _rendered(exchange, call, done)
    operation: Operation = route
    if operation.writes and not (operation.only_reads and operation.only_reads(call)):
        return await write(exchange, call, exchange.digest, operation.run)
    database = exchange.parts.database
    read = database.read if operation.one_moment or operation.writes else database.look
    done = await read(lambda tx: operation.run(tx, call))
    return _rendered(exchange, call, done)


async def _admit(exchange: Exchange, *, counted: bool) -> None:
    parts = exchange.parts
    # Two keys are none: nobody is to guess which one was meant.
    presented = ", ".join(exchange.request.headers.getlist("authorization"))
    try:
        exchange.admission = await admit(
            parts.database,
            parts.keyring,
            presented,
            address=exchange.address,
            secure=exchange.secure,
            request_id=exchange.id,
            counted=counted,
        )
    except Unauthorized as refused:
        if isinstance(refused, KeyRefused):
            exchange.known = refused.admission
        await throttle.failed(parts.database, exchange.address)
        raise
    except QuotaSpent as spent:
        exchange.admission = exchange.known = spent.admission
        raise
    exchange.known = exchange.admission
    parts.last_used.note(exchange.admission, exchange.at)


def _asked(
    exchange: Exchange, route: Route, pairs: list[tuple[str, str]]
) -> tuple[ListQuery | None, Mapping[str, str]]:
    """What the query string asks of a list, and the flags in it.

    A search by POST has its query in the body.
    """
    if route.listing is None or route.method == "POST":
        return None, bodies.flags(route.flags, pairs)
    flags = bodies.flags(route.flags, [pair for pair in pairs if pair[0] in route.flags])
    rest = [pair for pair in pairs if pair[0] not in route.flags]
    return _query(exchange, listing.parse(route.listing, rest)), flags


def _query(exchange: Exchange, query: ListQuery) -> ListQuery:
    """The query with its cursor opened. Raises InvalidRequest for a cursor of another query."""
    if query.cursor is None or exchange.admission is None:
        return query
    fingerprint = query.fingerprint(exchange.admission.caller.tenant, exchange.path)
    after = cursors.decode(exchange.parts.keyring.derived("cursors"), fingerprint, query.cursor)
    if after is None or len(after) != 2:
        raise InvalidRequest("Check these query parameters: cursor.", details=[_NOT_ITS_CURSOR])
    return replace(query, after=(after[0], after[1]))


def _query_in_body(exchange: Exchange, lists: Listing, body: Mapping[str, Any]) -> ListQuery:
    """The query of a search by POST. Raises ValidationFailed: it stands in the body."""
    try:
        return _query(exchange, bodies.query_in_body(lists, body))
    except InvalidRequest as error:
        raise ValidationFailed(error.details) from error


def _if_match(exchange: Exchange) -> frozenset[int] | None:
    """The versions of If-Match (RFC 9110, 13.1.1), None for any; an unknown tag matches none."""
    sent = exchange.request.headers.getlist("if-match")
    tags = [tag.strip() for line in sent for tag in line.split(",")]
    if not tags or tags == ["*"]:
        return None
    known = [_ETAG.fullmatch(tag) for tag in tags]
    return frozenset(int(tag[1]) for tag in known if tag is not None)


def _slot(exchange: Exchange, call: Call) -> replay.Slot | None:
    sent = exchange.request.headers.getlist("idempotency-key")
    if not sent or exchange.request.method not in ("POST", "PATCH"):
        return None
    if len(sent) > 1 or not _IDEMPOTENCY_KEY.fullmatch(sent[0]):
        raise InvalidRequest(
            "Idempotency-Key takes 1 to 255 visible ASCII characters, without spaces."
        )
    key = call.caller.actor.id
    assert key is not None
    return replay.Slot(call.caller.tenant, key, exchange.path, sent[0])


def _rendered(exchange: Exchange, call: Call, done: Answer) -> Rendered:
    headers: dict[str, str] = {}
    if done.version is not None:
        headers["ETag"] = f'"{done.version}"'
    if done.location is not None:
        headers["Location"] = f"/api/v1{done.location}"
    return Rendered(done.status, _body(exchange, call, done, done.data), headers, done.patients)


def _body(exchange: Exchange, call: Call, done: Answer, data: bytes) -> bytes:
    following = None
    if done.page is not None:
        key = exchange.parts.keyring.derive("cursors")
        following = envelope.next_cursor(exchange, key, call.query, done.page)
    offset = call.query.offset if call.query is not None else 0
    return envelope.success(exchange, done, data, offset, following)


def _kept(exchange: Exchange, call: Call, done: Answer, rendered: Rendered) -> replay.Kept:
    body = rendered.body if done.kept is None else _body(exchange, call, done, done.kept)
    told = {"headers": rendered.headers, "patients": rendered.patients}
    return replay.Kept(done.status, msgspec.json.encode(told).decode(), body)


def _replayed(kept: replay.Kept) -> Rendered:
    told = msgspec.json.decode(kept.headers)
    headers = {**told["headers"], "Idempotent-Replayed": "true"}
    return Rendered(kept.status, kept.body, headers, tuple(told["patients"]))


def _failed(exchange: Exchange, problem: Problem) -> Rendered:
    body = envelope.failure(exchange.id, problem)
    scope = problem.scope if isinstance(problem, InsufficientScope) else None
    return Rendered(
        problem.status, body, problem.headers, error_code=problem.code, missing_scope=scope
    )


def _note(exchange: Exchange, rendered: Rendered) -> None:
    telemetry.request(exchange.request.method, exchange.template, rendered.status, exchange.began)
    if exchange.known is not None and not exchange.recorded:
        exchange.parts.accesses.add(_access(exchange, rendered))


def _access(exchange: Exchange, rendered: Rendered) -> access_log.Access:
    assert exchange.known is not None
    return access_log.Access(
        tenant=exchange.known.caller.tenant,
        request_id=exchange.id,
        at=exchange.at,
        key_id=exchange.known.key.id,
        address=exchange.address,
        method=exchange.request.method,
        route=exchange.template,
        status=rendered.status,
        error_code=rendered.error_code,
        missing_scope=rendered.missing_scope,
        milliseconds=exchange.milliseconds,
        patient_ids=rendered.patients,
    )
