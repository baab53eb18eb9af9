"""Manifests as an environment would get them: the pinned chart, values of the released commit, settings of the policy."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from os.path import isdir

from shared.app.parts import App
from shared.domain.artifact import Artifact
from shared.domain.manifests import Finding, findings
from shared.domain.placeholders import expand
from shared.domain.plan import change_cause, image_reference, placeholder_values
from shared.domain.policy import EnvironmentPolicy, ServicePolicy
from shared.domain.promotion import Promotion
from shared.ports.chart import Charts, Rendering
from shared.ports.errors import Permanent


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The manifests' evidence, and in what they do not comply."""

    evidence: str = ""
    findings: tuple[Finding, ...] = ()


def render(
    app: App,
    charts: Charts,
    policy: ServicePolicy,
    rules: EnvironmentPolicy,
    artifact: Artifact,
    promotion: Promotion,
) -> Rendered:
    """Render and check. A chart that cannot be rendered is a finding; Transient and our own faults come out."""
    try:
        manifests = _render(app, charts, policy, rules, artifact, promotion)
        objects = charts.parse(manifests)
    except Permanent as error:
        if error.ours:
            raise
        return Rendered(findings=(Finding(f"chart {policy.chart}", "templates", str(error)),))
    found = findings(objects, image=image_reference(artifact, rules))
    return Rendered(evidence=app.evidence.put(manifests), findings=found)


def _render(
    app: App,
    charts: Charts,
    policy: ServicePolicy,
    rules: EnvironmentPolicy,
    artifact: Artifact,
    promotion: Promotion,
) -> bytes:
    def read(path: str) -> bytes | None:
        return app.source.file(policy.service.repository, artifact.commit, path)

    rendering = rendering_for(
        policy.service.service, rules, artifact, reason=change_cause(artifact, promotion), read=read
    )
    folder = app.scratch / app.new_id()
    try:
        package = charts.pull(
            artifact.registry,
            artifact.chart_repository,
            artifact.chart_digest,
            version=artifact.version.text,
            into=folder,
        )
        return charts.render(package, rendering)
    finally:
        if isdir(folder):
            shutil.rmtree(folder)


def rendering_for(
    service: str,
    rules: EnvironmentPolicy,
    artifact: Artifact,
    *,
    reason: str,
    read: Callable[[str], bytes | None],
) -> Rendering:
    """Say how an environment has a chart rendered; `read` returns a file of the artifact's commit, None where there is none.

    For what is not packaged yet `plan.stand_in` makes an artifact.
    """
    values = placeholder_values(service, artifact, rules, reason=reason)
    files = [read(expand(path, values)) for path in rules.values]
    return Rendering(
        release_name=service,
        namespace=rules.namespace,
        values=tuple(content for content in files if content is not None),
        set=tuple((key, setting.expanded(values)) for key, setting in rules.set),
    )
