"""Whether a token was signed by whom it says. What stands in it is for the caller to check."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from shared.domain.values.errors import SlipwayError


class WrongToken(SlipwayError):
    """Nobody who may sign tokens has signed this one; the message says what is wrong with it, for the sender."""


class TokenVerifier(Protocol):
    """Knows the keys of whoever issues tokens."""

    def claims(self, token: str) -> Mapping[str, object]:
        """Return what a token says. Raise WrongToken, and Transient while the keys cannot be read."""
        ...
