"""What exactly would be deployed: names and placeholders as the target environment sees them."""

from __future__ import annotations

from shared.domain.charts.hooks import Hooks
from shared.domain.policies.policy import DeployTarget, EnvironmentPolicy, GitOpsTarget, ServicePolicy
from shared.domain.state.phases import PromotionKind
from shared.domain.state.promotion import Promotion
from shared.domain.values.artifact import Artifact, in_namespace
from shared.domain.values.names import Digest
from shared.domain.values.version import Version

LONGEST_REASON = 300
_STAND_IN, _NO_DIGEST = Version.parse("0.0.0-check"), Digest("sha256:" + "0" * 64)
_PLAIN = frozenset(".-() ")
_BEFORE_LETTERS = "".join(_PLAIN)


def stand_in(policy: ServicePolicy, commit: str) -> Artifact:
    """What a chart is rendered with before a version is packaged: the service's own names, and digests of nothing."""
    return Artifact(
        registry=policy.registry,
        parts=tuple(name.at(_STAND_IN, _NO_DIGEST) for name in policy.parts),
        commit=commit,
        version=_STAND_IN,
    )


def image_references(artifact: Artifact, policy: EnvironmentPolicy) -> tuple[str, ...]:
    """Return each image as the environment pulls it, `host/repository:tag@digest`; the service's own is the first."""
    return tuple(
        f"{artifact.registry}/{in_namespace(part.repository, policy.registry_namespace)}:{part.tag}@{part.digest}"
        for part in artifact.images
    )


def change_cause(artifact: Artifact, promotion: Promotion) -> str:
    """Say in full why this is deployed, as the commit says it; manifests are given no more than `plain_words` of it."""
    what = "rollback to " if promotion.kind is PromotionKind.ROLLBACK else ""
    return f"{what}{artifact.version.tag}, promotion {promotion.number}: {promotion.cause}"


def plain_words(text: str) -> str:
    """Keep of people's words what breaks no YAML scalar, plain or quoted: letters, digits, blanks, `.`, `-`, `(` and `)`."""
    kept = "".join([each if each.isalnum() or each in _PLAIN else " " for each in text])
    return " ".join(kept.split()).lstrip(_BEFORE_LETTERS)[:LONGEST_REASON].rstrip()


def placeholder_values(service: str, artifact: Artifact, policy: EnvironmentPolicy, *, reason: str) -> dict[str, str]:
    """Return every placeholder's value for an artifact in an environment; `reason` may hold any words of people."""
    repository = in_namespace(artifact.image.repository, policy.registry_namespace)
    return {
        "registry": artifact.registry,
        "repository": repository,
        "image": f"{artifact.registry}/{repository}",
        "tag": artifact.image.tag,
        "digest": artifact.image.digest.text,
        "version": artifact.version.text,
        "service": service,
        "environment": policy.name,
        "commit": artifact.commit,
        "reason": plain_words(reason),
    }


def hooks_of(target: DeployTarget) -> Hooks | None:
    """Say who runs a chart's hooks where it is deployed; None: Helm does."""
    return target.hooks if isinstance(target, GitOpsTarget) else None
