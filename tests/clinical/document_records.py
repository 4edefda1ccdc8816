"""Documents for tests: content of each type that is taken, and one document for each action."""

import io
import zipfile
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from jump.clinical.records import document_content as content

Post = Callable[[str, Mapping[str, Any]], Awaitable[str]]

PDF = b"%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\ntrailer\n<< /Root 1 0 R >>\n%%EOF\n"
WORD_PARTS = ("[Content_Types].xml", "_rels/.rels", "word/document.xml")


def package(*parts: str, comment: bytes = b"") -> bytes:
    """A zip file with these parts."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as made:
        for part in parts:
            made.writestr(part, f"<{part}/>")
        made.comment = comment
    return whole.getvalue()


SAMPLES: Mapping[str, bytes] = {
    content.PDF: PDF,
    content.PNG: b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02",
    content.JPEG: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01\x01\x00\x00\x01\x00\x01\x00\x00",
    content.TIFF: b"II*\x00\x08\x00\x00\x00\x00\x00",
    content.TEXT: "Sehr geehrte Frau Dr. Müller,\n\nher results are < 3 & fine.\r\n".encode(),
    content.RTF: b"{\\rtf1\\ansi Dear Dr Hall}",
    content.DOCX: package(*WORD_PARTS),
}


def document(ids: Mapping[str, str]) -> dict[str, Any]:
    """What makes one by JSON, without content."""
    return {"patient_id": ids["patients"], "document_type": "letter", "title": "Discharge letter"}


async def make(ids: Mapping[str, str], post: Post, send: Post) -> dict[str, str]:
    """One for each action, those with content made by `send`, by form; ids by path and action."""
    linked = {**document(ids), "consultation_id": ids["consultations"]}
    return {
        "documents": await send("/documents", linked),
        "documents/content": await post("/documents", document(ids)),
        "documents/mark-in-error": await send("/documents", document(ids)),
    }
