"""What schemathesis does to each request before it is sent, and one check of ours; it loads this
file by its name.
"""

import itertools
from functools import cache
from typing import Any

import schemathesis

from jump.application import endpoints
from jump.resources.validation import expectation
from jump.sealing import Keyring
from jump.webhooks.transport.address_guard import Guard

NUMBERS = itertools.count(1)
REQUIRED = "This field is required."
UNKNOWN = "This field is not known here."
OF_PARAMETERS = (
    "This parameter is not known here.",
    "Use a whole number",
    "Use asc or desc.",
    "Use one of:",
    "Use true or false.",
)


@schemathesis.hook
def before_call(context: Any, case: Any, kwargs: dict[str, Any]) -> None:
    """Nobody waits for events here, and each request has an address of its own.

    Past 20 failures a minute an address is refused with 429 where it is 401 otherwise.
    """
    number = next(NUMBERS)
    case.headers["X-Forwarded-For"] = f"2001:db8:{number >> 16:x}:{number & 0xFFFF:x}::1"
    query = getattr(case, "query", None) or {}
    if str(query.get("wait", "")).isdigit() and int(query["wait"]) <= 30:
        query["wait"] = 0


@cache
def words_of_shapes() -> frozenset[str]:
    """What a body is told that does not fit its shape, which its schema tells of as well."""
    routes = endpoints.routes(Keyring("x" * 32), Guard())
    shapes = [route.body for route in routes if route.body is not None]
    kinds = [kind for shape in shapes for kind in shape.fields.values()]
    return frozenset({REQUIRED, *map(expectation, kinds)})


@schemathesis.check
def no_shape_refuses_what_its_schema_allows(ctx: Any, response: Any, case: Any) -> None:
    """A good request is refused by rules that no schema tells of, and by nothing else."""
    is_good = case.meta is not None and case.meta.generation.mode.is_positive
    if not is_good or response.status_code not in (400, 422):
        return
    for detail in response.json()["error"]["details"]:
        assert detail["message"] not in words_of_shapes(), detail
        assert not detail["message"].startswith(UNKNOWN), detail
        assert not detail["message"].startswith(OF_PARAMETERS), detail
