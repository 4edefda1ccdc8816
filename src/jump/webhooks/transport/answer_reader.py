"""Keeps what is worth keeping of an answer while it arrives, and says when enough has been read.

Pure: it is fed with lines and pieces, and holds at most a few KiB whatever the receiver sends.
"""

from codecs import getincrementaldecoder
from unicodedata import category

from jump.webhooks.phases import Headers

READ_AT_MOST = 16 * 1024
KEPT_BODY = 4 * 1024
KEPT_HEADERS = 50
KEPT_HEADER_BYTES = 8 * 1024

_new_decoder = getincrementaldecoder("utf-8")
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_LINE_BREAKS = frozenset("\n\r\t")
_FRAMING = (b"content-length:", b"transfer-encoding:")
_LINE_ENDS = (b"\r\n", b"\n")
# Cc: control characters. Cf: among others those that turn the direction of the text around.
# Cs, Co, Cn are no characters at all.
_HARMFUL = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})


def harmless(text: str, *, keep: frozenset[str] = frozenset()) -> str:
    """Return `text` with every character that is not to be seen replaced, but those in `keep`."""
    if text.isprintable():
        return text
    return "".join(
        _REPLACEMENT if category(character) in _HARMFUL and character not in keep else character
        for character in text
    )


class AnswerReader:
    """One answer, as far as it has come."""

    def __init__(self) -> None:
        self._head: list[bytes] = []
        self._head_bytes = 0
        self._in_head = False
        self._has_head = False
        self._is_framed = False
        self._body = bytearray()
        self._read = 0

    def take_header_line(self, line: bytes) -> None:
        """Take a line of the head, its end included, as it came.

        A new status line starts over, so an interim answer (1xx) leaves nothing behind; a trailer
        is passed over.
        """
        if self._in_head:
            self._take_line_of_head(line)
        elif line.startswith(b"HTTP/"):
            self._head.clear()
            self._head_bytes = 0
            self._in_head = True
            self._has_head = self._is_framed = False

    def take_piece(self, piece: bytes) -> bool:
        """Take a piece of the body; answer whether more is wanted."""
        self._read += len(piece)
        room = KEPT_BODY - len(self._body)
        if room > 0:
            self._body += piece[:room]
        return not self.is_full

    @property
    def is_full(self) -> bool:
        """Whether as much of the body has come as is read of one."""
        return self._read >= READ_AT_MOST

    @property
    def ends_by_closing(self) -> bool:
        """Whether the head is whole and only the end of the connection ends the body.

        That is so without Content-Length and Transfer-Encoding (RFC 9112, 6.3).
        """
        return self._has_head and not self._is_framed

    @property
    def headers(self) -> Headers:
        """The kept headers of the last answer, in order, duplicates included."""
        return tuple(filter(None, map(_header, self._head)))

    @property
    def truncated(self) -> bool:
        """Whether the body was longer than what is kept of one."""
        return self._read > len(self._body)

    @property
    def text(self) -> str:
        """The kept body as text of at most 4 KiB in UTF-8; what is not UTF-8 is replaced."""
        text = _new_decoder("replace").decode(bytes(self._body), final=not self.truncated)
        text = harmless(text, keep=_LINE_BREAKS)
        # A replaced byte takes three.
        return text.encode()[:KEPT_BODY].decode(errors="ignore")

    def _take_line_of_head(self, line: bytes) -> None:
        if line in _LINE_ENDS:
            self._in_head = False
            self._has_head = True
            return
        self._is_framed = self._is_framed or line.lower().startswith(_FRAMING)
        self._head_bytes += len(line)
        if len(self._head) < KEPT_HEADERS and self._head_bytes <= KEPT_HEADER_BYTES:
            self._head.append(line)


def _header(line: bytes) -> tuple[str, str] | None:
    text = harmless(line.rstrip(b"\r\n").decode(errors="replace"), keep=frozenset("\t"))
    name, colon, value = text.partition(":")
    return (name.strip(), value.strip()) if colon else None
