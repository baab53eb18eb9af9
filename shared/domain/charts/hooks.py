"""What keeps a rendered object from being applied, or from ever running, by who applies it: hooks, and marks of its tools.

Argo CD maps Helm's hooks onto its own, and leaves out without a word what it cannot map.
https://argo-cd.readthedocs.io/en/stable/user-guide/helm/#helm-hooks and .../sync-waves/; gitops-engine, pkg/sync/hook.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

HOOK = "helm.sh/hook"
ARGOCD_HOOK = "argocd.argoproj.io/hook"
# Anywhere in a file, also within a text: Argo CD leaves out all of it.
SKIPS_FILE = "+argocd:skip-file-rendering"

_TESTS = frozenset({"test", "test-success", "test-failure"})
_BY_HELM = frozenset(
    f"{when}-{what}" for when in ("pre", "post") for what in ("install", "upgrade", "rollback", "delete")
) | {"test", "test-success"}
# An object that bears this alone is no hook for Argo CD.
_DEFINITION = "crd-install"
_SKIP = "Skip"
_OF_ARGOCD = frozenset({"PreSync", "Sync", "PostSync", "SyncFail", _SKIP})
_MAPPED = frozenset({"pre-install", "pre-upgrade", "post-install", "post-upgrade"})
_WHEN_DELETED = {ARGOCD_HOOK: frozenset({"PreDelete", "PostDelete"}), HOOK: frozenset({"pre-delete", "post-delete"})}
# https://fluxcd.io/flux/components/kustomize/kustomizations/#controlling-the-apply-behavior-of-resources; as labels, too.
_KEPT_FROM_FLUX = {"kustomize.toolkit.fluxcd.io/reconcile": "disabled", "kustomize.toolkit.fluxcd.io/ssa": "ignore"}
_KEPT_LOCAL = "config.kubernetes.io/local-config"
# What Go takes for blanks, which is less than Python does.
_BLANKS = "".join(chr(one) for one in range(0x3001) if chr(one).isspace() and not 0x1C <= one <= 0x1F)


class Hooks(StrEnum):
    """Who runs the hooks of what is written to a GitOps repository."""

    ARGOCD = "argocd"
    NONE = "none"


def only_tests(annotations: Mapping[str, object]) -> bool:
    """Whether a hook runs for `helm test` alone, which nobody calls here; Argo CD's own hooks are run by Argo CD."""
    return ARGOCD_HOOK not in annotations and _TESTS.issuperset(_words(annotations, HOOK, fold=True) or ("",))


def problems_of(
    annotations: Mapping[str, object], labels: Mapping[str, object], runner: Hooks | None
) -> Iterator[tuple[str, str]]:
    """Say by its mark (`annotations[…]`) what keeps an object from being applied, or running; without a runner Helm is one."""
    for name in (ARGOCD_HOOK, HOOK):
        if not isinstance(annotations.get(name, ""), str | None):
            yield f"annotations[{name}]", "must be a text, or nobody can tell whether this is a hook"
            return
    match runner:
        case Hooks.ARGOCD:
            yield from _with_argocd(annotations)
        case Hooks.NONE:
            yield from _without_hooks(annotations, labels)
        case _:
            words = _words(annotations, HOOK, fold=True)
            unknown = [word for word in words if word not in _BY_HELM]
            if unknown:
                yield (
                    f"annotations[{HOOK}]",
                    f"makes it a hook ({_said(unknown)}) that Helm does not know and leaves out",
                )


def _with_argocd(annotations: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    own, of_helm = _words(annotations, ARGOCD_HOOK), _words(annotations, HOOK)
    if not own and annotations.get(HOOK) == _DEFINITION:
        return
    if not own and not of_helm:
        return
    name = ARGOCD_HOOK if own else HOOK
    # Helm's words count where none of Argo CD's own is known.
    known = _OF_ARGOCD.intersection(own) or _MAPPED.intersection(of_helm)
    deleting = any(_WHEN_DELETED[each].intersection(words) for each, words in ((ARGOCD_HOOK, own), (HOOK, of_helm)))
    if known == {_SKIP}:
        yield f"annotations[{name}]", "has Argo CD skip it, so that it is never applied; leave it out of the chart"
    elif not known and deleting:
        yield (
            f"annotations[{name}]",
            "has Argo CD run it only when the whole application is deleted there, never when something is deployed",
        )
    elif not known:
        yield f"annotations[{name}]", f"makes it a hook ({_said(own or of_helm)}) that Argo CD never runs"


def _without_hooks(annotations: Mapping[str, object], labels: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    for name in (ARGOCD_HOOK, HOOK):
        words = _words(annotations, name)
        if words:
            problem = (
                f"makes it a hook ({_said(words)}), and nobody runs hooks there: do without it, or say who runs them"
            )
            yield f"annotations[{name}]", problem
    for kind, found in (("annotations", annotations), ("labels", labels)):
        for name, word in _KEPT_FROM_FLUX.items():
            if str(found.get(name)).casefold() == word:
                yield f"{kind}[{name}]", "keeps Flux from applying it; leave it out of the chart"
    if annotations.get(_KEPT_LOCAL, "false") != "false":
        yield f"annotations[{_KEPT_LOCAL}]", "keeps it from being applied by kustomize; leave it out of the chart"


def _words(annotations: Mapping[str, object], name: str, *, fold: bool = False) -> tuple[str, ...]:
    """Return what an annotation lists; empty where it is not there, and one empty word where it says nothing."""
    if name not in annotations:
        return ()
    said = annotations[name]
    words = [each.strip(_BLANKS) for each in (said if isinstance(said, str) else "").split(",")]
    return tuple(each.lower() if fold else each for each in words)


def _said(words: tuple[str, ...] | list[str]) -> str:
    return (", ".join(filter(None, words)) or "of no kind")[:100]
