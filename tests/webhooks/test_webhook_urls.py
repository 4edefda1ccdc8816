"""A webhook's URL is refused at creation wherever two parsers could read it differently."""

from ipaddress import IPv4Address, IPv6Address, ip_network

import pycurl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.webhooks.transport.address_guard import Guard

STRICT = Guard()
LOCAL = Guard((ip_network("127.0.0.0/8"),), frozenset({8443}))

NOT_PUBLIC = "The address is not public."
NOT_A_NAME = "The host name is not valid."
NO_USER = "The URL may have no user name or password."
NO_FRAGMENT = "The URL may have no fragment (#)."
NOT_ASCII = (
    "The URL may have no spaces, control characters or letters outside ASCII: "
    "write them percent-encoded, and a host name as xn--."
)


@pytest.mark.parametrize(
    "url",
    [
        "https://hooks.example.com",
        "https://hooks.example.com/",
        "https://hooks.example.com/a/b?c=d&e=%20f",
        "https://hooks.example.com?c=@d",
        "https://hooks.example.com/a@b:c",
        "HTTPS://Hooks.Example.COM/A",
        "https://hooks.example.com:443/a",
        "https://xn--bcher-kva.example/a",
        "https://my_hooks.example.com/",
        "https://intranet/",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]:443/",
        "https://h.example/" + "a" * 2030,
    ],
)
def test_an_ordinary_url_is_accepted(url: str) -> None:
    assert STRICT.check_url(url) == []


@pytest.mark.parametrize(
    ("url", "problems"),
    [
        ("", ["The URL must begin with https://."]),
        ("http://hooks.example.com/", ["The URL must begin with https://."]),
        ("ftp://hooks.example.com/", ["The URL must begin with https://."]),
        ("hooks.example.com", ["The URL must begin with https://."]),
        ("//hooks.example.com/", ["The URL must begin with https://."]),
        (" https://hooks.example.com/", ["The URL must begin with https://."]),
        ("https:/hooks.example.com/", ["The URL must begin with https://."]),
        ("https:hooks.example.com/", ["The URL must begin with https://."]),
        ("https://", ["The URL needs a host name."]),
        ("https:///hooks.example.com/", ["The URL needs a host name."]),
        ("https://?a=b", ["The URL needs a host name."]),
        ("https://:443/", ["The URL is not valid."]),
        ("https://h.example/" + "a" * 2031, ["The URL may have at most 2048 characters."]),
        ("https://h.example/a b", [NOT_ASCII]),
        ("https://h.example/\ta", [NOT_ASCII]),
        ("https://h.example/\r\nX: y", [NOT_ASCII]),
        ("https://h.example\x00.evil.example/", [NOT_ASCII]),
        ("https://h.example/\x7f", [NOT_ASCII]),
        ("https://bücher.example/", [NOT_ASCII]),
        ("https://h.example/ü", [NOT_ASCII]),
        ("https://h.example\\@evil.example/", ["The URL may have no backslash."]),
        ("https:\\\\h.example/", ["The URL must begin with https://."]),
        ("https://user@h.example/", [NO_USER]),
        ("https://user:word@h.example/", [NO_USER]),
        ("https://@h.example/", [NO_USER]),
        ("https://h.example@evil.example/", [NO_USER]),
        ("https://h.example/#a", [NO_FRAGMENT]),
        ("https://h.example#@evil.example/", [NO_FRAGMENT]),
        ("https://user@h.example/#", [NO_FRAGMENT, NO_USER]),
        ("https://h.example:80/", ["The port must be 443."]),
        ("https://h.example:8443/", ["The port must be 443."]),
        ("https://h.example:0/", ["The port must be 443."]),
        ("https://h.example:65536/", ["The URL is not valid."]),
        ("https://h.example:-1/", ["The URL is not valid."]),
        ("https://h.example:443:443/", ["The URL is not valid."]),
        ("https://10.0.0.1:80/", ["The port must be 443.", NOT_PUBLIC]),
        ("https://a..example/", [NOT_A_NAME]),
        ("https://.example/", [NOT_A_NAME]),
        ("https://h.example./", [NOT_A_NAME]),
        ("https://-h.example/", [NOT_A_NAME]),
        ("https://" + "a" * 64 + ".example/", [NOT_A_NAME]),
        ("https://" + "a." * 127 + "example/", [NOT_A_NAME]),
        ("https://h%2eexample/", [NOT_A_NAME]),
        ("https://%31%32%37.0.0.1/", [NOT_A_NAME]),
    ],
)
def test_any_other_is_refused_in_words(url: str, problems: list[str]) -> None:
    assert STRICT.check_url(url) == problems


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "127.0.1", "2130706433", "0x7f000001", "0x7f.1", "0177.0.0.1"),
        *("017700000001", "0X7F.0.0.1", "127.0.0.1.", "127.000.000.001", "0", "0x0", "10.1"),
        *("169.254.169.254", "0xa9fea9fe", "2852039166", "192.168.257", "1.2.3.4.5", "256.0.0.1"),
        *("4294967296", "0x100000000", "127.0.0.0x1", "foo.0x1", "09.1", "1.2.3.4a"),
        *("[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[0:0:0:0:0:0:0:1]"),
        *("[::127.0.0.1]", "[fe80::1]", "[fe80::1%25lo]", "[fe80::1%lo]", "[fd00:ec2::254]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b:1::8.8.8.8]", "[2002:7f00:1::]", "[2001:0:7f00:1::]"),
        *("[fc00::1]", "[ff02::1]", "[fec0::1]", "[127.0.0.1]", "[::1", "::1", "[v1.1]", "[]"),
        # Full-width, circled and Arabic digits, other dots, a zero-width space, a soft hyphen.
        *("\uff11\uff12\uff17.0.0.1", "①②⑦.0.0.1", "١٢٧.0.0.1", "127。0。0。1", "127\uff0e0.0.1"),
        *("127\u200b.0.0.1", "loc\u00adalhost", "127.0.0.1%00", "127.0.0.1%20"),
        *("localhost", "LOCALHOST", "a.localhost", "a.b.LocalHost", "localhost."),
    ],
)
def test_no_notation_hides_an_address_that_is_not_public(host: str) -> None:
    assert STRICT.check_url(f"https://{host}/") != []
    assert STRICT.check_url(f"https://{host}:443/") != []


