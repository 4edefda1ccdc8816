"""What a file is, by its content alone, read as it passes; nothing is unpacked or kept whole. Pure.

Neither its name nor what its sender calls it counts. What no document may be is refused as soon as
that is seen.
"""

import codecs
import io
import re
import struct
import zipfile
from typing import Final, Protocol

from jump.errors import UnsupportedMediaType

PDF: Final = "application/pdf"
PNG: Final = "image/png"
JPEG: Final = "image/jpeg"
TIFF: Final = "image/tiff"
TEXT: Final = "text/plain"
RTF: Final = "application/rtf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
TYPES: Final = (PDF, PNG, JPEG, TIFF, TEXT, RTF, DOCX)

HEAD_BYTES: Final = 1_024
TAIL_BYTES: Final = 262_144  # the list of a zip file's parts stands at its end

_SIGNATURES: Final = (
    (b"%PDF-", PDF),
    (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR", PNG),
    (b"\xff\xd8\xff", JPEG),
    (b"II*\x00", TIFF),
    (b"MM\x00*", TIFF),
    (b"II+\x00\x08\x00", TIFF),
    (b"MM\x00+\x00\x08", TIFF),
    (b"{\\rtf", RTF),
)
_ZIP: Final = b"PK\x03\x04"
# What no text has: all control characters but tab, line feed, form feed and carriage return.
_CONTROLS: Final = re.compile(rb"[\x00-\x08\x0b\x0e-\x1f\x7f]")
# Text to look at, but not to whoever opens it: what a browser takes for a page, a drawing, XML or
# an image (WHATWG MIME Sniffing, 7.1), and scripts.
_NO_TEXT: Final = re.compile(
    rb"""
    \#! | %!PS | GIF8[79]a |
    (?:\xef\xbb\xbf)? [\t\n\x0c\r\x20]* (?: <!doctype | <!-- | <\? |
      < (?: html | head | script | iframe | h1 | div | font | table | a | style | title | b | body
        | br | p | svg | math | xsl:stylesheet ) [\t\n\x0c\r\x20/>] )
    """,
    re.IGNORECASE | re.VERBOSE,
)
_BROKEN: Final = (
    zipfile.BadZipFile,
    ValueError,
    NotImplementedError,
    struct.error,
    EOFError,
    OSError,
)


class _Kind(Protocol):
    """One way in which a file goes on after its head, and what it turns out to be."""

    def take(self, chunk: bytes) -> None: ...

    def end(self) -> str: ...


class Sniffer:
    """Takes a file in pieces; `end` says which of TYPES it is. Raises UnsupportedMediaType."""

    def __init__(self) -> None:
        self._head = b""
        self._kind: _Kind | None = None

    def take(self, chunk: bytes) -> None:
        """The next piece."""
        if self._kind is not None:
            self._kind.take(chunk)
            return
        self._head += chunk
        if len(self._head) >= HEAD_BYTES:
            self._decide()

    def end(self) -> str:
        """The type, now that all of it has passed."""
        return (self._kind or self._decide()).end()

    def _decide(self) -> _Kind:
        self._kind = _kind_of(self._head)
        self._kind.take(self._head)
        return self._kind


class _Signed:
    """A file that its first bytes make known."""

    def __init__(self, mime_type: str) -> None:
        self._mime_type = mime_type

    def take(self, chunk: bytes) -> None:
        del chunk

    def end(self) -> str:
        return self._mime_type


class _Text:
    """Text in UTF-8 without control characters."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")()

    def take(self, chunk: bytes) -> None:
        self._check(chunk, final=False)

    def end(self) -> str:
        self._check(b"", final=True)
        return TEXT

    def _check(self, chunk: bytes, *, final: bool) -> None:
        if _CONTROLS.search(chunk):
            raise _refused()
        try:
            self._decoder.decode(chunk, final)
        except UnicodeDecodeError as error:
            raise _refused() from error


class _Package:
    """A zip file; only its list of parts is looked at."""

    def __init__(self) -> None:
        self._tail = bytearray()

    def take(self, chunk: bytes) -> None:
        self._tail += chunk
        del self._tail[:-TAIL_BYTES]

    def end(self) -> str:
        try:
            with zipfile.ZipFile(io.BytesIO(self._tail)) as package:
                parts = package.namelist()
        except _BROKEN as error:
            raise _refused() from error
        is_word = "[Content_Types].xml" in parts and any(n.startswith("word/") for n in parts)
        if not is_word or any(name.lower().endswith("vbaproject.bin") for name in parts):
            raise _refused()
        return DOCX


def _kind_of(head: bytes) -> _Kind:
    for signature, mime_type in _SIGNATURES:
        if head.startswith(signature):
            return _Signed(mime_type)
    if head.startswith(_ZIP):
        return _Package()
    if _NO_TEXT.match(head):
        raise _refused()
    return _Text()


def _refused() -> UnsupportedMediaType:
    return UnsupportedMediaType(
        "A document is a PDF, a PNG, JPEG or TIFF image, plain text in UTF-8, RTF or DOCX without"
        " macros. What was sent is none of these, whatever its name says."
    )
