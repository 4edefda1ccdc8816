"""A certificate authority of the demo's own, and the certificate of its receiver.

The authority's private key is never written down: nobody can issue anything with it afterwards.
"""

import datetime
import os
from dataclasses import dataclass
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

HOST: Final = "127.0.0.1"
_VALID: Final = datetime.timedelta(days=90)
_ONLY_OWNER: Final = 0o600


@dataclass(frozen=True, slots=True)
class Files:
    """Where the two lie, in PEM: the authority to trust, and the receiver's key and certificate."""

    authority: Path
    receiver: Path


def make(folder: Path, at: int) -> Files:
    """Make both for the receiver at HOST, valid from a day before `at` (microseconds)."""
    now = datetime.datetime.fromtimestamp(at / 1_000_000, datetime.UTC)
    authority_key, receiver_key = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jump demo authority")])
    authority = _authority(name, authority_key, now)
    receiver = _receiver(name, authority_key, receiver_key, now)
    files = Files(folder / "ca.pem", folder / "receiver.pem")
    files.authority.write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    secret = receiver_key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    write_secret(files.receiver, secret + receiver.public_bytes(serialization.Encoding.PEM))
    return files


def write_secret(path: Path, content: bytes) -> None:
    """Write a file that only its owner may read, whatever lay there before."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _ONLY_OWNER), "wb") as file:
        file.write(content)


def _authority(
    name: x509.Name, key: ec.EllipticCurvePrivateKey, now: datetime.datetime
) -> x509.Certificate:
    public = key.public_key()
    return (
        _certificate(name, name, public, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .sign(key, hashes.SHA256())
    )


def _receiver(
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    key: ec.EllipticCurvePrivateKey,
    now: datetime.datetime,
) -> x509.Certificate:
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Jump demo receiver")])
    names = x509.SubjectAlternativeName(
        [x509.IPAddress(IPv4Address(HOST)), x509.DNSName("localhost")]
    )
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        _certificate(subject, issuer, key.public_key(), now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs_certificates=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(names, critical=False)
        .add_extension(authority, critical=False)
        .sign(issuer_key, hashes.SHA256())
    )


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: datetime.datetime,
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _VALID)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
