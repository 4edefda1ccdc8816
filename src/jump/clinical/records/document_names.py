"""Names of files: as a sender gives them, and as a browser is told them. Pure.

The extension that a browser is told always is one of the content's own type, so that nothing that
is saved opens as something else.
"""

import unicodedata
from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from jump.clinical.records import document_content as content

LONGEST: Final = 255

# The first is added where a name has none of them.
_EXTENSIONS: Final[Mapping[str, tuple[str, ...]]] = {
    content.PDF: ("pdf",),
    content.PNG: ("png",),
    content.JPEG: ("jpg", "jpeg", "jpe", "jfif"),
    content.TIFF: ("tiff", "tif"),
    content.TEXT: ("txt", "text"),
    content.RTF: ("rtf",),
    content.DOCX: ("docx",),
}
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
_UNSAFE: Final = frozenset('/\\:*?"<>|%')


def named_by_sender(sent: str | None) -> str | None:
    """The name in a form's part, without folders and control characters, cut if it is too long."""
    if sent is None:
        return None
    last = sent.replace("\\", "/").rpartition("/")[2]
    name = "".join(each for each in last if unicodedata.category(each) not in _HIDDEN).strip()
    stem, dot, extension = name.rpartition(".")
    if len(name) > LONGEST and dot and len(extension) < 16:
        return f"{stem[: LONGEST - len(extension) - 1]}.{extension}"
    return name[:LONGEST] or None


def attachment(name: str | None, mime_type: str) -> str:
    """Content-Disposition for a download (RFC 6266; other scripts by RFC 8187)."""
    safe = _safe(name or "document", mime_type)
    plain = safe.encode("ascii", "replace").decode().replace("?", "_")
    header = f'attachment; filename="{plain}"'
    return header if plain == safe else f"{header}; filename*=UTF-8''{quote(safe, safe='')}"


def _safe(name: str, mime_type: str) -> str:
    kept = (each for each in name if unicodedata.category(each) not in _HIDDEN)
    clean = "".join("_" if each in _UNSAFE else each for each in kept).strip(" .") or "document"
    good = _EXTENSIONS[mime_type]
    _, dot, extension = clean.rpartition(".")
    if dot and extension.lower() in good:
        return clean
    return f"{clean}.{good[0]}"
