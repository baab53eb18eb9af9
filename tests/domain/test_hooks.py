"""What would not be applied, or would never run, is found before anybody looks for it in production."""

from __future__ import annotations

from typing import Any

import pytest

from shared.domain.charts.hooks import ARGOCD_HOOK, HOOK, SKIPS_FILE, Hooks, only_tests
from shared.domain.charts.manifests import CHANGE_CAUSE, findings

IMAGE = f"localhost:5000/delivery:v1.0.2@sha256:{'1' * 64}"
FLUX, FLUX_APPLY = "kustomize.toolkit.fluxcd.io/reconcile", "kustomize.toolkit.fluxcd.io/ssa"
LOCAL = "config.kubernetes.io/local-config"


def a_job(labels: object = None, **annotations: object) -> dict[str, Any]:
    """A job that complies but for its annotations."""
    pod = {"securityContext": {"runAsNonRoot": True}, "containers": [{"name": "a", "image": IMAGE}]}
    metadata = {"name": "x", "labels": labels, "annotations": {CHANGE_CAUSE: "v1.0.2", **annotations}}
    return {"kind": "Job", "metadata": metadata, "spec": {"template": {"spec": pod}}}


def found(job: dict[str, Any], runner: Hooks | None, manifests: bytes = b"") -> dict[str, str]:
    """What does not comply, by its field."""
    return {one.field: one.problem for one in findings([job], image=IMAGE, hooks=runner, manifests=manifests)}


@pytest.mark.parametrize(
    "annotations",
    [
        {},
        {HOOK: "pre-install"},
        {HOOK: " pre-upgrade , post-rollback"},
        {HOOK: "test,post-install,post-delete"},
        {HOOK: "crd-install"},
        {HOOK: "pre-rollback", ARGOCD_HOOK: "PreSync"},
        {HOOK: "pre-install", ARGOCD_HOOK: "someday"},
        {ARGOCD_HOOK: "PostSync, PostDelete"},
        {ARGOCD_HOOK: "SyncFail"},
        {ARGOCD_HOOK: "Skip,Sync"},
    ],
)
def test_what_argo_cd_applies_at_some_time_of_a_deployment_complies(annotations: dict[str, str]) -> None:
    """One word that it knows is enough; Helm's words count where none of its own does."""
    assert found(a_job(**annotations), Hooks.ARGOCD) == {}


@pytest.mark.parametrize(
    ("annotations", "named", "problem"),
    [
        ({HOOK: "pre-rollback, post-rollback"}, HOOK, "a hook (pre-rollback, post-rollback) that Argo CD never runs"),
        ({HOOK: "test"}, HOOK, "never runs"),
        ({HOOK: "someday"}, HOOK, "never runs"),
        ({HOOK: "Pre-Install"}, HOOK, "never runs"),
        ({HOOK: "pre-install\x1c"}, HOOK, "never runs"),
        ({HOOK: "crd-install,test"}, HOOK, "never runs"),
        ({HOOK: ""}, HOOK, "a hook (of no kind) that Argo CD never runs"),
        ({HOOK: None}, HOOK, "never runs"),
        ({ARGOCD_HOOK: "presync"}, ARGOCD_HOOK, "a hook (presync) that Argo CD never runs"),
        ({ARGOCD_HOOK: " "}, ARGOCD_HOOK, "never runs"),
        ({ARGOCD_HOOK: "", HOOK: "crd-install"}, ARGOCD_HOOK, "never runs"),
        ({ARGOCD_HOOK: "Skip"}, ARGOCD_HOOK, "never applied"),
        ({ARGOCD_HOOK: " Skip,Skip,what"}, ARGOCD_HOOK, "never applied"),
        ({ARGOCD_HOOK: "Skip", HOOK: "pre-install"}, ARGOCD_HOOK, "never applied"),
        ({HOOK: "pre-delete"}, HOOK, "only when the whole application is deleted"),
        ({HOOK: "pre-rollback, post-delete"}, HOOK, "only when the whole application is deleted"),
        ({ARGOCD_HOOK: "PreDelete"}, ARGOCD_HOOK, "only when the whole application is deleted"),
        ({ARGOCD_HOOK: "PostDelete", HOOK: "test"}, ARGOCD_HOOK, "only when the whole application is deleted"),
        ({HOOK: ["pre-install"]}, HOOK, "must be a text"),
    ],
)
def test_what_argo_cd_leaves_out_of_every_deployment_is_found(
    annotations: dict[str, object], named: str, problem: str
) -> None:
    """It compares words letter by letter, and says nothing of what it does not know."""
    told = found(a_job(**annotations), Hooks.ARGOCD)

    assert list(told) == [f"metadata.annotations[{named}]"]
    assert problem in told[f"metadata.annotations[{named}]"]


