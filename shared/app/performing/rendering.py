"""Manifests as an environment would get them: the pinned chart, values of the released commit, settings of the policy.

They are rendered once for each list of inputs (see domain/inputs.py) and kept. A chart may render something else each time;
what people approve, and what is deployed, are the bytes that were kept.
"""

from __future__ import annotations

import hashlib
import shutil
from os.path import isdir

from shared.app.access import EnvironmentAccess
from shared.app.parts import App
from shared.domain.charts.manifests import Finding, bounded, findings
from shared.domain.charts.undone import not_undone
from shared.domain.policies.place import home_of, place_of
from shared.domain.policies.policy import EnvironmentPolicy, HelmTarget, ServicePolicy
from shared.domain.state.deployment import change_cause, hooks_of, image_references, placeholder_values
from shared.domain.state.inputs import Input, changes, inputs_of, read_inputs, write_inputs
from shared.domain.state.promotion import Promotion, Rendered
from shared.domain.values.artifact import Artifact
from shared.domain.values.records import replace
from shared.ports.chart import Charts, Rendering, UnreadManifests, filled, write_rendering
from shared.ports.errors import NotFound, Permanent


def render(
    app: App,
    at: EnvironmentAccess,
    policy: ServicePolicy,
    environment_policy: EnvironmentPolicy,
    artifact: Artifact,
    promotion: Promotion,
) -> Rendered:
    """Return what would be deployed: what is kept already where its inputs are the same, else rendered and checked anew.

    A chart that cannot be rendered is a finding, and is tried again; Transient and our own faults come out.
    """
    rendering, files = _filled(app, policy, environment_policy, artifact, promotion)
    inputs = inputs_of(
        place_of(policy.service, environment_policy),
        artifact,
        environment_policy,
        promotion=promotion.number,
        files=files,
        settings=rendering.settings,
    )
    written, before = write_inputs(inputs), promotion.rendered
    name = hashlib.sha256(written).hexdigest()
    if before is not None and before.manifests and before.inputs == name:
        return before
    # Where nobody is asked, nobody is told in what they changed; their name is enough.
    kept = app.evidence.put(written) if environment_policy.approval is not None else name
    known = Rendered(inputs=kept, changed=_changed(app, before, name, inputs))
    try:
        manifests = _render(app, at.charts, artifact, rendering)
        known = replace(known, manifests=app.evidence.put(manifests))
        if isinstance(environment_policy.deploy, HelmTarget):
            known = replace(known, values=app.evidence.put(write_rendering(rendering)))
        return _judged(at, policy, environment_policy, artifact, known, manifests)
    except Permanent as error:
        if error.ours:
            raise
        return replace(known, findings=bounded([Finding(f"chart {policy.chart}", "templates", str(error))]))


def _filled(
    app: App, policy: ServicePolicy, environment_policy: EnvironmentPolicy, artifact: Artifact, promotion: Promotion
) -> tuple[Rendering, tuple[tuple[str, bytes | None], ...]]:
    """Return what the chart is rendered with, and the values files of the released commit."""
    place, repository = place_of(policy.service, environment_policy), policy.service.repository

    def read(path: str) -> bytes | None:
        return app.repository(repository).source.file(repository, artifact.commit, path)

    return filled(
        place.release_name,
        place.namespace,
        paths=environment_policy.values,
        settings=environment_policy.set,
        placeholders=placeholder_values(
            policy.service.service, artifact, environment_policy, reason=change_cause(artifact, promotion)
        ),
        read=read,
    )


def _judged(
    at: EnvironmentAccess,
    policy: ServicePolicy,
    environment_policy: EnvironmentPolicy,
    artifact: Artifact,
    known: Rendered,
    manifests: bytes,
) -> Rendered:
    """Check what was rendered. What cannot be read is a finding, for which a person may answer."""
    unread: list[Finding] = []
    images = image_references(artifact, environment_policy)
    try:
        objects = at.charts.parse(manifests)
    except UnreadManifests as error:
        unread = [Finding(place, "", problem) for place, problem in error.faults]
        objects = error.objects
    users = {}
    for part, image in zip(artifact.images, images, strict=True):
        try:
            users[part.digest.text] = at.registry.describe(artifact.registry, part.repository, part.digest).users
        except Permanent as error:
            if error.ours:
                raise
            unread.append(Finding(image, "image", str(error)))
    found = findings(
        objects,
        image=images[0],
        others=images[1:],
        users=users,
        hooks=hooks_of(environment_policy.deploy),
        manifests=manifests,
        home=home_of(policy, environment_policy),
        before=unread,
    )
    return replace(known, findings=found, not_undone=not_undone(objects))


def _changed(app: App, before: Rendered | None, name: str, inputs: tuple[Input, ...]) -> str:
    """Say in what the inputs differ from those that were rendered before; empty where they don't, or were not."""
    if before is None:
        return ""
    if before.inputs == name:
        return before.changed
    try:
        return changes(read_inputs(app.evidence.get(before.inputs)), inputs)
    except NotFound:
        return "what would be deployed changed"


def _render(app: App, charts: Charts, artifact: Artifact, rendering: Rendering) -> bytes:
    chart = artifact.chart
    if chart is None:
        raise Permanent(
            f"{artifact.version.tag} has no chart, and nothing else is rendered here; push a version with one"
        )
    folder = app.scratch / app.new_id()
    try:
        package = charts.pull(
            artifact.registry,
            chart.repository,
            chart.digest,
            version=artifact.version.text,
            into=folder,
        )
        return charts.render(package, rendering)
    finally:
        if isdir(folder):
            shutil.rmtree(folder)
