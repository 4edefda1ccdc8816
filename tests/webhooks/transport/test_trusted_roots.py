"""Receivers are vouched for by the system's authorities and, beside them, the operator's."""

import ssl
from pathlib import Path

import pytest
import trustme

from jump.webhooks.transport.trusted_roots import TrustedRoots


def authorities(path: str) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.load_verify_locations(path)
    return len(context.get_ca_certs())


@pytest.fixture
def ca_file(tmp_path: Path) -> str:
    path = tmp_path / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(path))
    return str(path)


def test_the_operators_authority_stands_beside_the_systems(ca_file: str) -> None:
    system, both = TrustedRoots(None), TrustedRoots(ca_file)
    try:
        assert authorities(system.path) > 50
        assert authorities(both.path) == authorities(system.path) + 1
    finally:
        both.discard()


def test_only_our_own_file_is_removed(ca_file: str) -> None:
    system, both = TrustedRoots(None), TrustedRoots(ca_file)
    for roots in (system, both):
        roots.discard()
        roots.discard()
    assert Path(system.path).is_file()
    assert Path(ca_file).is_file()
    assert not Path(both.path).exists()


def test_a_file_that_names_the_systems_authorities_counts(
    monkeypatch: pytest.MonkeyPatch, ca_file: str
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", ca_file)
    assert TrustedRoots(None).path == ca_file


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (None, "No such file or directory"),
        (b"", "it holds no certificate in PEM"),
        (b"not a certificate", "it holds no certificate in PEM"),
        (b"\x30\x82\xff", "it holds no certificate in PEM"),
        (
            b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            "it holds no certificate in PEM",
        ),
    ],
)
def test_a_file_without_certificates_is_refused_in_words(
    tmp_path: Path, content: bytes | None, why: str
) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ValueError, match="certificate authorities is of no use") as caught:
        TrustedRoots(str(path))
    assert str(caught.value).endswith(f": {why}.")