def test_what_an_operator_allows_is_accepted() -> None:
    assert LOCAL.check_url("https://127.0.0.1:8443/a") == []
    assert LOCAL.check_url("https://localhost:8443/a") == []
    assert LOCAL.check_url("https://h.example:443/a") == []
    assert LOCAL.check_url("https://10.0.0.1:8443/") == [NOT_PUBLIC]
    assert LOCAL.check_url("https://h.example:8444/") == ["The port must be one of 443, 8443."]


def octal(number: int) -> str:
    return f"0{number:o}"


@st.composite
def notations(draw: st.DrawFn) -> tuple[str, IPv4Address]:
    """An IPv4 address as inet_aton(3) takes it: 1 to 4 parts, each decimal, octal or hex."""
    ip = draw(st.one_of(st.integers(0, 2**32 - 1), st.integers(0x7F00_0000, 0x7FFF_FFFF)))
    parts = draw(st.integers(1, 4))
    numbers = [ip >> 24 & 0xFF, ip >> 16 & 0xFF, ip >> 8 & 0xFF][: parts - 1]
    numbers.append(ip & (1 << 8 * (5 - parts)) - 1)
    spelled = [draw(st.sampled_from([str, octal, hex]))(number) for number in numbers]
    return ".".join(spelled), IPv4Address(ip)


@given(notations())
def test_every_spelling_of_an_address_is_judged_as_that_address(
    spelled: tuple[str, IPv4Address],
) -> None:
    host, ip = spelled
    accepted = STRICT.check_url(f"https://{host}/") == []
    assert accepted == (STRICT.refusal(ip) is None)


@given(st.integers(0, 2**128 - 1).map(IPv6Address), st.booleans())
def test_every_ipv6_literal_is_judged_as_that_address(ip: IPv6Address, exploded: bool) -> None:
    host = ip.exploded if exploded else ip.compressed
    assert (STRICT.check_url(f"https://[{host}]/") == []) == (STRICT.refusal(ip) is None)


AWKWARD = st.text(alphabet="ah01279.:/\\@#?%[]-_ \t\x00ü", max_size=24)


@given(AWKWARD)
def test_what_is_accepted_goes_where_it_says(rest: str) -> None:
    url = f"https://{rest}"
    if LOCAL.check_url(url):
        return
    written = rest.partition("/")[0].partition("?")[0].lower()
    parsed = pycurl.CurlUrl(url)
    host = parsed.host.lower()
    spelled_out = host.replace(".", "").isdigit() or host.startswith("[")
    assert spelled_out or written in (host, f"{host}:", f"{host}:{parsed.port}", f"{host}:0443")
    assert parsed.user is None
    assert parsed.scheme == "https"


@given(AWKWARD)
def test_no_message_repeats_the_url(rest: str) -> None:
    told = " ".join(STRICT.check_url(f"https://zzz{rest}zzz.zzz/zzz"))
    assert "zzz" not in told
