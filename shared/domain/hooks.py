"""Helm's hooks in manifests that Helm does not install: who runs them, or whether anybody does."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

HOOK = "helm.sh/hook"
TESTS = frozenset({"test", "test-success", "test-failure"})
# https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-hooks
_BY_ARGO_CD = frozenset(
    {"crd-install", "pre-install", "pre-upgrade", "post-install", "post-upgrade", "pre-delete", "post-delete"}
)


class Hooks(StrEnum):
    """Who runs the hooks of what is written to a GitOps repository."""

    ARGOCD = "argocd"
    NONE = "none"


def events_of(annotations: Mapping[str, object]) -> tuple[str, ...]:
    """Name what a hook waits for, as Helm reads its annotation; empty for what is no hook."""
    said = annotations.get(HOOK)
    return tuple(each.strip().lower() for each in said.split(",")) if isinstance(said, str) and said.strip() else ()


def only_tests(events: tuple[str, ...]) -> bool:
    """Whether a hook runs for `helm test` alone, which nobody calls here."""
    return bool(events) and TESTS.issuperset(events)


def problem_of(events: tuple[str, ...], runner: Hooks | None) -> str:
    """Say why a hook would never run, empty where it does; without a runner Helm itself is one."""
    named = ", ".join(events)
    if not events or runner is None:
        return ""
    if runner is Hooks.NONE:
        return f"makes it a hook ({named[:100]}), and nobody runs hooks there: do without it, or say who runs them"
    if not _BY_ARGO_CD.intersection(events):
        return f"makes it a hook ({named[:100]}) that Argo CD never runs"
    return ""
