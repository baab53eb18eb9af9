"""The Functions app: every function that it has, by role."""

from __future__ import annotations

import azure.functions as func

from functions.commands import commands
from functions.helpers.described import describes
from functions.hooks import hooks
from functions.pages import pages
from functions.queries import queries
from functions.timers import timers
from functions.workers import workers
from shared.bootstrap import settings
from shared.domain.messages.queues import CONTROL, NONPROD, PRODUCTION
from shared.domain.values.errors import InvalidValue

# Control decides, reads pushes and speaks with people. A worker acts on what lies outside: production's on its environments alone,
# the other one on everything else; it builds what other people wrote.
BLUEPRINTS: dict[str, tuple[func.Blueprint, ...]] = {
    CONTROL: (
        hooks.blueprint,
        workers[CONTROL],
        timers,
        commands.blueprint,
        queries.blueprint,
        pages.blueprint,
    ),
    NONPROD: (workers[NONPROD],),
    PRODUCTION: (workers[PRODUCTION],),
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
# An app names its functions once, to the platform; the document reads those of another one like it.
describes(lambda: make(settings().roles).get_functions())
