"""`/healthz`, `/readyz` and `/metrics`: for those who run the program. They need no key.

Whatever else is outside the API is answered here too: there is nothing.
"""

import time
from typing import Any

from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from jump.errors import MethodNotAllowed, NotFound, Problem
from jump.kit.client_address import Network, is_loopback
from jump.kit.ids import new_id
from jump.rest import envelope
from jump.rest.exchange import client
from jump.storage.database import Database
from jump.storage.readiness import readiness

PATHS = ("/healthz", "/readyz", "/metrics")


async def answer(
    scope: Any, database: Database, trusted: tuple[Network, ...], now: int
) -> Response:
    """Answer a request that is not for the API."""
    began = time.perf_counter()
    request_id = new_id("req", now)
    try:
        response = await _operate(Request(scope), database, trusted)
    except Problem as problem:
        body = envelope.failure(request_id, problem)
        response = Response(body, problem.status, problem.headers, media_type=envelope.JSON)
    took = round((time.perf_counter() - began) * 1000)
    response.headers.update(envelope.of_every_answer(request_id, took))
    return response


async def _operate(request: Request, database: Database, trusted: tuple[Network, ...]) -> Response:
    path = request.scope["path"]
    # To others the metrics are as much there as anything else.
    if path not in PATHS or (path == "/metrics" and not _is_near(request, trusted)):
        raise NotFound("There is nothing at this address. The API is below /api/v1.")
    if request.method not in ("GET", "HEAD"):
        raise MethodNotAllowed(("GET", "HEAD"))
    if path == "/metrics":
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)
    if path == "/healthz":
        return JSONResponse({"status": "ok"})
    problem = await readiness(database)
    if problem is None:
        return JSONResponse({"status": "ready"})
    return JSONResponse({"status": "not ready", "reason": problem}, 503)


def _is_near(request: Request, trusted: tuple[Network, ...]) -> bool:
    address, _ = client(request, trusted)
    return is_loopback(address)
