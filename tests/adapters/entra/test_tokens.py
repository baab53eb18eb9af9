"""Attacks on a token's signature and on the keys that it is checked with, each with its defence."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization

from shared.adapters.entra.keys import KEPT, UNKNOWN, WITHOUT
from shared.adapters.entra.tokens import EntraTokens
from shared.inbound.entra import is_private
from shared.ports.errors import Transient
from shared.ports.sign_in import WrongToken
from tests.support.entra_stand_in import TENANT, EntraStandIn, object_id, public_jwk, signing_key

KEYS, METADATA = "/discovery/v2.0/keys", "/openid-configuration"


class Elapsed:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = timedelta(hours=1)

    def __call__(self) -> timedelta:
        """The time since somewhen."""
        return self.now


@pytest.fixture
def elapsed() -> Elapsed:
    return Elapsed()


@pytest.fixture
def tokens(entra: EntraStandIn, elapsed: Elapsed) -> EntraTokens:
    return EntraTokens(entra.entra.issuer, TENANT, is_private=is_private, elapsed=elapsed)


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


def test_attack_unknown_kid_flood(entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed) -> None:
    """Attack: make us fetch keys by ids that were made up. Defence: once in five minutes, whatever comes."""
    tokens.claims(entra.token())
    forged = jwt.encode(entra.claims(), signing_key(2), algorithm="RS256", headers={"kid": "made-up"})

    for _ in range(50):
        with pytest.raises(WrongToken, match="does not publish"):
            tokens.claims(forged)
    assert len(entra.asked(KEYS)) == 1
    elapsed.now += UNKNOWN
    for _ in range(50):
        with pytest.raises(WrongToken):
            tokens.claims(forged)

    assert len(entra.asked(KEYS)) == 2
    assert tokens.claims(entra.token())


def test_a_new_key_is_found_when_the_first_token_is_signed_with_it(
    entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed
) -> None:
    """Keys rotate at any time, without a word to us."""
    tokens.claims(entra.token())
    entra.rotate("key-1", "key-2")
    elapsed.now += UNKNOWN

    assert tokens.claims(entra.token(kid="key-2"))
    assert tokens.claims(entra.token(kid="key-1"))


def test_attack_a_key_that_was_rotated_out(entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed) -> None:
    """Attack: use a key that leaked and was withdrawn. Defence: keys are believed for a day at most."""
    old = entra.token()
    tokens.claims(old)
    entra.rotate("key-2")

    assert tokens.claims(old)
    elapsed.now += KEPT
    with pytest.raises(WrongToken, match="does not publish"):
        tokens.claims(old)


def test_old_keys_stay_while_new_ones_cannot_be_fetched(
    entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed
) -> None:
    """Nobody could sign in otherwise; it is tried again every five minutes."""
    tokens.claims(entra.token())
    entra.failing[KEYS] = (503, {})
    elapsed.now += KEPT

    assert tokens.claims(entra.token())
    assert tokens.claims(entra.token())
    assert len(entra.asked(KEYS)) == 2
    elapsed.now += UNKNOWN
    assert tokens.claims(entra.token())
    assert len(entra.asked(KEYS)) == 3


def test_without_any_key_the_caller_is_asked_to_come_again(
    entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed
) -> None:
    """It is not the token's fault; a crowd of callers does not become a crowd of fetches."""
    entra.failing[METADATA] = (503, {})

    for _ in range(20):
        with pytest.raises(Transient) as found:
            tokens.claims(entra.token())
    assert found.value.retry_after == WITHOUT
    assert len(entra.asked(METADATA)) == 1
    entra.failing.clear()
    elapsed.now += WITHOUT
    assert tokens.claims(entra.token())


@pytest.mark.parametrize(
    "metadata",
    [
        {"issuer": "https://login.microsoftonline.com/common/v2.0"},
        {"jwks_uri": "http://keys.evil.example/keys"},
        {"jwks_uri": "file:///etc/keys"},
        {"jwks_uri": ""},
    ],
)
def test_attack_metadata_that_leads_elsewhere(
    entra: EntraStandIn, tokens: EntraTokens, metadata: dict[str, str]
) -> None:
    """Attack: have the keys read where somebody on the way can change them. Defence: TLS, and the issuer names itself."""
    entra.metadata.update(metadata)

    with pytest.raises(Transient):
        tokens.claims(entra.token())
    assert entra.asked(KEYS) == []


def test_attack_keys_where_anybody_could_change_them(entra: EntraStandIn, elapsed: Elapsed) -> None:
    """Attack: the address of the keys is not private. Defence: it is judged before anything is read there."""
    tokens = EntraTokens(entra.entra.issuer, TENANT, is_private=lambda address: KEYS not in address, elapsed=elapsed)

    with pytest.raises(Transient):
        tokens.claims(entra.token())
    assert len(entra.asked(METADATA)) == 1
    assert entra.asked(KEYS) == []


@pytest.mark.parametrize(
    "unusable",
    [
        public_jwk("key-2", signing_key(2), use="enc"),
        public_jwk("key-2", signing_key(2), issuer=f"https://login.microsoftonline.com/{object_id('other')}/v2.0"),
        {"kty": "EC", "kid": "key-2", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "RSA", "kid": "key-2", "n": "", "e": ""},
        {"kty": "oct", "kid": "key-2", "k": "AAAA"},
    ],
    ids=["for encryption", "of another tenant", "of another kind", "broken", "a shared secret"],
)
def test_a_key_that_does_not_sign_for_this_tenant_is_none(
    entra: EntraStandIn, tokens: EntraTokens, unusable: dict[str, object]
) -> None:
    """The others are of use all the same."""
    entra.extra_keys.append(unusable)

    assert tokens.claims(entra.token())
    with pytest.raises(WrongToken):
        tokens.claims(entra.token(kid="key-2"))


@pytest.mark.parametrize("issuer", ["https://login.microsoftonline.com/{tenantid}/v2.0", f"https://x/{TENANT}/v2.0"])
def test_a_key_may_name_every_tenant_or_ours(entra: EntraStandIn, tokens: EntraTokens, issuer: str) -> None:
    """As the published ones do."""
    entra.extra_keys.append(public_jwk("key-2", signing_key(2), issuer=issuer))

    assert tokens.claims(entra.token(kid="key-2"))


def test_no_usable_key_is_no_key(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """An empty answer takes nobody's keys away."""
    entra.rotate()

    with pytest.raises(Transient):
        tokens.claims(entra.token())


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
