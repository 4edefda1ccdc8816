"""A real server that speaks S3, for the tests that ask for one, with a bucket in it.

It is moto's, in a process of its own, and forgets everything when it ends.
"""

import http.client
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from urllib.parse import quote
from xml.etree import ElementTree

from tests.ports import free_port
from tests.postgres_keeper import dies_with_us

NAME = "practice-documents"
READY_WITHIN_SECONDS = 30
SECRET = "the secret access key of the tests"
# The server keeps a file sent in one piece from whoever shows no key; which, it does not ask.
_ANYBODY = "AWS4-HMAC-SHA256 Credential=AKIATESTS/20260101/us-east-1/s3/aws4_request"
_S3 = "{http://s3.amazonaws.com/doc/2006-03-01/}"


@dataclass
class Bucket:
    """`url` is for JUMP_DOCUMENTS_URL, `variables` are those it is reached by."""

    port: int
    url: str = f"s3://{NAME}/live"

    @property
    def variables(self) -> Mapping[str, str]:
        return {
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.port}",
            "AWS_ALLOW_HTTP": "true",
            "AWS_ACCESS_KEY_ID": "AKIATESTS",
            "AWS_SECRET_ACCESS_KEY": SECRET,
            "AWS_REGION": "eu-west-2",
        }

    @property
    def files(self) -> dict[str, int]:
        """The name and the size of each file in it."""
        listed = ElementTree.fromstring(self._ask("GET", f"/{NAME}?list-type=2"))
        return {
            _text(each, "Key"): int(_text(each, "Size")) for each in listed.iter(f"{_S3}Contents")
        }

    @property
    def unfinished(self) -> int:
        """How many uploads in parts were begun and neither finished nor given up."""
        return len(self._uploads())

    def content(self, name: str) -> bytes:
        """What is in a file."""
        return self._ask("GET", f"/{NAME}/{quote(name)}")

    def empty(self) -> None:
        """Remove every file, and give up every upload, as a rule of the bucket would in time."""
        for name in self.files:
            self._ask("DELETE", f"/{NAME}/{quote(name)}")
        for name, upload in self._uploads():
            self._ask("DELETE", f"/{NAME}/{quote(name)}?uploadId={quote(upload)}")

    def make(self) -> None:
        """Make the bucket, once the server takes requests."""
        deadline = time.monotonic() + READY_WITHIN_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError):
                self._ask("PUT", f"/{NAME}")
                return
            time.sleep(0.05)
        raise TimeoutError("the server of the bucket did not start")

    def _uploads(self) -> list[tuple[str, str]]:
        listed = ElementTree.fromstring(self._ask("GET", f"/{NAME}?uploads"))
        return [
            (_text(each, "Key"), _text(each, "UploadId")) for each in listed.iter(f"{_S3}Upload")
        ]

    def _ask(self, method: str, target: str) -> bytes:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, target, headers={"Authorization": _ANYBODY})
            answer = connection.getresponse()
            assert answer.status < 300, answer.status
            return answer.read()
        finally:
            connection.close()


@contextmanager
def running() -> Iterator[Bucket]:
    """A server with an empty bucket."""
    bucket = Bucket(free_port())
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(bucket.port)]
    process = subprocess.Popen(
        [*dies_with_us("KILL"), *command], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        bucket.make()
        yield bucket
    finally:
        process.kill()
        process.wait()


def _text(element: ElementTree.Element, name: str) -> str:
    found = element.find(f"{_S3}{name}")
    assert found is not None
    return found.text or ""
