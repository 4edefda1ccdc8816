"""Forms with large files, sent piece by piece by a client that may stop at any of them."""

import hashlib
import json
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

CHUNK = b"Dear Dr Hall, she is well. Yours, Ada.\r\n" * 1_600
MOST = 26_214_400
END = b"\r\n--b--\r\n"


def content(size: int) -> bytes:
    """Text of that many bytes."""
    return (CHUNK * (size // len(CHUNK) + 1))[:size]


@dataclass
class Filing:
    """One form on its way: `begin`, `send` as often as there is something, then `answer`."""

    url: str
    key: str
    fields: Mapping[str, str]
    size: int = MOST
    headers: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=60)
        self._left = content(self.size)
        self.digest = hashlib.sha256(self._left).hexdigest()

    def begin(self) -> None:
        """The head of the request, and the fields."""
        part = 'Content-Disposition: form-data; name="{}"'.format
        pieces = [f"--b\r\n{part(n)}\r\n\r\n{v}\r\n" for n, v in self.fields.items()]
        start = "".join([*pieces, f'--b\r\n{part("file")}; filename="a.txt"\r\n\r\n']).encode()
        named = {
            "Host": "jump",
            "Authorization": f"Bearer {self.key}",
            "Content-Type": "multipart/form-data; boundary=b",
            "Content-Length": str(len(start) + self.size + len(END)),
            "Connection": "close",
            **self.headers,
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in named.items())
        self._socket.sendall(f"POST /api/v1/documents HTTP/1.1\r\n{head}\r\n".encode() + start)

    def send(self, part: float) -> None:
        """This much of what is left of the file."""
        size = int(len(self._left) * part)
        self._socket.sendall(self._left[:size])
        self._left = self._left[size:]

    def answer(self) -> tuple[int, Any]:
        """Send what is left and the end; the status and the answer."""
        self._socket.sendall(self._left + END)
        self._left = b""
        head, _, body = self.rest().partition(b"\r\n\r\n")
        return int(head.split()[1]), json.loads(body)

    def rest(self) -> bytes:
        """Whatever comes until the other end hangs up."""
        pieces: list[bytes] = []
        while piece := self._socket.recv(1 << 20):
            pieces.append(piece)
        self._socket.close()
        return b"".join(pieces)

    def hang_up(self) -> None:
        """Be gone."""
        self._socket.close()


@dataclass
class Reading:
    """One download on its way: nothing is read before `digest` asks for it."""

    url: str

    def __post_init__(self) -> None:
        address = urlsplit(self.url)
        self._socket = socket.create_connection((address.hostname, address.port), timeout=60)
        head = f"GET {address.path} HTTP/1.1\r\nHost: jump\r\nConnection: close\r\n\r\n"
        self._socket.sendall(head.encode())
        self._got = self._socket.recv(65_536)

    def digest(self) -> str:
        """Of the whole body."""
        digest = hashlib.sha256()
        head, _, body = self._got.partition(b"\r\n\r\n")
        assert head.split()[1] == b"200", head
        digest.update(body)
        while piece := self._socket.recv(1 << 20):
            digest.update(piece)
        self._socket.close()
        return digest.hexdigest()
