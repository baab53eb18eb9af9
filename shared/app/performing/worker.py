"""Who performs: a worker acts on the environments whose identities it holds, and refuses the others'."""

from __future__ import annotations

from shared.app.access import EnvironmentAccess
from shared.app.parts import App
from shared.domain.messages.workers import worker_for
from shared.domain.policies.policy import EnvironmentPolicy
from shared.domain.values.errors import SlipwayError


class WrongWorker(SlipwayError):
    """The message lies in a queue whose worker does not act on what it is about."""


def access_to(app: App, policy: EnvironmentPolicy, worker: str) -> EnvironmentAccess:
    """Return what acts on an environment, with its identity. Raise WrongWorker, and Permanent where it is not held."""
    right = worker_for(policy, app.production)
    if right != worker:
        raise WrongWorker(f"{policy.name} is served by the {right} worker, and not by {worker}")
    return app.access_as(policy.identity)
