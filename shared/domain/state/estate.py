"""What holds for many services at once: people's holds on everything, an environment or a service."""

from __future__ import annotations

from datetime import datetime

from shared.domain.values.errors import InvalidValue
from shared.domain.values.names import ServiceKey, checked_name
from shared.domain.values.person import Person
from shared.domain.values.records import Record, Time

EVERYTHING = "everything"
_ENVIRONMENT = "environment:"
_SERVICE = "service:"


class Hold(Record):
    """Nothing in its scope may be promoted, rollbacks excepted, until a person lifts it or its time is over.

    `scope` is `everything` (stop-the-line), `environment:<name>` or `service:<repository>/<service>`.
    """

    id: str
    scope: str
    reason: str
    person: Person
    since: Time
    until: Time | None = None

    def over(self, now: datetime) -> bool:
        """Whether its time has ended; without one it holds until it is lifted."""
        return self.until is not None and now >= self.until

    def covers(self, service: ServiceKey, environment: str, now: datetime) -> bool:
        """Whether the hold keeps this service out of this environment now."""
        if self.over(now):
            return False
        wanted = (
            EVERYTHING,
            f"{_ENVIRONMENT}{environment}",
            f"{_SERVICE}{service.repository}/{service.service}",
        )
        return self.scope in wanted


class Estate(Record):
    """Every hold by people, and the revision (sequence) that they were read at."""

    holds: tuple[Hold, ...] = ()
    revision: int = 0

    def covering(self, service: ServiceKey, environment: str, now: datetime) -> Hold | None:
        """Return the newest hold that keeps the service out of the environment."""
        found = self.all_covering(service, environment, now)
        return max(found, key=lambda hold: (hold.since, hold.id), default=None)

    def all_covering(self, service: ServiceKey, environment: str, now: datetime) -> list[Hold]:
        """Return every hold that keeps the service out of the environment."""
        return [hold for hold in self.holds if hold.covers(service, environment, now)]


def checked_scope(scope: str) -> str:
    """Return a scope that a hold can have, or raise InvalidValue."""
    if scope == EVERYTHING:
        return scope
    if scope.startswith(_ENVIRONMENT):
        checked_name("scope", scope.removeprefix(_ENVIRONMENT))
        return scope
    if scope.startswith(_SERVICE):
        repository, _, service = scope.removeprefix(_SERVICE).partition("/")
        ServiceKey(repository, service)
        return scope
    raise InvalidValue("scope", f"{scope!r} is not everything, environment:<name> or service:<repository>/<service>")
