"""From the file's models to the domain's records."""

from __future__ import annotations

from collections.abc import Sequence

from shared.domain.policies.patience import Patience
from shared.domain.policies.policy import (
    ApprovalRule,
    BuildPolicy,
    Deadlines,
    DenyWindow,
    DeployTarget,
    EnvironmentPolicy,
    GateRules,
    Patterns,
    TriggerPolicy,
    Verdict,
)
from shared.domain.policies.setting import Setting
from shared.inbound.slipway_yaml.discovery import Located
from shared.inbound.slipway_yaml.environments import PRODUCTION
from shared.inbound.slipway_yaml.fields import ROOT
from shared.inbound.slipway_yaml.models import Approval, BuildSection, Environment, Gates

# What every chart needs to run the released image and to say why; a file with `set` says it itself.
_SET = {
    "image.repository": Setting("{image}"),
    "image.tag": Setting("{tag}@{digest}"),
    "reason": Setting("{reason}"),
}


def triggers(located: Located) -> TriggerPolicy:
    """Without a list of paths what counts is the service's own folder, its chart's, what the image is built from, and links."""
    wanted, build = located.service.triggers, located.service.build
    context = "/" if build.context == ROOT else build.context
    own = list(dict.fromkeys(filter(None, (located.path, located.chart, context, build.dockerfile))))
    branches, paths = wanted.branches.include, wanted.paths.include
    return TriggerPolicy(
        branches=Patterns(include=tuple(branches or ["*"]), exclude=tuple(wanted.branches.exclude)),
        paths=Patterns(include=tuple(paths or own), exclude=tuple(wanted.paths.exclude)),
        follow_links=not paths,
        batch=wanted.batch,
    )


def build(wanted: BuildSection) -> BuildPolicy:
    """The deadline is the service's, not the build's."""
    return BuildPolicy(
        test=wanted.test,
        test_target=wanted.test_target,
        args=tuple(wanted.args.items()),
        env=tuple(dict.fromkeys(wanted.env)),
        dockerfile=wanted.dockerfile,
        context=wanted.context,
    )


def environment(
    name: str,
    wanted: Environment,
    *,
    chart: str,
    deploy: DeployTarget,
    freezes: Sequence[DenyWindow],
) -> EnvironmentPolicy:
    """One environment, as one service sees it."""
    values = [f"{chart}/values-{{environment}}.yaml"] if wanted.values is None else wanted.values
    deadlines, patience = wanted.deadlines, wanted.patience
    return EnvironmentPolicy(
        name=name,
        namespace=wanted.namespace or name,
        deploy=deploy,
        after=tuple(dict.fromkeys(wanted.after)),
        values=tuple(values),
        set=tuple((_SET if wanted.set is None else wanted.set).items()),
        registry_namespace=wanted.registry_namespace,
        approval=_approval(name, wanted),
        gates=_gates(name, wanted.gates),
        deadlines=Deadlines(
            retagging=deadlines.retagging, deploying=deadlines.deploying, verifying=deadlines.verifying
        ),
        patience=Patience(create=patience.create, pull=patience.pull, restarts=patience.restarts),
        freezes=tuple(freezes),
        identity=wanted.identity,
        on_first_failure=wanted.on_first_failure,
    )


def _approval(name: str, wanted: Environment) -> ApprovalRule | None:
    rule = wanted.approval
    if rule is None and name == PRODUCTION and "approval" not in wanted.model_fields_set:
        rule = Approval()
    if rule is None:
        return None
    return ApprovalRule(
        approvers=tuple(rule.approvers),
        minimum=rule.minimum,
        forbid=tuple(rule.forbid),
        expires=rule.expires,
        valid_for=rule.valid_for,
        comment=rule.comment,
    )


def _gates(name: str, wanted: Gates) -> GateRules:
    unknown = Verdict.BLOCK if name == PRODUCTION else Verdict.ALLOW
    return GateRules(
        scan=wanted.scan,
        unknown_scan=wanted.unknown_scan or unknown,
        own_scan=wanted.own_scan,
        older_than_live=wanted.older_than_live,
        comply=wanted.comply,
        soak=wanted.soak,
    )
