"""No address that is not public may be called, whatever it is wrapped in, unless it is allowed."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jump.webhooks.transport.address_guard import Guard, IPAddress, is_public

STRICT = Guard()
EVERYTHING = Guard((ip_network("0.0.0.0/0"), ip_network("::/0")))
HOME = Guard((ip_network("10.0.0.0/8"), ip_network("fd00:1::/32")))

NOT_PUBLIC = [
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "100.127.255.255", "127.0.0.1"),
    *("127.255.255.255", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.8", "192.0.2.1"),
    *("192.88.99.1", "192.168.0.1", "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1"),
    *("224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fc00::1", "fd12:3456::1", "fec0::1", "ff02::1", "100::1", "5f00::1"),
    *(
        "2001:db8::1",
        "2001:1ff::1",
        "2001::1",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "3fff::1",
        "4000::1",
    ),
    *("::8.8.8.8", "::127.0.0.1", "2002:808:808::1", "2001:0:808:808:0:0:f7f7:f7f7"),
    *("64:ff9b:1::8.8.8.8", "fe80::1%1", "2002:7f00:1::1", "2002:a00:1::1"),
    *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b::127.0.0.1"),
]
NEVER = [
    *("169.254.169.254", "169.254.0.1", "169.254.170.2", "fe80::1", "febf::1", "fe80::1%1"),
    *("fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254", "fd00:c1::a9fe:a9fe", "fd00:42::42"),
    *("100.100.100.200", "192.0.0.192", "168.63.129.16"),
    *("::ffff:169.254.169.254", "64:ff9b::169.254.169.254", "64:ff9b:1::169.254.169.254"),
    *("64:ff9b:1:a9fe:a9:fe00::", "::169.254.169.254", "2002:a9fe:a9fe::1"),
    *("2001:0:a9fe:a9fe::1", "2001:0:808:808:0:0:5601:5601", "::ffff:100.100.100.200"),
]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.255.255", "172.32.0.0"),
    *("192.0.1.1", "198.17.255.255", "198.20.0.0", "223.255.255.255", "126.255.255.255"),
    *("2606:4700:4700::1111", "2a00:1450:4009:81f::200e", "2001:4860:4860::8888", "2001:200::1"),
    *("::ffff:8.8.8.8", "64:ff9b::8.8.8.8"),
]

v4 = st.integers(0, 2**32 - 1).map(IPv4Address)
v6 = st.integers(0, 2**128 - 1).map(IPv6Address)
global_v6 = st.integers(0x2000 << 112, (0x4000 << 112) - 1).map(IPv6Address)


def wrapped(ip: IPv4Address) -> list[IPv6Address]:
    """Every IPv6 address by which `ip` might be reached."""
    number = int(ip)
    return [
        IPv6Address(0xFFFF << 32 | number),
        IPv6Address(0x64_FF9B << 96 | number),
        IPv6Address(0x64_FF9B_0001 << 80 | number),
        IPv6Address(0x64_FF9B_0001 << 80 | (number >> 16) << 64 | (number & 0xFFFF) << 40),
        IPv6Address(0x2002 << 112 | number << 80 | 1),
        IPv6Address(0x2001_0000 << 96 | number << 64 | (~0x0808_0808 & 0xFFFF_FFFF)),
        IPv6Address(0x2001_0000 << 96 | 0x0808_0808 << 64 | (~number & 0xFFFF_FFFF)),
    ]


@pytest.mark.parametrize("text", NOT_PUBLIC)
def test_an_address_that_is_not_public_is_refused(text: str) -> None:
    ip = ip_address(text)
    assert STRICT.refusal(ip) in (
        f"the address {ip} is not public",
        f"the address {ip} is link-local or serves metadata",
    )


@pytest.mark.parametrize("text", NEVER)
def test_link_local_and_metadata_addresses_are_refused_even_where_all_is_allowed(text: str) -> None:
    ip = ip_address(text)
    for guard in (STRICT, HOME, EVERYTHING):
        assert guard.refusal(ip) == f"the address {ip} is link-local or serves metadata"


@pytest.mark.parametrize("text", PUBLIC)
def test_a_public_address_may_be_called(text: str) -> None:
    assert STRICT.refusal(ip_address(text)) is None


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("10.0.0.1", True),
        ("10.255.255.255", True),
        ("::ffff:10.0.0.1", True),
        ("64:ff9b::10.0.0.1", True),
        ("fd00:1::5", True),
        ("192.168.0.1", False),
        ("127.0.0.1", False),
        ("fd00:2::5", False),
        # A tunnel to an allowed address is not itself allowed.
        ("2002:a00:1::1", False),
        ("64:ff9b:1::10.0.0.1", False),
    ],
)
def test_an_operator_may_allow_networks(text: str, allowed: bool) -> None:
    assert (HOME.refusal(ip_address(text)) is None) is allowed


def test_what_an_allowed_translator_stands_for_must_be_allowed_too() -> None:
    translator = Guard((ip_network("64:ff9b:1::/48"),))
    assert translator.refusal(ip_address("64:ff9b:1::8.8.8.8")) is None
    assert translator.refusal(ip_address("64:ff9b:1:808:8:800::")) is None
    assert translator.refusal(ip_address("64:ff9b:1::10.0.0.1")) is not None
    assert translator.refusal(ip_address("64:ff9b:1:a00:0:100::")) is not None


@given(v4)
def test_nothing_is_called_by_a_wrapped_address_that_is_not_called_bare(ip: IPv4Address) -> None:
    if STRICT.refusal(ip) is not None:
        assert all(STRICT.refusal(address) is not None for address in wrapped(ip))


@given(st.sampled_from([ip_address(text) for text in NEVER if "." in text and ":" not in text]))
def test_no_wrapping_hides_a_metadata_address(ip: IPAddress) -> None:
    assert isinstance(ip, IPv4Address)
    assert all(EVERYTHING.refusal(address) is not None for address in wrapped(ip))


@given(st.one_of(v4, v6, global_v6))
def test_what_is_called_public_is_so_for_python_too(ip: IPAddress) -> None:
    # Python's own opinion, which differs between its releases, is used as a second one only.
    if is_public(ip):
        assert ip.is_global
        assert not ip.is_multicast
        assert not ip.is_reserved


@pytest.mark.parametrize(
    ("port", "allowed"), [(443, True), (8443, True), (80, False), (0, False), (22, False)]
)
def test_only_443_and_the_allowed_ports_may_be_called(port: int, allowed: bool) -> None:
    guard = Guard(allowed_ports=frozenset({8443}))
    assert (guard.port_refusal(port) is None) is allowed
