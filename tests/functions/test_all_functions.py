"""The whole list of functions: what brings each one to run, in which app, and who may. A change here is one for users or for Azure."""

from __future__ import annotations

import azure.functions as func
from azure.functions.decorators.function_app import Function

import function_app
from functions.helpers.described import operation_of

# In the order of function_app.py. Whoever adds a function adds its line here, and says in the docs what it is for.
ALL = {
    "control": """
        git_pushed: POST api/hooks/git (secret)
        registry_pushed: POST api/hooks/registry (secret)
        registry_changed: event grid
        event_worker: queue slipway-events
        inspect_push: queue slipway-inspect-push
        people: queue slipway-people
        reports_nonprod: queue slipway-reports-nonprod
        reports_production: queue slipway-reports-production
        tick: timer 0 * * * * *
        anchor: timer 0 17 * * * *
        add_hold: POST api/holds (operators)
        lift_hold: DELETE api/holds/{id} (operators)
        promote: POST api/services/{service}/releases/{version}/promote (operators)
        abort: POST api/services/{service}/releases/{version}/abort (operators)
        retry: POST api/services/{service}/releases/{version}/retry (operators)
        redeploy: POST api/services/{service}/environments/{environment}/redeploy (operators)
        rollback: POST api/services/{service}/environments/{environment}/rollback (operators)
        override: POST api/services/{service}/environments/{environment}/override (operators)
        adopt: POST api/services/{service}/environments/{environment}/adopt (operators)
        answer_approval: POST api/services/{service}/approvals/{request} (approvers)
        requeue_poison: POST api/poison/{poison}/requeue (operators)
        dismiss_poison: POST api/poison/{poison}/dismiss (operators)
        get_services: GET api/services (readers)
        get_service: GET api/services/{service} (readers)
        get_releases: GET api/services/{service}/releases (readers)
        get_release: GET api/services/{service}/releases/{version} (readers)
        get_why: GET api/services/{service}/releases/{version}/why (readers)
        get_evidence: GET api/services/{service}/releases/{version}/promotions/{promotion}/evidence (readers)
        get_build: GET api/services/{service}/builds/{number} (readers)
        get_output: GET api/services/{service}/builds/{number}/steps/{step}/output (readers)
        get_ledger: GET api/services/{service}/ledger (readers)
        get_ledger_check: GET api/services/{service}/ledger/verify (readers)
        get_estate_ledger: GET api/estate/ledger (readers)
        get_estate_ledger_check: GET api/estate/ledger/verify (readers)
        get_statuses: GET api/statuses/{commit} (readers)
        get_holds: GET api/holds (readers)
        get_poison: GET api/poison (readers)
        get_poison_message: GET api/poison/{poison} (readers)
        get_health: GET api/health (anybody)
        get_openapi: GET api/openapi.json (anybody)
        show_overview: GET / (readers)
        show_service: GET services/{service} (readers)
        show_holds: GET holds (readers)
        show_poison: GET poison (readers)
        get_mark: GET api/mark (readers)
        get_static: GET static/{file} (anybody)
    """,
    "nonprod": """
        build: queue slipway-build
        quick: queue slipway-quick
        deploy: queue slipway-deploy
    """,
    "production": """
        quick_production: queue slipway-quick-production
        retag_production: queue slipway-retag-production
        deploy_production: queue slipway-deploy-production
    """,
}


def line_of(function: Function) -> str:
    """A function as it stands in the list."""
    trigger = function.get_trigger()
    assert trigger is not None
    found = trigger.get_dict_repr()
    match trigger.type:
        case "httpTrigger":
            [method] = found["methods"]
            assert found["authLevel"] is func.AuthLevel.ANONYMOUS, (
                "who asks is known by Easy Auth's header or by a secret, not by keys"
            )
            door = f"{getattr(method, 'value', method)} {found['route']} ({operation_of(function.get_user_function()).who})"
        case "queueTrigger":
            door = f"queue {found['queueName']}"
        case "timerTrigger":
            door = f"timer {found['schedule']}"
        case "eventGridTrigger":
            door = "event grid"
        case other:
            raise AssertionError(f"{other} is a kind of trigger that is not listed yet")
    return f"{function.get_function_name()}: {door}"


def registered(role: str) -> list[str]:
    """What an app of one role registers."""
    return [line_of(one) for one in function_app.make(frozenset({role})).get_functions()]


def listed(role: str) -> list[str]:
    """What it is known to register."""
    return [line.strip() for line in ALL[role].split("\n") if line.strip()]


def test_no_function_has_come_or_gone_unnoticed() -> None:
    """Names what was added and what is missing, with its method, route, queue or schedule, and who may."""
    added = {role: [one for one in registered(role) if one not in listed(role)] for role in function_app.BLUEPRINTS}
    missing = {role: [one for one in listed(role) if one not in registered(role)] for role in ALL}

    nothing: dict[str, list[str]] = {"control": [], "nonprod": [], "production": []}
    assert (added, missing) == (nothing, nothing)


def test_none_is_registered_twice() -> None:
    """Of two with one name the platform drops one."""
    found = [one for role in ALL for one in registered(role)]

    assert len(found) == len(set(found))
