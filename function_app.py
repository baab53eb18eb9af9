"""The Functions app: every function that it has, in one list by role."""

from __future__ import annotations

import azure.functions as func

from functions.ask_approval import ask_approval_blueprint
from functions.build import build_blueprint
from functions.cancel_build import cancel_build_blueprint
from functions.deploy import deploy_blueprint
from functions.event_worker import event_worker_blueprint
from functions.gather_facts import gather_facts_blueprint
from functions.git_pushed import git_pushed_blueprint
from functions.inspect_push import inspect_push_blueprint
from functions.notify import notify_blueprint
from functions.observe_rollout import observe_rollout_blueprint
from functions.registry_pushed import registry_pushed_blueprint
from functions.retag import retag_blueprint
from functions.tick import tick_blueprint
from shared.bootstrap import settings
from shared.domain.errors import InvalidValue

CONTROL, WORKER = "control", "worker"

# Control decides and answers people; a worker acts on what lies outside. An app has one role or both.
BLUEPRINTS: dict[str, tuple[func.Blueprint, ...]] = {
    CONTROL: (
        git_pushed_blueprint,
        registry_pushed_blueprint,
        event_worker_blueprint,
        tick_blueprint,
    ),
    WORKER: (
        inspect_push_blueprint,
        build_blueprint,
        cancel_build_blueprint,
        gather_facts_blueprint,
        ask_approval_blueprint,
        retag_blueprint,
        deploy_blueprint,
        observe_rollout_blueprint,
        notify_blueprint,
    ),
}


def make(roles: frozenset[str]) -> func.FunctionApp:
    """Make an app with the functions of some roles, of all where none is named; raise InvalidValue for an unknown one."""
    unknown = roles - BLUEPRINTS.keys()
    if unknown:
        known = ", ".join(BLUEPRINTS)
        raise InvalidValue("SLIPWAY_ROLES", f"{', '.join(sorted(unknown))} is not known; known are: {known}")
    made = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for role in roles or BLUEPRINTS:
        for blueprint in BLUEPRINTS[role]:
            made.register_functions(blueprint)
    return made


app = make(settings().roles)
