"""JSON Merge Patch (RFC 7396): what a value becomes under a patch.

Neither argument is changed. Whether the result is allowed is left to validation, and so is a
bound on the depth of what a client sends.
"""

from typing import TypeAlias

Json: TypeAlias = "bool | int | float | str | list[Json] | dict[str, Json] | None"


def merge(target: Json, patch: Json) -> Json:
    """The target with every member of the patch set; a null member removes, an array replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(target) if isinstance(target, dict) else {}
    for name, value in patch.items():
        if value is None:
            merged.pop(name, None)
        else:
            merged[name] = merge(merged.get(name), value)
    return merged
