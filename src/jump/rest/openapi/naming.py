"""Names for what generators make of the document: operations, models and their examples' ids.

All of them come from addresses, so that a new resource has good ones without being asked.
"""

from collections.abc import Collection
from typing import Final

from jump.kit.ids import PREFIXES, sample_id
from jump.rest.routes import Route

_PREFIX_OF: Final = {
    **{words.replace(" ", "_"): prefix for prefix, words in PREFIXES.items()},
    # The real Jump's words for two of them, and the contract's spelling on the wire.
    "clinician_profile": "cli",
    "prescriber": "cli",
    "appointment_template": "type",
    "organization": "org",
}
KEY_ID: Final = f"key_{'0' * 16}"
_VERBS: Final = {"PATCH": "update", "DELETE": "delete", "PUT": "put", "GET": "get"}


def singular(plural: str) -> str:
    """One of many: `deliveries` -> `delivery`."""
    if plural.endswith("ies"):
        return f"{plural[:-3]}y"
    return plural[:-1] if plural.endswith("s") and not plural.endswith("ss") else plural


def pascal(words: str) -> str:
    """`appointment_type` or `patient.created` as the name of a model."""
    parts = words.replace("-", "_").replace(".", "_").split("_")
    return "".join(part[:1].upper() + part[1:] for part in parts)


def thing(path: str) -> str:
    """What the address is about, in one word: `/webhooks/{id}/deliveries` -> webhook_delivery."""
    return "_".join(singular(word) for word in _words(path))


def adds_to_collection(route: Route, listed: Collection[str]) -> bool:
    """Whether it is a POST to one of the collections, `listed`, to which it adds."""
    return route.method == "POST" and route.path in listed


def operation_id(route: Route, listed: Collection[str]) -> str:
    """What a client calls it: `list_patients`, `mark_appointment_in_error`."""
    if route.documentation.name is not None:
        return route.documentation.name
    words = _words(route.path)
    if route.path.endswith("}"):
        return f"{_VERBS[route.method]}_{thing(route.path)}"
    if route.method == "GET":
        verb = "list" if route.listing is not None else "get"
        return f"{verb}_{_below(words)}"
    if adds_to_collection(route, listed):
        return f"create_{thing(route.path)}"
    if route.method == "POST":
        return _action(route.path)
    return f"{_VERBS[route.method]}_{_below(words)}"


def body_name(route: Route, listed: Collection[str]) -> str:
    """What a request's body is called: PatientCreate, PatientChanges, AppointmentReschedule."""
    if adds_to_collection(route, listed):
        return f"{pascal(thing(route.path))}Create"
    if route.method == "PATCH":
        return f"{pascal(thing(route.path))}Changes"
    return pascal(thing(route.path))


def example_id(field: str, model: str) -> str | None:
    """An id as this field of this model has it, which no record ever gets; None if it has none."""
    if field in ("created_by", "key_id"):
        return KEY_ID
    if field != "id" and not field.endswith("_id"):
        return None
    words = field.removesuffix("_id") if field != "id" else _snake(model)
    while words:
        if words in _PREFIX_OF:
            prefix = _PREFIX_OF[words]
            return KEY_ID if prefix == "key" else sample_id(prefix)
        words = words.rpartition("_")[0]
    return None


def _words(path: str) -> list[str]:
    return [part.replace("-", "_") for part in path.split("/") if part and part[0] != "{"]


def _below(words: list[str]) -> str:
    return "_".join([*(singular(word) for word in words[:-1]), words[-1]])


def _action(path: str) -> str:
    owner, _, action = path.rpartition("/")
    verb, _, rest = action.replace("-", "_").partition("_")
    of = thing(owner) if owner.endswith("}") else _below(_words(owner))
    return "_".join(filter(None, (verb, of, rest)))


def _snake(model: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in model).strip("_")
