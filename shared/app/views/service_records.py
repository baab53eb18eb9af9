"""The records of a service and its environments that are read, made of those of its releases."""

from __future__ import annotations

from typing import Literal

from shared.app.views.adoptable import AdoptableView
from shared.app.views.build import BuildView
from shared.app.views.records import LiveView, PersonView, PromotionView, ReleaseView
from shared.app.views.view import View
from shared.domain.values.records import Time


class WayView(View):
    """A promotion that is on its way into an environment, with its version."""

    version: str
    promotion: PromotionView


class EnvironmentView(View):
    """An environment of a service: what is live, what was good before, what is on its way.

    `configured` is False where it left the configuration; `slot` is the number of the promotion that deploys now.
    `found` is what was found there and nobody adopted yet, where a version waits. `deployed_with` is how it is deployed by the policy in force.
    """

    environment: str
    configured: bool
    deployed_with: Literal["gitops", "helm"] | None
    after: tuple[str, ...]
    live: LiveView | None
    earlier: tuple[LiveView, ...]
    unknown: str
    found: AdoptableView | None
    slot: int | None
    on_the_way: tuple[WayView, ...]


class HoldView(View):
    """A hold by people, or on an artifact after a rollback (then `person` is None and `version` is set)."""

    id: str
    scope: str
    reason: str
    person: PersonView | None
    since: Time
    until: Time | None
    version: str | None = None


class ValidationView(View):
    """A branch that is being validated: the builds that run, and the push that waits for them."""

    ref: str
    pull_request: str
    running: tuple[BuildView, ...]
    waiting: str | None


class ServiceView(View):
    """A service as it stands. `sequence` grows with each of its decisions."""

    repository: str
    service: str
    configured: bool
    sequence: int
    environments: tuple[EnvironmentView, ...]
    releases: tuple[ReleaseView, ...]
    validations: tuple[ValidationView, ...]
    holds: tuple[HoldView, ...]
