"""Three apps of one package on one storage account: control, nonprod and production, each with the identities that it holds."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.acr import Acr, acr
from tests.support.doors import PEOPLE
from tests.support.entra_stand_in import EntraStandIn, Human, entra_stand_in, object_id
from tests.support.managed_identity import IdentityEndpoint, identity_endpoint
from tests.support.worker.account import OnAzure, change_configuration
from tests.support.worker.platform import Platform
from tests.support.worker.running import Worker

CONTROL, NONPROD, PRODUCTION = ROLES = ("control", "nonprod", "production")
OWN, QA, PROD = "id-of-slipway", "id-of-qa", "id-of-production"
# What an environment is called by in slipway.yaml, and its client id; production is not named there, as that is its default.
HELD: Mapping[str, Mapping[str, str]] = {CONTROL: {}, NONPROD: {"qa-identity": QA}, PRODUCTION: {"production": PROD}}
# What each needs in the registry, and no more.
_RELEASED = ("delivery", "charts/")
RIGHTS: Mapping[str, set[tuple[str, str]]] = {
    OWN: {(action, name) for action in ("pull", "push") for name in _RELEASED},
    QA: {("pull", name) for name in _RELEASED},
    PROD: {("pull", name) for name in (*_RELEASED, "prod/")} | {("push", "prod/")},
}


class InRoles(OnAzure):
    """The apps, the platform's endpoint for identities, and a registry and a directory that let in whom that vouches for."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.endpoint: IdentityEndpoint
        self.guard: Acr
        self.directory: EntraStandIn

    def registry(self) -> str:
        """See OnAzure."""
        self.endpoint = self._open.enter_context(identity_endpoint())
        host, self.guard = self._open.enter_context(acr(self.endpoint.holder, folder=self.folder / "registry"))
        self.guard.rights.update(RIGHTS)
        self.directory = self._open.enter_context(entra_stand_in())
        self.directory.knows = lambda token: self.endpoint.holder(token, self.directory.url) == OWN
        self.directory.people.append(Human(name="Rita", mail=PEOPLE["rita"].mails[0], given=PEOPLE["rita"].id))
        self.directory.groups[object_id("managers")] = "release-managers"
        return host

    def start(self) -> Sequence[Platform]:
        """See OnAzure."""
        change_configuration(self.folder / "origin.git", _give_identity)
        return [Platform(self._open.enter_context(Worker(self.of(role)))) for role in ROLES]

    def of(self, role: str) -> dict[str, str]:
        """The settings of one app, with what the platform adds."""
        return {
            **self.settings,
            "SLIPWAY_ROLES": role,
            "SLIPWAY_IDENTITY": OWN,
            "SLIPWAY_IDENTITIES": json.dumps(HELD[role]),
            "SLIPWAY_GRAPH": self.directory.url,
            **self.endpoint.assign(role, OWN, *HELD[role].values()),
        }

    def app(self, role: str) -> Platform:
        """One of the apps."""
        return self.platforms[ROLES.index(role)]

    def queues(self, role: str) -> set[str]:
        """The queues that an app reads."""
        triggers = [one.trigger for one in self.app(role).worker.functions.values()]
        return {str(one["queueName"]) for one in triggers if one["type"] == "queueTrigger"}

    def asked(self, role: str) -> set[str]:
        """The identities that an app has asked the platform for."""
        return {one.client_id for one in self.endpoint.asked if one.app == role}


def _give_identity(text: str) -> str:
    """Have the sample's qa deployed with an identity of its own."""
    place = "    namespace: backend-qa\n"
    assert place in text
    return text.replace(place, f"{place}    identity: qa-identity\n")
