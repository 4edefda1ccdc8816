"""One request as it stands on the wire: nothing in it is normalised, so that it may be wrong.

What an answer must look like is left to `shapes`.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, unquote

import msgspec

BASE = "/api/v1"


@dataclass(frozen=True)
class Asked:
    """A request. `target` is as it is sent: percent-encoded, with its query."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: tuple[bytes, ...] = ()
    client: str = "127.0.0.1"
    scheme: str = "http"

    def with_header(self, name: str, value: str | None) -> "Asked":
        """The same with this header, or without it."""
        kept = {each: text for each, text in self.headers.items() if each != name}
        return replace(self, headers=kept if value is None else {**kept, name: value})

    def with_key(self, key: str | None) -> "Asked":
        """The same with another key, or with none."""
        return self.with_header("authorization", None if key is None else f"Bearer {key}")

    def with_json(self, value: Any) -> "Asked":
        """The same with this body."""
        return self.with_body(msgspec.json.encode(value))

    def with_body(self, body: bytes, media_type: str = "application/json") -> "Asked":
        """The same with these bytes and their length."""
        asked = replace(self, chunks=(body,))
        return asked.with_header("content-type", media_type).with_header(
            "content-length", str(len(body))
        )

    def with_query(self, query: str) -> "Asked":
        """The same with this added to its query, as it stands."""
        joint = "&" if "?" in self.target else "?"
        return replace(self, target=f"{self.target}{joint}{query}")

    def at(self, path: str) -> "Asked":
        """The same at another address below the base."""
        return replace(self, target=BASE + path)

    @property
    def json(self) -> Any:
        """The body, decoded; {} if there is none."""
        return json.loads(b"".join(self.chunks) or b"{}")


@dataclass(frozen=True)
class Reply:
    """An answer. Every header came once, or it would not be here."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def data(self) -> Any:
        return self.json["data"]

    @property
    def error(self) -> Any:
        return self.json["error"]

    @property
    def fields(self) -> set[str]:
        """The fields that the details of an error name."""
        return {detail["field"] for detail in self.error["details"]}


async def send(app: Any, asked: Asked) -> Reply:
    """Send it to an ASGI application, as a server would."""
    path, _, query = asked.target.partition("?")
    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": asked.method,
        "scheme": asked.scheme,
        "path": unquote(path, errors="replace"),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("latin-1"),
        "root_path": "",
        "headers": [
            (name.encode(), value.encode("latin-1"))
            for name, value in {"host": "jump.test", **asked.headers}.items()
        ],
        "client": (asked.client, 50000),
        "server": ("127.0.0.1", 80),
    }
    pieces = list(asked.chunks) or [b""]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        if not pieces:
            return {"type": "http.disconnect"}
        return {"type": "http.request", "body": pieces.pop(0), "more_body": bool(pieces)}

    async def take(message: dict[str, Any]) -> None:
        sent.append(message)

    await app(scope, receive, take)
    return _reply(sent)


def _reply(sent: list[dict[str, Any]]) -> Reply:
    start, *rest = sent
    assert start["type"] == "http.response.start"
    names = [name.decode().lower() for name, _ in start["headers"]]
    assert len(names) == len(set(names)), f"a header came twice: {names}"
    values = [value.decode("latin-1") for _, value in start["headers"]]
    body = b"".join(message.get("body", b"") for message in rest)
    return Reply(start["status"], dict(zip(names, values, strict=True)), body)


def encoded(text: str) -> str:
    """A text as it stands in an address."""
    return quote(text, safe="")
