"""Where a request came from: what proxies say counts only where one that is trusted says it."""

from ipaddress import ip_network

import pytest

from jump.kit.client_address import client, is_loopback

TRUSTED = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))


@pytest.mark.parametrize(
    ("peer", "forwarded", "proto", "expected"),
    [
        ("203.0.113.7", [], None, ("203.0.113.7", "http")),
        ("203.0.113.7", ["198.51.100.1"], "https", ("203.0.113.7", "http")),
        ("10.0.0.1", ["198.51.100.1"], "https", ("198.51.100.1", "https")),
        ("10.0.0.1", ["192.0.2.9, 198.51.100.1, 10.0.0.2"], None, ("198.51.100.1", "http")),
        ("10.0.0.1", ["192.0.2.9", "198.51.100.1"], "http, https", ("198.51.100.1", "https")),
        ("10.0.0.1", [], "https", ("10.0.0.1", "https")),
        ("10.0.0.1", ["10.0.0.3, 10.0.0.2"], None, ("10.0.0.3", "http")),
        ("10.0.0.1", ["<script>"], None, ("unknown", "http")),
        ("fd00::1", ["2001:db8::5"], None, ("2001:db8::5", "http")),
        ("unknown", ["198.51.100.1"], "https", ("unknown", "http")),
    ],
)
def test_the_client_is_who_a_trusted_proxy_says(
    peer: str, forwarded: list[str], proto: str | None, expected: tuple[str, str]
) -> None:
    assert client(peer, "http", forwarded, proto, TRUSTED) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [("127.0.0.1", True), ("127.8.9.1", True), ("::1", True), ("10.0.0.1", False), ("x", False)],
)
def test_loopback_is_this_machine(address: str, expected: bool) -> None:
    assert is_loopback(address) is expected
