"""Connections that say nothing, or never end what they began: they keep nobody else waiting."""

import contextlib
import socket
from collections.abc import Iterator
from resource import RLIM_INFINITY

import httpx
import pytest

from jump.application.listening import FEWEST_CONNECTIONS, MOST_CONNECTIONS, room
from tests.journeys.scene import Scene
from tests.patience import PATIENCE
from tests.processes import Running

MANY = 3 * FEWEST_CONNECTIONS
HTTP_2 = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + bytes([0, 0, 0, 4, 0, 0, 0, 0, 0])
BODY_THAT_STOPS = b"POST /api/v1/patients HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"


@contextlib.contextmanager
def connected(server: Running, count: int, said: bytes = b"") -> Iterator[list[socket.socket]]:
    """So many connections to it, each of which says this and nothing more."""
    address = ("127.0.0.1", int(server.url.rpartition(":")[2]))
    with contextlib.ExitStack() as stack:
        made = [
            stack.enter_context(socket.create_connection(address, PATIENCE)) for _ in range(count)
        ]
        for each in made:
            each.sendall(said)
        yield made


def said_until_closed(connection: socket.socket) -> bytes:
    """All that comes until the other end closes it; one that stays open is a timeout."""
    said = b""
    with contextlib.suppress(ConnectionResetError):
        while piece := connection.recv(65_536):
            said += piece
    return said


@pytest.mark.parametrize("said", [b"", b"GET /api/v1/me HT", BODY_THAT_STOPS])
def test_many_who_connect_and_wait_keep_nobody_from_being_answered(
    sqlite_scene: Scene, said: bytes
) -> None:
    server = sqlite_scene.jump.start("serve")
    with connected(server, MANY, said):
        assert httpx.get(f"{server.url}/readyz", timeout=PATIENCE).status_code == 200


def test_a_connection_whose_body_never_comes_is_closed_after_its_answer(
    sqlite_scene: Scene,
) -> None:
    server = sqlite_scene.jump.start("serve")
    with connected(server, 100, BODY_THAT_STOPS) as connections:
        for each in connections:
            assert said_until_closed(each).startswith(b"HTTP/1.1 4")


def test_http_2_which_would_be_kept_open_in_silence_is_not_spoken(sqlite_scene: Scene) -> None:
    server = sqlite_scene.jump.start("serve")
    with connected(server, 1, HTTP_2) as (connection,):
        assert not said_until_closed(connection).startswith(b"\x00")


@pytest.mark.parametrize(
    ("soft", "hard", "asked", "connections"),
    [
        (1_024, 524_288, 13_334, MOST_CONNECTIONS),
        (1_024, RLIM_INFINITY, 13_334, MOST_CONNECTIONS),
        (1_024, 4_096, 4_096, 3_072),
        (1_024, 1_024, 1_024, 768),
        (65_536, 524_288, 65_536, MOST_CONNECTIONS),
        (RLIM_INFINITY, RLIM_INFINITY, RLIM_INFINITY, MOST_CONNECTIONS),
        (64, 64, 64, FEWEST_CONNECTIONS),
    ],
)
def test_connections_leave_a_quarter_of_what_may_be_opened_to_the_rest(
    soft: int, hard: int, asked: int, connections: int
) -> None:
    assert room(soft, hard) == (asked, connections)
