"""Forms and query strings are read within bounds, and their secrets are not shown again."""

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.requests import Request

from jump.console.fields import FORM_TYPE, MOST_BYTES, MOST_FIELDS, Fields, read_form, read_query
from jump.errors import InvalidRequest, PayloadTooLarge, Problem, UnsupportedMediaType


def request(body: bytes = b"", query: bytes = b"", media_type: str = FORM_TYPE) -> Request:
    chunks: Iterator[bytes] = iter([body[i : i + 1000] for i in range(0, len(body), 1000)])

    async def receive() -> dict[str, Any]:
        chunk = next(chunks, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    headers = [(b"content-type", media_type.encode())]
    return Request(
        {"type": "http", "method": "POST", "query_string": query, "headers": headers}, receive
    )


async def test_a_form_is_read_in_order() -> None:
    read = await read_form(request(b"a=1&b=%C3%A9+x&a=2&c="))
    assert read.pairs == (("a", "1"), ("b", "\u00e9 x"), ("a", "2"), ("c", ""))
    assert (read.one("a"), read.all("a"), read.has("c"), read.has("d")) == (
        "1",
        ["1", "2"],
        True,
        False,
    )


def test_a_query_is_read_alike() -> None:
    assert read_query(request(query=b"mode=live&x=%20y")).one("x") == "y"


@pytest.mark.parametrize(
    ("body", "refusal"),
    [
        (b"a=" + b"x" * MOST_BYTES, PayloadTooLarge),
        (b"&".join([b"a=1"] * (MOST_FIELDS + 1)), InvalidRequest),
        (b"a=%00", InvalidRequest),
        (b"a=%FF", InvalidRequest),
        (b"a=\xff", InvalidRequest),
    ],
)
async def test_what_is_too_much_or_no_text_is_refused(body: bytes, refusal: type[Problem]) -> None:
    with pytest.raises(refusal):
        await read_form(request(body))


async def test_another_media_type_is_refused() -> None:
    with pytest.raises(UnsupportedMediaType):
        await read_form(request(b"{}", media_type="application/json"))


def test_what_is_typed_in_secret_is_not_shown_again() -> None:
    typed = Fields(
        tuple((name, "x") for name in ("name", "password", "old_password", "code", "csrf", "once"))
    )
    assert typed.without_secrets().pairs == (("name", "x"),)


def test_a_query_is_changed_name_by_name() -> None:
    query = Fields((("status", "active"), ("after", "x"), ("mode", "test")))
    assert query.with_(after="", mode="live").encoded() == "status=active&mode=live"
    assert query.and_([("status", "a"), ("status", "b")]).all("status") == ["a", "b"]
