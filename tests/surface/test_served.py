"""The surface as a real server has it: what only HTTP on a socket can get wrong."""

import asyncio
import json
import socket
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from jump.kit.clock import system_clock
from jump.rest.bodies import MOST_DISCARDED, MOST_JSON
from jump.storage.migrate import migrate_sqlite
from jump.storage.sqlite import SqliteDatabase
from tests.processes import Jump
from tests.rest.api import SECRET_KEY, open_api
from tests.surface.asking import Reply
from tests.surface.shapes import assert_answered, assert_headers, assert_refused

SECONDS = 10


class Server:
    """One `jump api` on SQLite, spoken to in bytes."""

    def __init__(self, url: str, key: str) -> None:
        self.address = urlsplit(url).hostname, urlsplit(url).port
        self.key = key

    def say(self, head: str, *bodies: bytes, key: bool = True) -> Reply:
        """Send a request as it stands, and read the answer to the end of the connection."""
        lines = [head, "Host: jump.test", "Connection: close"]
        lines += [f"Authorization: Bearer {self.key}"] if key else []
        with closing(socket.create_connection(self.address, SECONDS)) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode("latin-1"))
            for body in bodies:
                connection.sendall(body)
            received = b""
            while data := connection.recv(65_536):
                received += data
        return read(received)


def read(received: bytes) -> Reply:
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    pairs = [line.split(": ", 1) for line in lines]
    headers = {name.lower(): value for name, value in pairs}
    assert len(headers) == len(pairs)
    return Reply(int(status.split()[1]), headers, body)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("served")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[Server]:
    """One for all tests here: none changes what another looks at."""
    path = folder / "jump.db"
    migrate_sqlite(path, system_clock)
    jump = Jump({"JUMP_DATABASE_URL": f"sqlite:///{path}", "JUMP_SECRET_KEY": SECRET_KEY}, folder)
    key = asyncio.run(make_key(path))
    yield Server(jump.start("api").url, key)
    jump.stop()


async def make_key(path: Path) -> str:
    database = SqliteDatabase(path, system_clock)
    api = await open_api(database)
    key = await api.make_key(limit=1_000_000)
    await database.close()
    return key


PATIENT = json.dumps(
    {"first_name": "Ada", "last_name": "Lovelace", "date_of_birth": "1980-02-29"}
).encode()


def post(path: str, length: int, more: str = "") -> str:
    return (
        f"POST /api/v1{path} HTTP/1.1\r\nContent-Type: application/json\r\n"
        f"Content-Length: {length}{more}"
    )


def chunked(*pieces: bytes) -> bytes:
    return b"".join(f"{len(p):x}\r\n".encode() + p + b"\r\n" for p in (*pieces, b""))


def test_head_has_the_headers_of_get_and_no_body(server: Server) -> None:
    for path in ("/api/v1/me", "/api/v1/patients", "/healthz", "/readyz", "/metrics"):
        got = server.say(f"GET {path} HTTP/1.1")
        head = server.say(f"HEAD {path} HTTP/1.1")
        assert (got.status, head.status) == (200, 200)
        assert head.body == b""
        if path != "/metrics":
            assert head.headers["content-length"] == str(len(got.body))
        assert set(head.headers) == set(got.headers)
    refused = server.say("HEAD /api/v1/nothing HTTP/1.1")
    assert (refused.status, refused.body) == (404, b"")
    assert_headers(refused, authenticated=True)


def test_a_body_in_chunks_is_a_body(server: Server) -> None:
    head = (
        "POST /api/v1/patients HTTP/1.1\r\nContent-Type: application/json\r\n"
        "Transfer-Encoding: chunked"
    )
    assert_answered(server.say(head, chunked(PATIENT[:20], PATIENT[20:])), 201)
    too_long = chunked(b'{"zz":"', *[b"x" * 65_536] * 5, b'"}')
    assert_refused(server.say(head, too_long), 413, "PAYLOAD_TOO_LARGE")


@pytest.mark.parametrize(
    ("path", "key", "length", "status", "code"),
    [
        ("/patients", True, MOST_JSON + 1, 413, "PAYLOAD_TOO_LARGE"),
        ("/patients", True, MOST_DISCARDED, 413, "PAYLOAD_TOO_LARGE"),
        ("/patients", False, MOST_DISCARDED, 401, "UNAUTHORIZED"),
        ("/nothing", True, MOST_DISCARDED, 404, "NOT_FOUND"),
        ("/me", True, MOST_DISCARDED, 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_who_sends_a_long_body_learns_why_it_was_refused(
    server: Server, path: str, key: bool, length: int, status: int, code: str
) -> None:
    """A connection that is reset while the client sends loses the answer: not every time."""
    for _ in range(5):
        reply = server.say(post(path, length), b"x" * length, key=key)
        assert_refused(reply, status, code, authenticated=key)


def test_who_asks_before_sending_is_answered_at_once(server: Server) -> None:
    reply = server.say(post("/patients", 10**9, "\r\nExpect: 100-continue"))
    assert_refused(reply, 413, "PAYLOAD_TOO_LARGE")


def test_odd_addresses_are_unknown_ones(server: Server) -> None:
    for path in (
        "/api/v1/patients/%ff%fe",
        "/api/v1/patients/%00",
        "/api/v1/patients/%ed%a0%80",
        "/api/v1/patients/" + "x" * 20_000,
        "/api/v1/patients%2Fx",
        "/api/v1/patients/",
        "/api/v1//patients",
        "/api/v1/me/../patients",
        "/api/v1/%6de/x",
    ):
        assert_refused(server.say(f"GET {path} HTTP/1.1"), 404, "NOT_FOUND")
    outside = server.say("GET /..%2fapi/v1/patients HTTP/1.1")
    assert_refused(outside, 404, "NOT_FOUND", authenticated=False)
    absolute = server.say("GET http://evil.example/api/v1/patients?zz=1 HTTP/1.1")
    assert_refused(absolute, 400, "INVALID_REQUEST")


def test_what_is_no_http_is_refused_by_the_server_without_a_trace(
    server: Server,
) -> None:
    """What is no HTTP never reaches us."""
    for head in ("GET /api/v1/me HTTP/9.9", "nonsense", "GET /a\x00b HTTP/1.1"):
        reply = server.say(head)
        assert reply.status in (400, 505)
        assert b"Traceback" not in reply.body


def test_nobody_is_told_what_the_program_is_made_of(server: Server) -> None:
    reply = server.say("GET /api/v1/nothing HTTP/1.1")
    told = {
        name: text for name, text in reply.headers.items() if name in ("server", "x-powered-by")
    }
    assert set(told) <= {"server"}
    assert not any(character.isdigit() for character in told.get("server", ""))
