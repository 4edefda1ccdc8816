"""What the documentation is made of beside its own files: given by the composition root."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from jump.docs.fillings import Opened, Setting


@dataclass(frozen=True, slots=True)
class Source:
    """`document` makes the OpenAPI document; `public_url` is where this installation answers."""

    public_url: str
    opened: Sequence[Opened]
    settings: Sequence[Setting]
    document: Callable[[], Mapping[str, Any]]
