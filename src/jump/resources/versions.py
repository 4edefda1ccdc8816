"""Whether the version of a record that there is may be changed: If-Match, for every record.

What the header means is read by REST; which records have versions is left to their domains.
"""

from jump.errors import PreconditionFailed


def check_version(noun: str, version: int, if_match: frozenset[int] | None) -> None:
    """Let a caller pass that names the version there is, or none. Raises PreconditionFailed."""
    if if_match is None or version in if_match:
        return
    if not if_match:
        raise PreconditionFailed(
            "If-Match names no version of anything: send the ETag as it came, with its quotes and"
            ' without W/, such as "7".'
        )
    raise PreconditionFailed(
        f"The {noun} has changed since: read it again, then repeat the change."
    )
