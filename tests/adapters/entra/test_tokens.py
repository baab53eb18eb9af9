"""Attacks on a token's signature, each with its defence."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from shared.adapters.entra.tokens import EntraTokens
from shared.ports.sign_in import WrongToken
from tests.support.entra_stand_in import EntraStandIn, public_jwk, signing_key

METADATA, KEYS = "/openid-configuration", "/discovery/v2.0/keys"


def encoded(part: object) -> str:
    """A part of a token."""
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


def test_a_token_that_entra_id_signed_is_read(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Whole; judging what it says is another's business. The keys are fetched once."""
    found = tokens.claims(entra.token(None, "Slipway.Read"))
    again = tokens.claims(entra.token(None, "Slipway.Read", exp=1))

    assert (found["roles"], again["exp"]) == (["Slipway.Read"], 1)
    assert len(entra.asked(METADATA)) == len(entra.asked(KEYS)) == 1


def test_attack_alg_none(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: say that the token needs no signature. Defence: RS256 and nothing else; no key is even looked for."""
    for none in ("none", "None", "NONE"):
        token = f"{encoded({'alg': none, 'typ': 'JWT', 'kid': 'key-1'})}.{encoded(entra.claims())}."

        with pytest.raises(WrongToken):
            tokens.claims(token)
    assert entra.seen == []


def test_attack_hs256_with_the_public_key(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: sign with the public key, which everybody has, as if it were a shared secret. Defence: RS256 only."""
    public = (
        signing_key(1)
        .public_key()
        .public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    )
    head, body = encoded({"alg": "HS256", "typ": "JWT", "kid": "key-1"}), encoded(entra.claims())
    hmac = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = base64.urlsafe_b64encode(hmac.sign(f"{head}.{body}".encode(), public)).rstrip(b"=").decode()

    with pytest.raises(WrongToken, match="not signed with RS256"):
        tokens.claims(f"{head}.{body}.{signature}")


def test_attack_another_key_under_a_known_id(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: sign with a key of one's own. Defence: the key is the published one, whatever the token brings along."""
    own = public_jwk("key-1", signing_key(2))
    headers = {"kid": "key-1", "jwk": own, "jku": "https://evil.example/keys", "x5u": "https://evil.example/x"}
    token = jwt.encode(entra.claims(), signing_key(2), algorithm="RS256", headers=headers)

    with pytest.raises(WrongToken, match="signature is not good"):
        tokens.claims(token)


def test_attack_claims_changed_after_signing(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: put another role in. Defence: the signature is over the claims."""
    head, _, signature = entra.token(None, "Slipway.Read").split(".")

    with pytest.raises(WrongToken):
        tokens.claims(f"{head}.{encoded(entra.claims(None, 'Slipway.Admin'))}.{signature}")


def test_attack_a_header_that_is_critical_and_unknown(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: have a part of the token read otherwise. Defence: nothing that says so is read at all."""
    head = {"alg": "RS256", "kid": "key-1", "crit": ["b64"], "b64": False}
    token = jwt.encode(entra.claims(), signing_key(1), algorithm="RS256", headers=head)

    with pytest.raises(WrongToken):
        tokens.claims(token)


@pytest.mark.parametrize(
    "token", ["", "a.b.c", "....", "e30.e30.", "é.é.é", encoded([]) + ".e30.e30", encoded({"alg": 1}) + ".e30.e30"]
)
def test_what_is_no_token_is_refused(entra: EntraStandIn, tokens: EntraTokens, token: str) -> None:
    """Before anything is fetched."""
    with pytest.raises(WrongToken):
        tokens.claims(token)
    assert entra.seen == []


@pytest.mark.parametrize("payload", [b"[]", b"1", b"\xff", b"not JSON", b"[" * 50_000])
def test_a_signed_token_without_claims_is_refused(tokens: EntraTokens, payload: bytes) -> None:
    """Whatever it holds."""
    token = jwt.api_jws.encode(payload, signing_key(1), algorithm="RS256", headers={"kid": "key-1"})

    with pytest.raises(WrongToken, match="something else than claims"):
        tokens.claims(token)


def test_a_token_without_a_key_id_is_refused(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """There is no key to check it with."""
    token: Any = jwt.encode(entra.claims(), signing_key(1), algorithm="RS256")

    with pytest.raises(WrongToken, match="does not publish"):
        tokens.claims(token)


@pytest.mark.parametrize(
    "header",
    [
        '{"alg": "RS256", "kid": "../../../dev/null"}',
        '{"alg": "RS256", "kid": "key-1\' OR 1=1"}',
        '{"alg": "RS256", "kid": "https://evil.example/key"}',
        '{"alg": "RS256", "kid": "KIDS"}'.replace("KIDS", "k" * 40_000),
        '{"alg": "RS256", "kid": ["key-1"]}',
        '{"alg": "RS256", "kid": null}',
        '{"alg": "RS256", "kid": "\\ud800"}',
        '{"alg": "none", "alg": "RS256", "kid": "key-1"}',
        '{"alg": "RS256", "kid": "key-1", "alg": "none"}',
        '{"alg": ["RS256"], "kid": "key-1"}',
    ],
    ids=[
        "path",
        "query",
        "address",
        "huge",
        "list",
        "null",
        "half a character",
        "twice",
        "twice, the other way",
        "algs",
    ],
)
def test_attack_a_header_that_is_read_as_something_else(entra: EntraStandIn, tokens: EntraTokens, header: str) -> None:
    """Attack: name a key, or an algorithm, that leads somewhere. Defence: a name is compared with those published."""
    head = base64.urlsafe_b64encode(header.encode()).rstrip(b"=").decode()

    with pytest.raises(WrongToken):
        tokens.claims(f"{head}.{encoded(entra.claims(None, 'Slipway.Admin'))}.{encoded('signed')}")
    assert {one.path for one in entra.seen} <= {one.path for one in (*entra.asked(METADATA), *entra.asked(KEYS))}
