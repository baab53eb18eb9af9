"""What exactly would be deployed: names and placeholders as the target environment sees them."""

from __future__ import annotations

from functools import lru_cache

from shared.domain.artifact import Artifact, in_namespace
from shared.domain.phases import PromotionKind
from shared.domain.placeholders import expand
from shared.domain.policy import DeployTarget, EnvironmentPolicy, GitOpsTarget
from shared.domain.promotion import Promotion
from shared.domain.records import replace


def image_reference(artifact: Artifact, rules: EnvironmentPolicy) -> str:
    """Return `host/repository:tag@digest` as the environment pulls it."""
    repository = in_namespace(artifact.image_repository, rules.registry_namespace)
    return f"{artifact.registry}/{repository}:{artifact.version.tag}@{artifact.image_digest}"


def change_cause(artifact: Artifact, promotion: Promotion) -> str:
    """Say why this is deployed, for the change-cause annotation and the commit."""
    what = "rollback to " if promotion.kind is PromotionKind.ROLLBACK else ""
    return f"{what}{artifact.version.tag}, promotion {promotion.number}: {promotion.cause}"


def placeholder_values(
    service: str, artifact: Artifact, rules: EnvironmentPolicy, promotion: Promotion
) -> dict[str, str]:
    """Return every placeholder's value for an artifact in an environment."""
    repository = in_namespace(artifact.image_repository, rules.registry_namespace)
    return {
        "registry": artifact.registry,
        "repository": repository,
        "image": f"{artifact.registry}/{repository}",
        "tag": artifact.version.tag,
        "digest": artifact.image_digest.text,
        "version": artifact.version.text,
        "service": service,
        "environment": rules.name,
        "commit": artifact.commit,
        "reason": change_cause(artifact, promotion),
    }


# Each step of a promotion asks for its target, and there are few.
@lru_cache(maxsize=1024)
def filled_target(target: DeployTarget, service: str, environment: str) -> DeployTarget:
    """Fill in the placeholders that name a place."""
    if isinstance(target, GitOpsTarget):
        values = {"service": service, "environment": environment}
        return replace(target, path=expand(target.path, values), repository=expand(target.repository, values))
    return target
