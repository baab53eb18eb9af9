"""An environment's policy ↔ JSON: part of a service's policy, and the plan that a promotion pins.

What is left out has the value written here. That value belongs to the schema: it stays when the default of a new
policy changes, or plans that were pinned before would change with it.
"""

from __future__ import annotations

from datetime import timedelta

from shared.codec.fields import Fields
from shared.codec.primitives import Json, span_number, whole
from shared.domain.hooks import Hooks
from shared.domain.policy import (
    ApprovalRule,
    Deadlines,
    DenyWindow,
    DeployTarget,
    EnvironmentPolicy,
    GateRules,
    GitOpsTarget,
    HelmTarget,
    OnFirstFailure,
    Severity,
    Verdict,
)
from shared.domain.setting import Kind, Setting

_WEEK, _DAY, _NOTHING = timedelta(days=7), timedelta(hours=24), timedelta(0)
_HALF_HOUR, _QUARTER = timedelta(minutes=30), timedelta(minutes=15)
_FORBID = ("author",)
_DEADLINES = Deadlines(retagging=_HALF_HOUR, deploying=_HALF_HOUR, verifying=_QUARTER)
_GATES = GateRules(
    scan=Severity.CRITICAL,
    unknown_scan=Verdict.ALLOW,
    own_scan=False,
    older_than_live=Verdict.ALLOW,
    comply=Verdict.BLOCK,
    soak=_NOTHING,
)


def encode_plan(policy: EnvironmentPolicy) -> Json:
    """An environment's policy as an object."""
    values: Json = {
        "name": policy.name,
        "namespace": policy.namespace,
        "deploy": _encode_target(policy.deploy),
    }
    for name, some in (
        ("after", policy.after),
        ("values", policy.values),
        ("set", [(key, setting.text, setting.kind) for key, setting in policy.set]),
        ("freezes", [_encode_window(window) for window in policy.freezes]),
    ):
        if some:
            values[name] = some
    if policy.registry_namespace is not None:
        values["registry_namespace"] = policy.registry_namespace
    if policy.approval is not None:
        values["approval"] = _encode_approval(policy.approval)
    if policy.gates != _GATES:
        values["gates"] = _encode_gates(policy.gates)
    if policy.deadlines != _DEADLINES:
        values["deadlines"] = _encode_deadlines(policy.deadlines)
    if policy.identity is not None:
        values["identity"] = policy.identity
    if policy.on_first_failure is not OnFirstFailure.LEAVE:
        values["on_first_failure"] = policy.on_first_failure
    return values


def decode_plan(fields: Fields) -> EnvironmentPolicy:
    """See encode_plan."""
    return EnvironmentPolicy(
        name=fields.text("name"),
        namespace=fields.text("namespace"),
        deploy=fields.one("deploy", _decode_target),
        after=fields.texts("after"),
        values=fields.texts("values"),
        set=tuple((key, _decode_setting(fields, text, kind)) for key, text, kind in fields.triples("set")),
        registry_namespace=fields.maybe_text("registry_namespace"),
        approval=fields.maybe("approval", _decode_approval),
        gates=fields.maybe("gates", _decode_gates) or _GATES,
        deadlines=fields.maybe("deadlines", _decode_deadlines) or _DEADLINES,
        freezes=fields.many("freezes", _decode_window),
        identity=fields.maybe_text("identity"),
        on_first_failure=fields.word("on_first_failure", OnFirstFailure, OnFirstFailure.LEAVE),
    )


def _decode_setting(fields: Fields, text: str, kind: str) -> Setting:
    try:
        return Setting(text, Kind(kind))
    except ValueError as error:
        raise fields.damaged("set", str(error)) from error


def _encode_target(target: DeployTarget) -> Json:
    if isinstance(target, GitOpsTarget):
        return {"gitops": target.repository, "path": target.path, "branch": target.branch, "hooks": target.hooks}
    return {"helm": target.context}


def _decode_target(fields: Fields) -> DeployTarget:
    if "gitops" in fields:
        return GitOpsTarget(
            repository=fields.text("gitops"),
            path=fields.text("path"),
            branch=fields.text("branch"),
            hooks=fields.word("hooks", Hooks),
        )
    return HelmTarget(context=fields.text("helm"))


def _encode_approval(rule: ApprovalRule) -> Json:
    values: Json = {"approvers": rule.approvers}
    if rule.pinned:
        values["pinned"] = rule.pinned
    if rule.minimum != 1:
        values["minimum"] = whole(rule.minimum)
    if rule.forbid != _FORBID:
        values["forbid"] = rule.forbid
    if rule.expires != _WEEK:
        values["expires"] = span_number(rule.expires)
    if rule.valid_for != _DAY:
        values["valid_for"] = span_number(rule.valid_for)
    if rule.comment:
        values["comment"] = True
    return values


def _decode_approval(fields: Fields) -> ApprovalRule:
    return ApprovalRule(
        approvers=fields.texts("approvers"),
        pinned=fields.pairs("pinned"),
        minimum=fields.number("minimum", 1),
        forbid=fields.texts("forbid") if "forbid" in fields else _FORBID,
        expires=fields.span("expires", _WEEK),
        valid_for=fields.span("valid_for", _DAY),
        comment=fields.flag("comment", False),
    )


def _encode_gates(gates: GateRules) -> Json:
    return {
        "scan": gates.scan,
        "unknown_scan": gates.unknown_scan,
        "own_scan": gates.own_scan,
        "older_than_live": gates.older_than_live,
        "comply": gates.comply,
        "soak": span_number(gates.soak),
    }


def _decode_gates(fields: Fields) -> GateRules:
    return GateRules(
        scan=fields.word("scan", Severity),
        unknown_scan=fields.word("unknown_scan", Verdict),
        own_scan=fields.flag("own_scan"),
        older_than_live=fields.word("older_than_live", Verdict),
        comply=fields.word("comply", Verdict),
        soak=fields.span("soak"),
    )


def _encode_deadlines(deadlines: Deadlines) -> Json:
    return {
        "retagging": span_number(deadlines.retagging),
        "deploying": span_number(deadlines.deploying),
        "verifying": span_number(deadlines.verifying),
    }


def _decode_deadlines(fields: Fields) -> Deadlines:
    return Deadlines(
        retagging=fields.span("retagging"),
        deploying=fields.span("deploying"),
        verifying=fields.span("verifying"),
    )


def _encode_window(window: DenyWindow) -> Json:
    return {
        "cron": window.cron,
        "duration": span_number(window.duration),
        "timezone": window.timezone,
        "reason": window.reason,
    }


def _decode_window(fields: Fields) -> DenyWindow:
    return DenyWindow(
        cron=fields.text("cron"),
        duration=fields.span("duration"),
        timezone=fields.text("timezone"),
        reason=fields.text("reason"),
    )
