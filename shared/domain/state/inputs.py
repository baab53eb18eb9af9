"""Everything that decides what is deployed, as a list that is written out: what people say yes to, and what is rendered once.

The list is explicit and numbered, and not made of records as they are stored: a later Slipway writes the same list for the
same release, so that an upgrade asks nobody again. Whoever adds an entry asks everybody again who was asked, or leaves it
out where it says nothing new.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence

from shared.domain.policies.place import Place
from shared.domain.policies.policy import DeployTarget, EnvironmentPolicy, GitOpsTarget
from shared.domain.policies.setting import Setting
from shared.domain.state.deployment import image_references
from shared.domain.values.artifact import Artifact
from shared.domain.values.words import counted

Input = tuple[str, str]

_FIRST: Input = ("inputs", "1")
_VALUES, _SET = "values file ", "setting "
_ABSENT = "absent"
_TOLD = 3


def inputs_of(
    place: Place,
    artifact: Artifact,
    policy: EnvironmentPolicy,
    *,
    promotion: int,
    files: Sequence[tuple[str, bytes | None]],
    settings: Mapping[str, Setting],
) -> tuple[Input, ...]:
    """List what decides what a promotion deploys: each part once, by its digest where it is large.

    `files` are the values files at the artifact's commit in order, None where there is none; `settings` are expanded.
    """
    return (
        _FIRST,
        ("environment", place.environment),
        ("promotion", str(promotion)),
        *_parts(artifact, policy),
        *((f"{_VALUES}{path}", _ABSENT if content is None else _sha256(content)) for path, content in files),
        *((f"{_SET}{key}", f"{value.kind} {value.text}") for key, value in settings.items()),
        ("namespace", place.namespace),
        ("release name", place.release_name),
        *_target(place.target),
    )


def _parts(artifact: Artifact, policy: EnvironmentPolicy) -> Iterator[Input]:
    for part, reference in zip(artifact.images, image_references(artifact, policy), strict=True):
        yield "image" if part is artifact.image else f"image {part.repository}", reference
    if artifact.chart is not None:
        chart = artifact.chart
        yield "chart", f"{artifact.registry}/{chart.repository}:{chart.tag}@{chart.digest}"


def _target(target: DeployTarget) -> Iterator[Input]:
    if isinstance(target, GitOpsTarget):
        yield "target", "gitops"
        yield "target repository", target.repository
        yield "target branch", target.branch
        yield "target path", target.path
        yield "target hooks", target.hooks.value
    else:
        yield "target", "helm"
        yield "target cluster", target.cluster


_line = json.JSONEncoder(ensure_ascii=True, separators=(",", ":")).encode


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def write_inputs(inputs: Sequence[Input]) -> bytes:
    """The list as it is kept; its SHA-256 names it."""
    return ("[" + ",\n".join(map(_line, inputs)) + "]\n").encode("ascii")


def read_inputs(content: bytes) -> tuple[Input, ...]:
    """See write_inputs."""
    return tuple((name, value) for name, value in json.loads(content))


def changes(before: Sequence[Input], after: Sequence[Input]) -> str:
    """Say in words what differs: `values-production.yaml changed`. There is a difference."""
    old, new = dict(before), dict(after)
    names = (name for name in dict.fromkeys([*old, *new]) if old.get(name) != new.get(name))
    said = [_said(name, old, new) for name in names] or ["the order of values files or settings changed"]
    more = f" and {counted(len(said) - _TOLD, 'other input')} changed" if len(said) > _TOLD else ""
    return ", ".join(said[:_TOLD]) + more


def _said(name: str, old: Mapping[str, str], new: Mapping[str, str]) -> str:
    if name.startswith(_VALUES):
        what = name.removeprefix(_VALUES)
        if new.get(name, _ABSENT) == _ABSENT:
            return f"{what} is no longer among the values files"
        if old.get(name, _ABSENT) == _ABSENT:
            return f"{what} is now among the values files"
        return f"{what} changed"
    what = name if name.startswith(_SET) else f"the {name}"
    if name not in old:
        return f"{what} was added"
    return f"{what} changed" if name in new else f"{what} was taken out"
