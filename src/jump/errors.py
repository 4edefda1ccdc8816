"""Every error the program answers with, on one page.

A `Problem` is what a caller outside did wrong or must wait for; REST renders it as the error
envelope, the command line as one line. A message names the field, never the value that was sent.

    Problem
    ├── InvalidRequest       400
    ├── Unauthorized         401
    ├── InsufficientScope    403
    ├── NotFound             404
    ├── MethodNotAllowed     405
    ├── Conflict             409
    │   └── SlotUnavailable  409
    ├── Gone                 410
    ├── PreconditionFailed   412
    ├── PayloadTooLarge      413
    ├── UnsupportedMediaType 415
    ├── ValidationFailed     422
    ├── RateLimited          429
    ├── InternalError        500
    └── Unavailable          503
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from jump.kit.nearest import nearest

_FEW: Final = 5  # names that are listed to whoever made up another


@dataclass(frozen=True, slots=True)
class FieldError:
    """One wrong field: its name (dotted for nested ones) and what to do about it."""

    field: str
    message: str


def sent_name(text: str) -> str:
    """A name that a caller made up, as an error may show it: cut, and without what cannot be."""
    return re.sub(r"[^\w.\-]", "?", text[:64]) or "?"


def unknown_name(kind: str, sent: str, known: Collection[str]) -> FieldError:
    """What a made-up name of a field or parameter is told: the known one it is like, or the few."""
    hint = ""
    if meant := nearest(sent, known):
        hint = f" Perhaps you mean {meant}."
    elif 0 < len(known) <= _FEW:
        hint = f" Known: {', '.join(known)}."
    return FieldError(sent_name(sent), f"This {kind} is not known here.{hint}")


class Problem(Exception):
    """An answer that is not a success: `status` and `code` of the contract, words for people."""

    status = 500
    code = "INTERNAL_ERROR"

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.details = tuple(details)
        self.headers = dict(headers or {})


class InvalidRequest(Problem):
    """Malformed JSON, or anything wrong in the query string."""

    status, code = 400, "INVALID_REQUEST"


class Unauthorized(Problem):
    """No key, or a malformed, unknown, expired or revoked one."""

    status, code = 401, "UNAUTHORIZED"

    def __init__(self, message: str) -> None:
        super().__init__(message, headers={"WWW-Authenticate": "Bearer"})


class InsufficientScope(Problem):
    """The key is good but lacks a scope; `scope` names the missing one."""

    status, code = 403, "INSUFFICIENT_SCOPE"

    def __init__(self, scope: str, message: str | None = None) -> None:
        # RFC 6750, section 3.1: the challenge names the scope that would do.
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        super().__init__(
            message or f"This key lacks the permission {scope}.",
            headers={"WWW-Authenticate": challenge},
        )
        self.scope = scope


class NotFound(Problem):
    """Unknown, or another organisation's or mode's record: the two look the same."""

    status, code = 404, "NOT_FOUND"


class MethodNotAllowed(Problem):
    """The path exists, the method does not; `Allow` lists those that do (RFC 9110, 15.5.6)."""

    status, code = 405, "METHOD_NOT_ALLOWED"

    def __init__(self, allowed: Sequence[str], hint: str = "") -> None:
        words = ", ".join(allowed)
        message = f"This address answers to {words} only. {hint}".rstrip()
        super().__init__(message, headers={"Allow": words})


class Conflict(Problem):
    """A state that does not allow the change; the message names the state and the moves allowed."""

    status, code = 409, "CONFLICT"


class SlotUnavailable(Conflict):
    """The time is not offered; `alternatives` has up to three free ones.

    They are None where the database itself refused it, so that nobody has looked for any.
    """

    code = "SLOT_UNAVAILABLE"

    def __init__(self, message: str, alternatives: Sequence[object] | None = None) -> None:
        super().__init__(message)
        self.alternatives = alternatives


class Gone(Problem):
    """Confirming an expired hold."""

    status, code = 410, "GONE"


class PreconditionFailed(Problem):
    """`If-Match` is stale."""

    status, code = 412, "PRECONDITION_FAILED"


class PayloadTooLarge(Problem):
    """The body is longer than this address takes."""

    status, code = 413, "PAYLOAD_TOO_LARGE"


class UnsupportedMediaType(Problem):
    """The body is of a type that this address does not take."""

    status, code = 415, "UNSUPPORTED_MEDIA_TYPE"


class ValidationFailed(Problem):
    """A field of the body is wrong, missing or unknown; `details` lists every one."""

    status, code = 422, "VALIDATION_FAILED"

    def __init__(self, details: Sequence[FieldError], message: str | None = None) -> None:
        super().__init__(message or _summary(details), details=details)


class RateLimited(Problem):
    """The limit is spent; `retry_after` is in whole seconds."""

    status, code = 429, "RATE_LIMITED"

    def __init__(self, message: str, retry_after: int) -> None:
        super().__init__(message, headers={"Retry-After": str(retry_after)})


class InternalError(Problem):
    """A fault of ours. Only the request id is told."""


class Unavailable(Problem):
    """The database does not answer, or not yet."""

    status, code = 503, "UNAVAILABLE"


def _summary(details: Sequence[FieldError]) -> str:
    names = ", ".join(dict.fromkeys(error.field for error in details))
    return f"Check these fields: {names}." if names else "The body is not valid."
