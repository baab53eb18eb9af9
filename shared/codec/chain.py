"""The ledger's chain: each entry's hash covers the one before, so that nothing in between can be changed unseen.

The only place that knows the hash; stores, the ledger's check and a person with `sha256sum` must agree on it.
"""

from __future__ import annotations

from hashlib import sha256

GENESIS = "0" * 64


def link(previous: str, body: bytes) -> str:
    """Return the hash of an entry, 64 hexadecimal digits: SHA-256 of the previous hash as ASCII and the exact bytes."""
    return sha256(previous.encode("ascii") + body).hexdigest()
