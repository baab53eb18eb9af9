"""More ways to drive a pilot: what people ask for, and single gates."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from shared.domain.deciding.blockers import why
from shared.domain.drafts.decision import Decision
from shared.domain.gating.gates import Blocker
from shared.domain.messages import effects as ef
from shared.domain.messages import events as ev
from shared.domain.policies.policy import ServicePolicy
from shared.domain.state.estate import EVERYTHING, Estate, Hold
from shared.domain.values.person import Person
from tests.support.pilot import OPERATOR, Pilot, policy

GROUP = "release-managers"


def person(name: str, *mails: str) -> Person:
    """Somebody with the given mails."""
    return Person(id=f"p-{name}", name=name, mails=mails)


def a_hold(
    scope: str = EVERYTHING, *, since: datetime, until: datetime | None = None, reason: str = "outage", id: str = "h"
) -> Hold:
    """A hold by the operator."""
    return Hold(id=id, scope=scope, reason=reason, person=OPERATOR, since=since, until=until)


def hold(pilot: Pilot, scope: str = EVERYTHING, *, until: datetime | None = None) -> None:
    """Hold a scope from now on, beside what is held already, and have the service looked at."""
    made = a_hold(scope, since=pilot.now, until=until, id=f"h{len(pilot.estate.holds)}")
    pilot.estate = Estate(holds=(*pilot.estate.holds, made))
    pilot.tell(ev.TimePassed(**pilot.ids()))


def lift(pilot: Pilot) -> None:
    """Lift every hold by people, and have the service looked at."""
    pilot.estate = Estate()
    pilot.tell(ev.TimePassed(**pilot.ids()))


def change(pilot: Pilot, *environments: Any, **changes: Any) -> Decision:
    """Put another policy in force."""
    made: ServicePolicy = policy(*environments, **changes)
    return pilot.tell(ev.PolicyChanged(**pilot.ids(), policy=made))


def ask(pilot: Pilot, kind: type[ev.RequestEvent], by: Person = OPERATOR, **fields: Any) -> Decision:
    """A person asks for something by API."""
    return pilot.tell(kind(**pilot.ids(), person=by, **fields))


def promote(pilot: Pilot, version: str, environment: str = "production") -> Decision:
    """A person promotes a version."""
    return ask(pilot, ev.PromoteRequested, version=version, environment=environment)


def retry(pilot: Pilot, version: str) -> Decision:
    """A person retries a release."""
    return ask(pilot, ev.RetryRequested, version=version)


def roll_back(pilot: Pilot, to: str = "", environment: str = "production") -> Decision:
    """A person rolls an environment back."""
    return ask(pilot, ev.RollbackRequested, environment=environment, to=to, reason="errors rise")


def redeploy(pilot: Pilot, version: str = "", environment: str = "production", *, restart: bool = False) -> Decision:
    """A person deploys again."""
    return ask(pilot, ev.RedeployRequested, environment=environment, version=version, restart=restart)


def override(pilot: Pilot, gate: str, version: str, environment: str = "production") -> Decision:
    """A person lets a version past a gate."""
    fields: dict[str, Any] = {"environment": environment, "version": version, "gate": gate}
    return ask(pilot, ev.OverrideGranted, reason="customers wait", **fields)


def adopt(pilot: Pilot, version: str, environment: str = "production") -> Decision:
    """A person says what runs."""
    return ask(pilot, ev.LiveAdopted, environment=environment, version=version, reason="looked")


def reasons(pilot: Pilot, version: str) -> tuple[Blocker, ...]:
    """What an open or ended release waits for now."""
    return why(pilot.state, pilot.release(version), estate=pilot.estate, now=pilot.now)


def codes(pilot: Pilot, version: str, environment: str = "production") -> list[str]:
    """Codes of what a release waits for in one environment, in order."""
    return [one.code for one in reasons(pilot, version) if one.environment == environment]


def asked(effects: Iterable[ef.ServiceEffect]) -> list[str]:
    """Ids of the requests that were put to people."""
    return [one.request for one in effects if isinstance(one, ef.AskApproval)]


def closings(effects: Iterable[ef.ServiceEffect]) -> list[str]:
    """Reasons with which questions were closed."""
    return [one.reason for one in effects if isinstance(one, ef.CloseApproval)]


HOUR, DAY = timedelta(hours=1), timedelta(days=1)
