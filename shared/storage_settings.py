"""Settings of the storage account that state and messages lie in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.domain.values.errors import InvalidValue

# What queue triggers listen with. The Functions host reads it too: a connection string, or the beginning of settings that
# name an account and an identity. The host's own storage is another one, AzureWebJobsStorage, and nothing of ours lies there.
TRIGGERS = "SlipwayStorage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Storage:
    """The storage account of tables, queues and blobs: a connection string, or an account's name to be used with an identity.

    Without settings of its own it is the one that queue triggers listen on.
    """

    connection: str = field(default="", repr=False)
    account: str = ""
    suffix: str = "core.windows.net"

    def __bool__(self) -> bool:
        return bool(self.connection or self.account)

    @staticmethod
    def from_env(env: Mapping[str, str]) -> Storage:
        """Read SLIPWAY_STORAGE*, else SlipwayStorage*. Raise InvalidValue where both are there and name two accounts."""
        own = env.get("SLIPWAY_STORAGE", ""), env.get("SLIPWAY_STORAGE_ACCOUNT", "")
        triggers = env.get(TRIGGERS, ""), env.get(f"{TRIGGERS}__accountName", "")
        connection, account = own if any(own) else triggers
        sends, listens = _account_of(*own), _account_of(*triggers)
        if sends and listens and sends != listens:
            problem = (
                f"is the account {listens}, and messages are sent to {sends}, where nobody would take them; name one"
            )
            raise InvalidValue(TRIGGERS, problem)
        return Storage(
            connection=connection, account=account, suffix=env.get("SLIPWAY_STORAGE_SUFFIX") or "core.windows.net"
        )

    def check(self, own: str) -> None:
        """Raise InvalidValue where nothing opens the account; `own` is Slipway's identity. Later, each message would be poison."""
        if self.account and not (self.connection or own):
            raise InvalidValue(
                "SLIPWAY_IDENTITY",
                f"is not set, and opens the storage account {self.account}; set it to the client id of Slipway's own identity",
            )

    def to_env(self) -> dict[str, str]:
        """See Settings."""
        return {
            "SLIPWAY_STORAGE": self.connection,
            "SLIPWAY_STORAGE_ACCOUNT": self.account,
            "SLIPWAY_STORAGE_SUFFIX": self.suffix,
        }


def holds_keys(env: Mapping[str, str]) -> bool:
    """Whether the environment holds the keys of an account, whatever they are there for."""
    return any(map(_opens_an_account, map(env.get, ("SLIPWAY_STORAGE", TRIGGERS, "AzureWebJobsStorage"))))


def _account_of(connection: str, account: str) -> str:
    """Name the account of a connection string, or what is named itself; empty where neither says."""
    found = re.search(r"(?:^|;)AccountName=([^;]*)", connection)
    return found[1] if found else "" if connection else account


def _opens_an_account(connection: str | None) -> bool:
    """Whether a connection string holds a secret; the one that Azurite has on every machine is none."""
    secret = any(word in (connection or "") for word in ("AccountKey=", "SharedAccessSignature="))
    return secret and "//127.0.0.1:" not in (connection or "")
