"""Whatever a receiver sends, little of it is kept, and that as text that harms nobody."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.webhooks.transport.answer_reader import AnswerReader, harmless

KIB = 1024


def read(*pieces: bytes, head: str = "HTTP/1.1 200 OK") -> AnswerReader:
    reader = AnswerReader()
    for line in head.splitlines():
        reader.take_header_line(f"{line}\r\n".encode("latin-1"))
    reader.take_header_line(b"\r\n")
    for piece in pieces:
        reader.take_piece(piece)
    return reader


def test_headers_are_kept_in_order_with_their_duplicates() -> None:
    reader = read(head="HTTP/1.1 200 OK\nSet-Cookie: a=1\nX-Empty:\nSet-Cookie:  b=2 ")
    assert reader.headers == (("Set-Cookie", "a=1"), ("X-Empty", ""), ("Set-Cookie", "b=2"))


def test_only_the_last_head_counts_and_no_trailer() -> None:
    reader = AnswerReader()
    for line in ("HTTP/1.1 103 Early Hints", "Link: </a>", "", "HTTP/1.1 200 OK", "X: 1", ""):
        reader.take_header_line(f"{line}\r\n".encode())
    reader.take_piece(b"body")
    for line in ("X-Trailer: 1", ""):
        reader.take_header_line(f"{line}\r\n".encode())
    assert reader.headers == (("X", "1"),)


def test_a_header_called_http_does_not_start_another_head() -> None:
    assert read(head="HTTP/1.1 200 OK\nX: 1\nHTTP/x: 2").headers == (("X", "1"), ("HTTP/x", "2"))


def test_at_most_50_headers_and_8_kib_of_them_are_kept() -> None:
    many = "\n".join(["HTTP/1.1 200 OK", *[f"X-{number}: 1" for number in range(60)]])
    assert len(read(head=many).headers) == 50
    large = "\n".join(["HTTP/1.1 200 OK", *["X: " + "y" * 1000] * 10])
    assert len(read(head=large).headers) == 8


def test_a_header_is_harmless_text() -> None:
    raw = "HTTP/1.1 200 OK\nX: a\x1b[31m\x00\xff"
    assert read(head=raw).headers == (("X", "a�[31m��"),)


@pytest.mark.parametrize(
    ("size", "wanted", "kept", "truncated"),
    [
        (0, True, 0, False),
        (4 * KIB, True, 4 * KIB, False),
        (4 * KIB + 1, True, 4 * KIB, True),
        (16 * KIB - 1, True, 4 * KIB, True),
        (16 * KIB, False, 4 * KIB, True),
        (17 * KIB, False, 4 * KIB, True),
    ],
)
@pytest.mark.parametrize("step", [1000, 20_000])
def test_16_kib_are_read_and_4_are_kept(
    size: int, wanted: bool, kept: int, truncated: bool, step: int
) -> None:
    reader, body, more = AnswerReader(), b"x" * size, True
    for start in range(0, size, step):
        more = reader.take_piece(body[start : start + step])
    assert more is wanted
    assert len(reader.text) == kept
    assert reader.truncated is truncated


@pytest.mark.parametrize(
    ("body", "text"),
    [
        (b"plain\n\ttext\r\n", "plain\n\ttext\r\n"),
        ("Zoë 🙂".encode(), "Zoë 🙂"),
        (b"a\xffb", "a�b"),
        (b"\x00\x1b[2J\x7f\xc2\x9b", "��[2J��"),
        ("right\u202eleft\u2066\u200b".encode(), "right�left��"),
        (b"\xed\xa0\x80", "���"),
    ],
)
def test_the_body_is_harmless_text(body: bytes, text: str) -> None:
    assert read(body).text == text


def test_a_letter_cut_in_half_is_left_out_and_one_broken_off_is_not() -> None:
    whole = "é".encode() * (3 * KIB)
    assert read(b"x" + whole).text == "x" + "é" * (2 * KIB - 1)
    assert read(b"x\xc3").text == "x�"


@given(st.lists(st.binary(max_size=6 * KIB), max_size=5))
def test_no_body_becomes_more_than_4_kib_or_anything_unseen(pieces: list[bytes]) -> None:
    text = read(*pieces).text
    assert len(text.encode()) <= 4 * KIB
    assert harmless(text, keep=frozenset("\n\r\t")) == text
    assert "\x00" not in text


@pytest.mark.parametrize(
    ("head", "closes"),
    [
        ("HTTP/1.1 200 OK", True),
        ("HTTP/1.0 200 OK\nServer: x", True),
        ("HTTP/1.1 200 OK\nCONTENT-LENGTH: 5", False),
        ("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", False),
    ],
)
def test_without_a_length_only_the_close_ends_a_body(head: str, closes: bool) -> None:
    assert read(b"hello", head=head).ends_by_closing is closes


def test_a_head_that_is_not_whole_ends_by_nothing() -> None:
    reader = AnswerReader()
    assert not reader.ends_by_closing
    reader.take_header_line(b"HTTP/1.1 200 OK\r\n")
    assert not reader.ends_by_closing
