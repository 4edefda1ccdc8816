"""The style sheets and the scripts: read once, served by us, under names that change with them.

So a browser may keep each for ever, and never shows new pages with old scripts.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.responses import Response

_SHARED: Final = Path(__file__).parent / "static"
_TYPES: Final[Mapping[str, str]] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file: its address, media type and bytes."""

    address: str
    media_type: str
    content: bytes


class Assets:
    """A face's own files and the shared ones, by name and by address; all are below `prefix`."""

    def __init__(self, prefix: str, folder: Path) -> None:
        paths = [*sorted(_SHARED.iterdir()), *sorted(folder.iterdir())]
        self._by_name = {path.name: _asset(prefix, path) for path in paths}
        self._by_address = {asset.address: asset for asset in self._by_name.values()}

    def address(self, name: str) -> str:
        """Where the browser finds a file. KeyError."""
        return self._by_name[name].address

    def answer(self, path: str) -> Response:
        """The file at an address of ours, or 404 for one of another version."""
        asset = self._by_address.get(path)
        if asset is None:
            return Response("There is no such file.\n", 404, media_type="text/plain")
        headers = {"Cache-Control": "public, max-age=31536000, immutable"}
        return Response(asset.content, 200, headers, media_type=asset.media_type)


def _asset(prefix: str, path: Path) -> Asset:
    content = path.read_bytes()
    mark = hashlib.sha256(content).hexdigest()[:12]
    return Asset(f"{prefix}{path.stem}.{mark}{path.suffix}", _TYPES[path.suffix], content)
