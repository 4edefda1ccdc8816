"""Answers as they go out: the envelope of the contract, and the headers every answer carries."""

import msgspec
from starlette.responses import Response, StreamingResponse

from jump.errors import Problem, SlotUnavailable
from jump.keys.quota import Quota
from jump.kit import cursors
from jump.resources.definition import Answer, PageInfo
from jump.resources.listing import ListQuery
from jump.rest.exchange import Exchange, Rendered

JSON = "application/json"
POLICY = "hour"


def success(
    exchange: Exchange, answer: Answer, data: bytes, offset: int, following: str | None
) -> bytes:
    """`{"data": …, "meta": …}`, around data that is encoded already."""
    meta: dict[str, object] = {"request_id": exchange.id}
    if answer.page is None:
        return msgspec.json.encode({"data": msgspec.Raw(data), "meta": meta})
    page = answer.page
    listed = {
        "limit": page.limit,
        "has_more": page.has_more,
        "next_offset": page.next_offset,
        "next_cursor": following,
    }
    # Clients of the older API read this one.
    pagination = {"limit": page.limit, "offset": offset, "has_more": page.has_more}
    return msgspec.json.encode(
        {"data": msgspec.Raw(data), "meta": {**listed, **meta}, "pagination": pagination}
    )


def failure(request_id: str, problem: Problem) -> bytes:
    """`{"data": null, "meta": …, "error": …}`."""
    error: dict[str, object] = {
        "code": problem.code,
        "message": problem.message,
        "details": [{"field": d.field, "message": d.message} for d in problem.details],
    }
    if isinstance(problem, SlotUnavailable):
        error["alternatives"] = list(problem.alternatives or ())
    return msgspec.json.encode({"data": None, "meta": {"request_id": request_id}, "error": error})


def next_cursor(
    exchange: Exchange, key: bytes, query: ListQuery | None, page: PageInfo
) -> str | None:
    """The token of the next page, bound to this query of this tenant."""
    if page.after is None or query is None or exchange.admission is None:
        return None
    fingerprint = query.fingerprint(exchange.admission.caller.tenant, exchange.path)
    return cursors.encode(key, fingerprint, page.after)


def response(exchange: Exchange, rendered: Rendered) -> Response:
    """The answer with the headers that every one has."""
    headers = of_every_answer(exchange.id, exchange.milliseconds)
    if exchange.admission is not None:
        headers |= limits(exchange.admission.quota)
    headers |= rendered.headers
    if rendered.stream is not None:
        return StreamingResponse(rendered.stream, rendered.status, headers)
    return Response(rendered.body, rendered.status, headers, media_type=JSON)


def of_every_answer(request_id: str, milliseconds: int) -> dict[str, str]:
    """The headers that nothing leaves without."""
    return {
        "X-Request-Id": request_id,
        "X-Response-Time": f"{milliseconds}ms",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }


def limits(quota: Quota) -> dict[str, str]:
    """The headers of the rate limit: Jump's, and those of the IETF's RateLimit draft."""
    seconds = max(0, -(-(quota.reset_at - quota.at) // 1_000_000))
    return {
        "X-RateLimit-Limit": str(quota.limit),
        "X-RateLimit-Remaining": str(quota.remaining),
        "X-RateLimit-Reset": str(-(-quota.reset_at // 1_000_000)),
        "RateLimit-Policy": f'"{POLICY}";q={quota.limit};w=3600',
        "RateLimit": f'"{POLICY}";r={quota.remaining};t={seconds}',
    }
