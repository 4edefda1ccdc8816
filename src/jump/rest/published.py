"""`GET /openapi.json`: the API's own description, for everybody. It takes no key and no quota."""

from starlette.responses import Response

from jump import telemetry
from jump.errors import MethodNotAllowed, Problem
from jump.rest import bodies, envelope
from jump.rest.exchange import Exchange, Rendered
from jump.rest.openapi.document import PATH as PATH

_METHODS = ("GET", "HEAD")


async def answer(exchange: Exchange, document: bytes) -> Response:
    """The document, or an error of the contract."""
    exchange.template = PATH
    try:
        _check(exchange)
    except Problem as problem:
        body = envelope.failure(exchange.id, problem)
        rendered = Rendered(problem.status, body, problem.headers)
    else:
        rendered = Rendered(200, document, {})
    telemetry.request(exchange.request.method, exchange.template, rendered.status, exchange.began)
    await bodies.discard(exchange.request)
    return envelope.response(exchange, rendered)


def _check(exchange: Exchange) -> None:
    bodies.refuse_key_in_query(exchange.request)
    if exchange.request.method not in _METHODS:
        raise MethodNotAllowed(_METHODS)
    bodies.flags({}, bodies.query_params(exchange.request))
