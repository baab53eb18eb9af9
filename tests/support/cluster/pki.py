"""Certificates and keys of a control plane that lives for a day: a CA of its own, and whom it vouches for."""

from __future__ import annotations

import datetime
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_LONGEST = datetime.timedelta(days=2)
_EARLIER = datetime.timedelta(hours=1)
_HERE, _FIRST_SERVICE = "127.0.0.1", "10.0.0.1"
_SERVER, _CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A certificate to make: in which file, of whom, for what use, at which names and addresses."""

    file: str
    name: str
    group: str = ""
    use: x509.ObjectIdentifier = _CLIENT
    hosts: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()


_WANTED = (
    _Wanted(
        "apiserver",
        "kube-apiserver",
        use=_SERVER,
        hosts=("localhost", "kubernetes", "kubernetes.default.svc"),
        addresses=(_HERE, _FIRST_SERVICE),
    ),
    _Wanted("kubelet", "system:node:fake", "system:nodes", use=_SERVER, addresses=(_HERE,)),
    _Wanted("apiserver-kubelet-client", "apiserver-kubelet-client", "system:masters"),
)


def make_pki(folder: Path) -> None:
    """Write `ca`, the certificates of servers and clients, and the key that signs tokens (`sa`) into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    ca_key, ca_name = ec.generate_private_key(ec.SECP256R1()), _name("test-cluster-ca")
    _write(folder / "ca", ca_key, _authority(ca_name, ca_key))
    for one in _WANTED:
        key = ec.generate_private_key(ec.SECP256R1())
        _write(folder / one.file, key, _certificate(one, key, ca_name, ca_key))
    tokens = rsa.generate_private_key(65537, 2048)
    _write(folder / "sa", tokens, None)
    public = serialization.PublicFormat.SubjectPublicKeyInfo
    (folder / "sa.pub").write_bytes(tokens.public_key().public_bytes(serialization.Encoding.PEM, public))


def _write(
    path: Path, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, certificate: x509.Certificate | None
) -> None:
    private = path.with_suffix(".key")
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    if certificate is not None:
        path.with_suffix(".crt").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))


def _name(name: str, group: str = "") -> x509.Name:
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    if group:
        parts.append(x509.NameAttribute(NameOID.ORGANIZATION_NAME, group))
    return x509.Name(parts)


def _authority(name: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    made = _builder(name, key, name, key, authority=True)
    return made.sign(key, hashes.SHA256())


def _certificate(
    wanted: _Wanted, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.Certificate:
    made = _builder(_name(wanted.name, wanted.group), key, issuer, issuer_key, authority=False)
    made = made.add_extension(x509.ExtendedKeyUsage([wanted.use]), critical=False)
    if names := _names(wanted):
        made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return made.sign(issuer_key, hashes.SHA256())


def _names(wanted: _Wanted) -> Sequence[x509.GeneralName]:
    addresses = [x509.IPAddress(ipaddress.ip_address(one)) for one in wanted.addresses]
    return [*map(x509.DNSName, wanted.hosts), *addresses]


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
    *,
    authority: bool,
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    usage = x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=True,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    of_issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _EARLIER)
        .not_valid_after(now + _LONGEST)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(of_issuer, critical=False)
        .add_extension(usage, critical=True)
    )
