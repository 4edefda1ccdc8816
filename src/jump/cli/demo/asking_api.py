"""Asks the demo's own API over HTTP, as an integrator would."""

from typing import Any, Final

import msgspec

from jump.cli.operating import Refused
from jump.cli.web import NoAnswer, Target, exchange

_TIMEOUT_SECONDS: Final = 10


def ask(api: Target, key: str, method: str, below: str, body: dict[str, Any] | None = None) -> Any:
    """The answer's data. Raises Refused when there is none."""
    headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
    sent = None if body is None else msgspec.json.encode(body)
    try:
        reply = exchange(api, method, below, headers=headers, body=sent, timeout=_TIMEOUT_SECONDS)
    except NoAnswer as failure:
        raise Refused(f"The API does not answer the demo: {failure}.") from None
    answer = msgspec.json.decode(reply.body)
    if reply.status >= 400:
        raise Refused(f"The API refuses the demo's request: {answer['error']['message']}")
    return answer["data"]