@pytest.mark.parametrize("marked", [f"# {SKIPS_FILE}\n", f'kind: ConfigMap\ndata: {{a: "{SKIPS_FILE}"}}\n'])
def test_attack_a_mark_that_has_argo_cd_leave_out_the_file_is_found(marked: str) -> None:
    """Attack: a note in one template, and everything that was deployed is pruned."""
    assert SKIPS_FILE in found(a_job(), Hooks.ARGOCD, marked.encode())[""]
    assert found(a_job(), Hooks.NONE, marked.encode()) == {}


@pytest.mark.parametrize(
    ("job", "field", "problem"),
    [
        (a_job(**{HOOK: "pre-install"}), f"annotations[{HOOK}]", "nobody runs hooks there"),
        (a_job(**{HOOK: ""}), f"annotations[{HOOK}]", "nobody runs hooks there"),
        (a_job(**{ARGOCD_HOOK: "PreSync"}), f"annotations[{ARGOCD_HOOK}]", "nobody runs hooks there"),
        (a_job(**{FLUX: "disabled"}), f"annotations[{FLUX}]", "keeps Flux from applying it"),
        (a_job(**{FLUX_APPLY: "Ignore"}), f"annotations[{FLUX_APPLY}]", "keeps Flux from applying it"),
        (a_job({FLUX: "Disabled"}), f"labels[{FLUX}]", "keeps Flux from applying it"),
        (a_job(**{LOCAL: "true"}), f"annotations[{LOCAL}]", "keeps it from being applied"),
    ],
)
def test_without_argo_cd_no_hook_runs_and_marks_of_others_count(job: dict[str, Any], field: str, problem: str) -> None:
    """What Flux leaves out is found like what Argo CD does."""
    told = found(job, Hooks.NONE)

    assert list(told) == [f"metadata.{field}"]
    assert problem in told[f"metadata.{field}"]


@pytest.mark.parametrize("said", ["enabled", "IfNotPresent", "false"])
def test_marks_that_leave_an_object_where_it_is_comply(said: str) -> None:
    """They are everyday words of Flux and kustomize."""
    assert found(a_job(**{FLUX: said, FLUX_APPLY: said, LOCAL: "false"}), Hooks.NONE) == {}


@pytest.mark.parametrize(
    ("said", "complies"),
    [
        ("pre-rollback, Post-Delete", True),
        ("test", True),
        ("crd-install", False),
        ("pre-install,someday", False),
        ("", False),
    ],
)
def test_helm_runs_its_own_hooks_and_leaves_out_what_it_does_not_know(said: str, complies: bool) -> None:
    """One word that it does not know is enough."""
    told = found(a_job(**{HOOK: said}), None)

    assert list(told) == ([] if complies else [f"metadata.annotations[{HOOK}]"])


def test_attack_a_pod_that_is_a_hook_is_judged_like_others() -> None:
    """Attack: a hook that runs as root, of an image that nobody pinned."""
    job = a_job(**{HOOK: "pre-install"})
    job["spec"]["template"]["spec"]["containers"].append({"image": "busybox", "securityContext": {"runAsUser": 0}})

    assert set(found(job, Hooks.ARGOCD)) == {
        "spec.template.spec.containers[1].image",
        "spec.template.spec.containers[1].securityContext.runAsUser",
    }


@pytest.mark.parametrize(
    ("annotations", "only"),
    [
        ({HOOK: "test"}, True),
        ({HOOK: " Test-Success,test-failure "}, True),
        ({HOOK: "test,pre-install"}, False),
        ({HOOK: ""}, False),
        ({HOOK: 7}, False),
        ({}, False),
        ({HOOK: "test", ARGOCD_HOOK: "PostSync"}, False),
    ],
)
def test_a_hook_is_a_test_where_all_it_waits_for_is_one(annotations: dict[str, object], only: bool) -> None:
    """What runs for something else as well is kept."""
    assert only_tests(annotations) is only
