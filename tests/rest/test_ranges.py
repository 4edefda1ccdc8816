"""Which part of a file a request asks for (RFC 9110, 13.1.5 and 14)."""

import pytest

from jump.rest.ranges import Part, wanted

ETAG = '"abc"'
SIZE = 100


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=0-99", 0, 100),
        ("bytes=10-19", 10, 20),
        ("bytes=90-1000", 90, 100),
        ("bytes=99-", 99, 100),
        ("bytes=0-", 0, 100),
        ("bytes=-1", 99, 100),
        ("bytes=-100", 0, 100),
        ("bytes=-1000", 0, 100),
        ("Bytes= 10-19 ", 10, 20),
    ],
)
def test_one_range_is_a_part(asked: str, start: int, end: int) -> None:
    part = wanted(asked, None, ETAG, SIZE)
    assert part == Part(start, end, SIZE)
    assert part.content_range == f"bytes {start}-{end - 1}/100"


@pytest.mark.parametrize(
    "asked",
    [
        *(None, "", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=+1-2", "1-2"),
        *("bytes=5-4", "bytes=--1", "lines=1-2", "bytes=0-1,5-6", "bytes=0-1, bytes=5-6"),
        *("bytes=1-2-3", "bytes=\N{ARABIC-INDIC DIGIT ONE}-", f"bytes={'9' * 5_000}-"),
    ],
)
def test_what_is_no_single_range_of_bytes_is_ignored(asked: str | None) -> None:
    assert wanted(asked, None, ETAG, SIZE) is None


@pytest.mark.parametrize("asked", ["bytes=100-", "bytes=100-200", "bytes=-0", "bytes=999999-"])
def test_a_range_with_nothing_in_it_is_ignored(asked: str) -> None:
    assert wanted(asked, None, ETAG, SIZE) is None


@pytest.mark.parametrize(
    ("if_range", "is_part"),
    [
        *((ETAG, True), (f" {ETAG} ", True)),
        *((f"W/{ETAG}", False), ('"abd"', False), ("abc", False), ("", False)),
        ("Sun, 29 Nov 2026 09:00:00 GMT", False),
    ],
)
def test_if_range_takes_the_same_content_only(if_range: str, is_part: bool) -> None:
    assert (wanted("bytes=1-2", if_range, ETAG, SIZE) is not None) == is_part
