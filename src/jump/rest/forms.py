"""A `multipart/form-data` body as it arrives (RFC 7578): fields, and one file that is passed on in
pieces and never kept.

What the fields mean is left to the caller.
"""

from collections.abc import AsyncIterator
from typing import Any, Final

from multipart import (
    MultipartError,
    MultipartSegment,
    ParserLimitReached,
    PushMultipartParser,
    parse_options_header,
)
from starlette.requests import Request

from jump.errors import FieldError, InvalidRequest, PayloadTooLarge, sent_name
from jump.rest import bodies

MEDIA_TYPE: Final = "multipart/form-data"
FILE: Final = "file"
MOST_FIELD_BYTES: Final = bodies.MOST_JSON  # of all fields together
MOST_PARTS: Final = 64


class Form:
    """`to_file`, then `content`, then `to_end`; `fields` and `errors` grow on the way.

    Each raises InvalidRequest for what is no form, and PayloadTooLarge.
    """

    def __init__(self, request: Request, most: int, seconds: float) -> None:
        self.fields: dict[str, str] = {}
        self.errors: list[FieldError] = []
        self.file_name: str | None = None
        self.has_file = False
        self._events = _events(request, most, seconds)
        self._size = 0

    async def to_file(self) -> bool:
        """Read the fields before the file; whether there is one."""
        await self._read()
        return self.has_file

    async def content(self) -> AsyncIterator[bytes]:
        """The file, in pieces."""
        async for event in self._events:
            if event is None:
                return
            yield event

    async def to_end(self) -> None:
        """Read what follows the file."""
        await self._read()

    async def _read(self) -> None:
        async for event in self._events:
            if event.name == FILE and not self.has_file:
                self.has_file, self.file_name = True, event.filename
                return
            self._keep(event.name, await self._text(event.name))

    async def _text(self, name: str) -> bytes:
        pieces: list[bytes] = []
        self._size += len(name)
        async for event in self._events:
            if event is None:
                break
            self._size += len(event)
            if self._size > MOST_FIELD_BYTES:
                raise PayloadTooLarge(
                    f"The fields beside the file may have at most {MOST_FIELD_BYTES:,} bytes."
                )
            pieces.append(event)
        return b"".join(pieces)

    def _keep(self, name: str, value: bytes) -> None:
        if name == FILE or name in self.fields:
            self.errors.append(FieldError(sent_name(name), "Send this field once."))
            return
        try:
            self.fields[name] = value.decode()
        except UnicodeDecodeError:
            self.errors.append(FieldError(sent_name(name), "Send text in UTF-8."))


async def _events(request: Request, most: int, seconds: float) -> AsyncIterator[Any]:
    """Of each part its head (a segment with a name), its bytes, and None at its end."""
    try:
        _, options = parse_options_header(request.headers.get("content-type", ""))
        with PushMultipartParser(
            options.get("boundary", ""), max_segment_count=MOST_PARTS
        ) as parser:
            async for chunk in bodies.chunks(request, most, seconds):
                for event in parser.parse(chunk):
                    if isinstance(event, MultipartSegment) and not event.name:
                        raise InvalidRequest("Each part of the form needs a name.")
                    yield event
    except ParserLimitReached as error:
        raise PayloadTooLarge(
            f"The form may have at most {MOST_PARTS} parts, with short headers."
        ) from error
    except (MultipartError, UnicodeError) as error:
        raise InvalidRequest(
            "The body is no whole multipart/form-data: check its boundary and its end."
        ) from error
