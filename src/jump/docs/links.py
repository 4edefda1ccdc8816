"""Where a link of a page leads: pages name each other by their files, as a repository has them."""

import posixpath
from collections.abc import Collection
from typing import Final

from jump.docs.navigation import BASE, address

# The rules of the records stand in one file, each kind below its heading: at /docs they open the
# pages of the reference.
RECORDS: Final = "records"


def rewrite(href: str, page: str, known: Collection[str]) -> str:
    """The address at /docs. ValueError for a link to a file that is no page."""
    path, _, anchor = href.partition("#")
    if not path or ":" in path or path.startswith("/"):
        return href
    file = posixpath.normpath(posixpath.join(posixpath.dirname(page), path))
    name, extension = posixpath.splitext(file)
    if extension == ".json":
        return f"{BASE}/{file}"
    if name == RECORDS:
        return f"{BASE}/reference/{anchor}"
    if extension != ".md" or name not in known:
        raise ValueError(f"{page} links to {href}, which is no page.")
    return address(name) + (f"#{anchor}" if anchor else "")
