"""Attacks on the keys that tokens are checked with, each with its defence; how keys come and go."""

from __future__ import annotations

import warnings
from datetime import timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from shared.adapters.entra.keys import KEPT, UNKNOWN, WITHOUT, SigningKeys
from shared.adapters.entra.tokens import EntraTokens
from shared.ports.errors import Transient
from shared.ports.sign_in import WrongToken
from tests.adapters.entra.conftest import Elapsed
from tests.support.entra_stand_in import TENANT, EntraStandIn, object_id, public_jwk, signing_key

METADATA, KEYS = "/openid-configuration", "/discovery/v2.0/keys"


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


def test_attack_a_fetch_of_keys_that_hangs(elapsed: Elapsed) -> None:
    """Attack: have callers wait for the keys one behind another. Defence: a pause is from a fetch's end, not its start."""
    fetches: list[timedelta] = []

    def hangs() -> Any:
        fetches.append(elapsed.now)
        elapsed.now += 3 * WITHOUT
        raise Transient("no answer")

    keys = SigningKeys(hangs, elapsed=elapsed)

    for _ in range(5):
        with pytest.raises(Transient):
            keys.find("key-1")
    assert len(fetches) == 1


@pytest.mark.parametrize("part", ["metadata", "keys"])
def test_attack_an_answer_without_end(entra: EntraStandIn, tokens: EntraTokens, elapsed: Elapsed, part: str) -> None:
    """Attack: answer for the keys with more than fits into memory. Defence: a mebibyte is read; what is known stays."""
    tokens.claims(entra.token())
    entra.rotate("key-1", "key-2")
    if part == "metadata":
        entra.metadata["more"] = "x" * 1024 * 1024
    else:
        entra.extra_keys.append({"more": "x" * 1024 * 1024})

    elapsed.now += UNKNOWN

    with pytest.raises(WrongToken, match="does not publish"):
        tokens.claims(entra.token(kid="key-2"))
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
        RSAAlgorithm.to_jwk(signing_key(2), as_dict=True) | {"kid": "key-2", "use": "sig"},
    ],
    ids=["for encryption", "of another tenant", "of another kind", "broken", "a shared secret", "private"],
)
def test_a_key_that_does_not_sign_for_this_tenant_is_none(
    entra: EntraStandIn, tokens: EntraTokens, unusable: dict[str, object]
) -> None:
    """The others are of use all the same."""
    entra.extra_keys.append(unusable)

    assert tokens.claims(entra.token())
    with pytest.raises(WrongToken):
        tokens.claims(entra.token(kid="key-2"))


def test_attack_a_key_that_is_too_short(entra: EntraStandIn, tokens: EntraTokens) -> None:
    """Attack: find out a key of 1024 bits from what is published of it. Defence: it signs nothing."""
    short = rsa.generate_private_key(public_exponent=65537, key_size=1024)
    entra.extra_keys.append(public_jwk("key-2", short))
    with warnings.catch_warnings(action="ignore"):
        token = jwt.encode(entra.claims(), short, algorithm="RS256", headers={"kid": "key-2"})

    with pytest.raises(WrongToken, match="does not publish"):
        tokens.claims(token)


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
