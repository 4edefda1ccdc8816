"""Server-sent events (WHATWG HTML, 9.2): their text, and an answer that ends when nobody reads."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any, Final

from starlette.responses import StreamingResponse

from jump import telemetry

RETRY: Final = "retry: 2000\n\n"  # milliseconds until a browser tries again
HEARTBEAT: Final = ": waiting\n\n"


def message(event: str, data: str, place: str = "") -> str:
    """One event; `data` is one line. `place` comes back as Last-Event-ID from who reads on."""
    head = f"id: {place}\n" if place else ""
    return f"{head}event: {event}\ndata: {data}\n\n"


class EventStream(StreamingResponse):
    """Sends what `content` yields until it ends or nobody reads; then `closed` is called."""

    def __init__(self, content: AsyncIterator[str], closed: Callable[[], None]) -> None:
        # Nginx would hold back what it could send together.
        super().__init__(
            content, headers={"X-Accel-Buffering": "no"}, media_type="text/event-stream"
        )
        self._closed = closed

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One ASGI exchange."""
        sending = asyncio.create_task(self.stream_response(send))
        leaving = asyncio.create_task(self.listen_for_disconnect(receive))
        try:
            await asyncio.wait({sending, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._closed()
            sending.cancel()
            leaving.cancel()
            ends = await asyncio.gather(sending, leaving, return_exceptions=True)
        for end in ends:
            # An OSError says that the reader has left.
            if isinstance(end, Exception) and not isinstance(end, OSError):
                telemetry.fault(end, None, "event stream")
