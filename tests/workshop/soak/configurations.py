"""The configurations that the machine switches between, said twice: as slipway.yaml, and as the judge understands it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.domain.values.person import Person
from shared.domain.values.records import replace
from tests.support.outside import ADA, RITA, SAM

SECRET = "hunter2-do-not-tell"

OLGA = Person(id="olga", name="Olga Operator", mails=("olga@example.com",))
NED = Person(id="ned", name="Ned Nomail")
RITA_AT_HOME = Person(id="rita-at-home", name="R. Manager", mails=("Release-Manager@Example.com",))
PEOPLE = (ADA, RITA, SAM, OLGA, NED)
# Whoever is not known by a mail: nobody can be told apart from them.
NAMELESS = frozenset({"ned"})
GROUPS: Mapping[str, tuple[str, ...]] = {
    "rita": ("role:Slipway.Approve",),
    "sam": ("release-managers", "role:Slipway.Approve"),
    "olga": ("role:Slipway.Operate",),
}
# Who is meant by an identity; the rest are who they say they are.
HUMAN: Mapping[str, str] = {"rita-at-home": "rita"}
_LISTED: Mapping[str, str] = {"rita": RITA.mails[0], "sam": "group:release-managers", "ned": "ned", "ada": ADA.mails[0]}
_WITH_THE_ROLE = frozenset({"rita", "sam"})


@dataclass(frozen=True)
class Approval:
    """How many of whom say yes. Nobody listed: everybody with the role."""

    people: tuple[str, ...] = ("rita", "sam", "ned")
    minimum: int = 1
    authors_may: bool = False
    comment: bool = False

    def counts(self, person: str, comment: str, authors: frozenset[str]) -> bool:
        """Whether the yes of a person counts, if these wrote the change."""
        named = person in (self.people or _WITH_THE_ROLE)
        told_apart = self.authors_may or (person not in authors and person not in NAMELESS)
        return named and told_apart and bool(comment or not self.comment)


@dataclass(frozen=True)
class Place:
    """One environment. `frozen` are the hours (UTC) from and to which nothing goes forward."""

    name: str
    after: tuple[str, ...] = ()
    prefix: str = ""
    approval: Approval | None = None
    frozen: tuple[int, int] | None = None
    more: tuple[tuple[str, Any], ...] = ()

    def is_frozen(self, at: datetime) -> bool:
        """Whether a freeze is on."""
        return self.frozen is not None and self.frozen[0] <= at.hour < self.frozen[1]


@dataclass(frozen=True)
class Configuration:
    """What a default branch says."""

    places: tuple[Place, ...]
    services: tuple[str, ...] = ("delivery", "package")
    queueing: str = "latest_only"

    def place(self, name: str) -> Place | None:
        """The environment of that name."""
        return next((one for one in self.places if one.name == name), None)

    def text(self) -> bytes:
        """The file. JSON is YAML, too."""
        freezes = [_freeze(one) for one in self.places if one.frozen]
        said = {
            "version": 1,
            "registry": "localhost:5000",
            "services": {name: _service(name) for name in self.services},
            "environments": {one.name: _environment(one) for one in self.places},
            "queueing": self.queueing,
            **({"freezes": freezes} if freezes else {}),
        }
        return json.dumps(said, indent=1).encode()


def _service(name: str) -> dict[str, Any]:
    return {
        "path": f"src/shipping/{name}",
        "chart": f"charts/{name}",
        "triggers": {
            "branches": {"include": ["main", f"feature/{name}/*"]},
            "paths": {"include": [f"src/shipping/{name}"]},
        },
        "build": {"test": "python -m unittest", "args": {"TOKEN": SECRET}},
    }


def _environment(place: Place) -> dict[str, Any]:
    said: dict[str, Any] = {"values": ["charts/{service}/values-qa.yaml"], "approval": "none", **dict(place.more)}
    if place.after:
        said["after"] = list(place.after)
    if place.prefix:
        said["registry_namespace"] = place.prefix
    if place.approval is not None:
        rule = place.approval
        listed: Sequence[str] = [_LISTED[one] for one in rule.people]
        said["approval"] = {
            **({"approvers": listed} if listed else {}),
            "minimum": rule.minimum,
            "forbid": [] if rule.authors_may else ["author"],
            "comment": rule.comment,
        }
    return said


def _freeze(place: Place) -> dict[str, Any]:
    begin, end = place.frozen or (0, 0)
    return {
        "environments": [place.name],
        "cron": f"0 {begin} * * *",
        "duration": f"{end - begin}h",
        "timezone": "UTC",
        "reason": "quiet hours",
    }


QA = Place("qa")
PRODUCTION = Place("production", after=("qa",), prefix="prod", approval=Approval())
STAGING = Place("staging")
IN_DEV = replace(QA, more=(("deploy", {"helm": {"cluster": "dev"}}),))
IN_PROD = replace(PRODUCTION, more=(("deploy", {"helm": {"cluster": "prod"}}),))
USUAL = Configuration((QA, PRODUCTION))
CONFIGURATIONS = (
    USUAL,
    Configuration((QA, replace(PRODUCTION, approval=Approval(minimum=2)))),
    Configuration((IN_DEV, replace(IN_PROD, approval=Approval(people=(), comment=True)))),
    Configuration((QA, STAGING, replace(PRODUCTION, after=("qa", "staging"), more=(("gates", {"soak": "20m"}),)))),
    Configuration((IN_DEV, replace(IN_PROD, approval=None))),
    Configuration((QA, replace(IN_PROD, frozen=(12, 18)))),
    Configuration((QA, replace(PRODUCTION, more=(("namespace", "elsewhere"),)))),
    Configuration((QA, replace(PRODUCTION, approval=Approval(minimum=2), more=(("namespace", "yonder"),)))),
    Configuration((QA, PRODUCTION), services=("delivery",)),
    Configuration((QA,)),
    Configuration((QA, replace(PRODUCTION, more=(("gates", {"older_than_live": "block"}),))), queueing="in_order"),
    Configuration((QA, replace(PRODUCTION, approval=Approval(people=("sam", "ada"), authors_may=True)))),
    Configuration(
        (replace(QA, approval=Approval(people=("sam",))), replace(PRODUCTION, approval=Approval(people=("rita",))))
    ),
    Configuration((QA, replace(PRODUCTION, more=(("on_first_failure", "uninstall"),)))),
    Configuration((IN_DEV, IN_PROD)),
    Configuration((IN_DEV, replace(IN_PROD, more=(*IN_PROD.more, ("on_first_failure", "uninstall"))))),
    Configuration((QA, replace(IN_PROD, approval=Approval(minimum=2)))),
)
BROKEN = b"version: 1\nservices: [delivery\n"
# What a release branch would like to have: nobody asked, nothing before production.
WEAK = Configuration((QA, Place("production", prefix="prod"))).text()
