"""The Functions app: every function that it has, in one list by role."""

from __future__ import annotations

import azure.functions as func

from functions.anchor import anchor_blueprint
from functions.api.abort import abort_blueprint
from functions.api.add_hold import add_hold_blueprint
from functions.api.adopt import adopt_blueprint
from functions.api.answer_approval import answer_approval_blueprint
from functions.api.dismiss_poison import dismiss_poison_blueprint
from functions.api.get_build import get_build_blueprint
from functions.api.get_estate_ledger import get_estate_ledger_blueprint
from functions.api.get_estate_ledger_check import get_estate_ledger_check_blueprint
from functions.api.get_health import get_health_blueprint
from functions.api.get_holds import get_holds_blueprint
from functions.api.get_ledger import get_ledger_blueprint
from functions.api.get_ledger_check import get_ledger_check_blueprint
from functions.api.get_openapi import get_openapi_blueprint
from functions.api.get_output import get_output_blueprint
from functions.api.get_poison import get_poison_blueprint
from functions.api.get_poison_message import get_poison_message_blueprint
from functions.api.get_release import get_release_blueprint
from functions.api.get_releases import get_releases_blueprint
from functions.api.get_service import get_service_blueprint
from functions.api.get_services import get_services_blueprint
from functions.api.get_statuses import get_statuses_blueprint
from functions.api.get_why import get_why_blueprint
from functions.api.lift_hold import lift_hold_blueprint
from functions.api.override import override_blueprint
from functions.api.promote import promote_blueprint
from functions.api.redeploy import redeploy_blueprint
from functions.api.requeue_poison import requeue_poison_blueprint
from functions.api.retry import retry_blueprint
from functions.api.rollback import rollback_blueprint
from functions.ask_approval import ask_approval_blueprint
from functions.build import build_blueprint
from functions.cancel_build import cancel_build_blueprint
from functions.deploy import deploy_blueprint
from functions.deploy_production import deploy_production_blueprint
from functions.described import describes
from functions.event_worker import event_worker_blueprint
from functions.gather_facts import gather_facts_blueprint
from functions.gather_facts_production import gather_facts_production_blueprint
from functions.git_pushed import git_pushed_blueprint
from functions.inspect_push import inspect_push_blueprint
from functions.notify import notify_blueprint
from functions.observe_rollout import observe_rollout_blueprint
from functions.observe_rollout_production import observe_rollout_production_blueprint
from functions.pages.get_mark import get_mark_blueprint
from functions.pages.get_static import get_static_blueprint
from functions.pages.show_holds import show_holds_blueprint
from functions.pages.show_overview import show_overview_blueprint
from functions.pages.show_poison import show_poison_blueprint
from functions.pages.show_service import show_service_blueprint
from functions.poisoned import poisoned_blueprint
from functions.registry_changed import registry_changed_blueprint
from functions.registry_pushed import registry_pushed_blueprint
from functions.retag import retag_blueprint
from functions.retag_production import retag_production_blueprint
from functions.tag import tag_blueprint
from functions.tick import tick_blueprint
from shared.bootstrap import settings
from shared.domain.errors import InvalidValue
from shared.domain.queues import NONPROD, PRODUCTION

CONTROL = "control"

# Control decides and answers people. A worker acts on what lies outside: production's on its environments alone, the
# other one on everything else; it reads and builds what other people wrote.
BLUEPRINTS: dict[str, tuple[func.Blueprint, ...]] = {
    CONTROL: (
        git_pushed_blueprint,
        registry_pushed_blueprint,
        registry_changed_blueprint,
        event_worker_blueprint,
        tick_blueprint,
        poisoned_blueprint,
        anchor_blueprint,
        add_hold_blueprint,
        lift_hold_blueprint,
        promote_blueprint,
        abort_blueprint,
        retry_blueprint,
        redeploy_blueprint,
        rollback_blueprint,
        override_blueprint,
        adopt_blueprint,
        answer_approval_blueprint,
        get_services_blueprint,
        get_service_blueprint,
        get_releases_blueprint,
        get_release_blueprint,
        get_why_blueprint,
        get_build_blueprint,
        get_output_blueprint,
        get_ledger_blueprint,
        get_ledger_check_blueprint,
        get_statuses_blueprint,
        get_holds_blueprint,
        get_estate_ledger_blueprint,
        get_estate_ledger_check_blueprint,
        get_poison_blueprint,
        get_poison_message_blueprint,
        requeue_poison_blueprint,
        dismiss_poison_blueprint,
        get_health_blueprint,
        get_openapi_blueprint,
        show_overview_blueprint,
        show_service_blueprint,
        show_holds_blueprint,
        show_poison_blueprint,
        get_mark_blueprint,
        get_static_blueprint,
    ),
    NONPROD: (
        inspect_push_blueprint,
        build_blueprint,
        cancel_build_blueprint,
        gather_facts_blueprint,
        tag_blueprint,
        ask_approval_blueprint,
        retag_blueprint,
        deploy_blueprint,
        observe_rollout_blueprint,
        notify_blueprint,
    ),
    PRODUCTION: (
        gather_facts_production_blueprint,
        retag_production_blueprint,
        deploy_production_blueprint,
        observe_rollout_production_blueprint,
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
# An app names its functions once, to the platform; the document reads those of another one like it.
describes(lambda: make(settings().roles).get_functions())
