"""An environment for a face's templates and the shared ones.

Everything is escaped, a name that is not there is an error, and templates get nothing but values.
"""

from pathlib import Path
from typing import Final

from jinja2 import Environment, FileSystemLoader, StrictUndefined

_SHARED: Final = Path(__file__).parent / "templates"


def environment(folder: Path) -> Environment:
    """Where the templates of a face are found by name, and those that all faces share."""
    return Environment(
        loader=FileSystemLoader([folder, _SHARED]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
