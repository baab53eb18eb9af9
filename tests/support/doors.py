"""The product's functions on a real local host over HTTP, with the application of `app_parts` behind them.

Queues are moved by the harness's hand: the host's own receiver stays empty unless a test asks for the real one.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from infra.local.host import LocalPerson, new_person
from shared import bootstrap, signing_in
from shared.ports.queues import QueueReceiver
from tests.support.app_parts import Harness
from tests.support.host import Answer, Running, running

HOOK_SECRET, REGISTRY_SECRET = "secret-of-the-hook", "secret-of-the-registry"
READ, APPROVE, OPERATE = "Slipway.Read", "Slipway.Approve", "Slipway.Operate"

PEOPLE: Mapping[str, LocalPerson] = {
    "ada": new_person("Ada Author", mails=["ada@example.com"], roles=[READ, APPROVE]),
    "rita": new_person("Rita Manager", mails=["release-manager@example.com"], roles=[READ, APPROVE]),
    "olga": new_person("Olga Operator", mails=["olga@example.com"], roles=[READ, OPERATE]),
    "greta": new_person("Greta Group", mails=["greta@example.com"], groups=["release-managers"], roles=[]),
    "max": new_person("Max Everything", mails=["release-manager@example.com"], roles=[READ, APPROVE, OPERATE]),
}


class Doors:
    """A started host and the application behind it."""

    def __init__(self, host: Running, slipway: Harness) -> None:
        self.host, self.slipway = host, slipway

    @property
    def url(self) -> str:
        """Where the host listens."""
        return self.host.host.url

    def get(self, path: str, who: str | None = "ada") -> Answer:
        """Read something."""
        return self.host.call("GET", path, headers=signed_in(who))

    def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        who: str | None = "olga",
        key: str = "",
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask for a change, and let happen what follows. Text is sent as it is, anything else as JSON."""
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        json_said = {"Content-Type": "application/json"}
        named = {**json_said, **signed_in(who), **({"Idempotency-Key": key} if key else {}), **(headers or {})}
        answer = self.host.call(method, path, body=content, headers=named)
        self.slipway.pump()
        return answer

    def post(self, path: str, body: object = None, **more: Any) -> Answer:
        """Send a POST."""
        return self.send("POST", path, body, **more)

    def hook(self, path: str, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send what a hook sends; nothing is delivered."""
        return self.host.call("POST", path, body=body, headers=headers)


def signed_in(who: str | None) -> dict[str, str]:
    """The header of a person's key."""
    return {} if who is None else {"Authorization": f"Bearer {PEOPLE[who].key}"}


@contextmanager
def settings_of(values: Mapping[str, str]) -> Iterator[None]:
    """Have the process read these SLIPWAY_ settings until the block ends."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        _forget()
        try:
            yield
        finally:
            _forget()


def _forget() -> None:
    for cached in (bootstrap.settings, signing_in._sign_in):
        cached.let_go()


@contextmanager
def open_host(
    folder: Path, *, receiver: QueueReceiver | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Running]:
    """Run the functions until the block ends; which application is behind them is for `serving` to say."""
    secrets = {"SLIPWAY_HOOK_SECRET": HOOK_SECRET, "SLIPWAY_REGISTRY_HOOK_SECRET": REGISTRY_SECRET}
    with settings_of({**secrets, **(settings or {})}):
        import function_app

        made = function_app.make(frozenset())
        with running(made, folder, people=PEOPLE.values(), receiver=receiver) as host:
            yield host


@contextmanager
def serving(slipway: Harness, host: Running) -> Iterator[Doors]:
    """Put an application behind a host's functions until the block ends."""
    bootstrap.use(slipway.app)
    try:
        yield Doors(host, slipway)
    finally:
        bootstrap.use(None)


@contextmanager
def open_doors(
    slipway: Harness, folder: Path, *, receiver: QueueReceiver | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[Doors]:
    """Both of them, for a test that needs a host of its own."""
    with open_host(folder, receiver=receiver, settings=settings) as host, serving(slipway, host) as doors:
        yield doors
