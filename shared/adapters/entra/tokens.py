"""Tokens of Entra ID: is the signature one of its keys'? OpenID Connect discovery leads to them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

from shared.adapters.entra.keys import SigningKeys
from shared.adapters.json_http import JsonHttp
from shared.ports.errors import Permanent
from shared.ports.sign_in import WrongToken

_ALGORITHM = "RS256"
_METADATA = ".well-known/openid-configuration"
_TENANT = "{tenantid}"
_SHORTEST = 2048  # bits; a shorter key can be found out


class EntraTokens:
    """Verifies signatures with the keys of one issuer, and nothing else. `is_private` judges the keys' address."""

    def __init__(
        self, issuer: str, tenant: str, *, is_private: Callable[[str], bool], elapsed: Callable[[], timedelta]
    ) -> None:
        self._issuer, self._tenant, self._is_private = issuer, tenant, is_private
        self._http = JsonHttp("Entra ID")
        self._keys = SigningKeys(self._fetch, elapsed=elapsed)

    def claims(self, token: str) -> Mapping[str, object]:
        """See TokenVerifier."""
        import jwt

        try:
            # Only what finds the key is read before the signature is checked.
            header = jwt.get_unverified_header(token)
            if header.get("alg") != _ALGORITHM or "crit" in header:
                raise WrongToken(f"the token is not signed with {_ALGORITHM}")
            key = self._keys.find(str(header.get("kid", "")))
            if key is None:
                raise WrongToken("the token is signed with a key that Entra ID does not publish")
            # What the claims say is judged where they are read; here it is only about the signature.
            decoded = jwt.api_jws.decode(token, key, algorithms=[_ALGORITHM])
            return _object(decoded)
        except jwt.InvalidTokenError as error:
            raise WrongToken("the token is broken, or its signature is not good") from error

    def _fetch(self) -> Mapping[str, Any]:
        metadata = self._http.ask("GET", f"{self._issuer}/{_METADATA}")
        if metadata.get("issuer") != self._issuer:
            raise Permanent(f"{self._issuer} says that it is {metadata.get('issuer')}", ours=True)
        address = str(metadata.get("jwks_uri", ""))
        if not self._is_private(address):
            raise Permanent(
                f"the keys of {self._issuer} lie at {address!r}, where anybody could change them", ours=True
            )
        published = self._http.ask("GET", address).get("keys", [])
        keys = dict(self._readable(published if isinstance(published, list) else []))
        if not keys:
            raise Permanent(f"{address} holds no key that tokens could be signed with", ours=True)
        return keys

    def _readable(self, published: list[object]) -> list[tuple[str, Any]]:
        import jwt
        from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

        found = []
        for one in published:
            if isinstance(one, dict) and self._signs_for_us(one):
                try:
                    kid, key = str(one["kid"]), jwt.PyJWK(one, algorithm=_ALGORITHM).key
                except (jwt.PyJWTError, KeyError, ValueError):
                    continue
                # A private one that is published is everybody's.
                if isinstance(key, RSAPublicKey) and key.key_size >= _SHORTEST:
                    found.append((kid, key))
        return found

    def _signs_for_us(self, key: Mapping[str, object]) -> bool:
        """An RSA key for signatures; where it names its issuer, one that signs for every tenant or for ours."""
        issuer = str(key.get("issuer", self._tenant))
        is_ours = _TENANT in issuer or self._tenant in issuer
        return is_ours and key.get("kty") == "RSA" and key.get("use", "sig") == "sig"


def _object(payload: bytes) -> Mapping[str, object]:
    import json

    try:
        found = json.loads(payload)
    except (ValueError, RecursionError) as error:
        raise WrongToken("the token holds something else than claims") from error
    if not isinstance(found, dict):
        raise WrongToken("the token holds something else than claims")
    return found
