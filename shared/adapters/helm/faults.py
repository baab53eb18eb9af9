"""Whose fault it is when Helm says no. Its classes alone do not tell, so its words do; a test on a real server holds each."""

from __future__ import annotations

import re
from datetime import timedelta

from shared.ports.errors import AdapterError, Permanent, Transient

_AGAIN = timedelta(seconds=15)
# In this order: the first that fits decides. (words, whose fault: "release", "ours" or "again", what to do)
_WORDS: tuple[tuple[re.Pattern[str], str, str], ...] = tuple(
    (re.compile(words, re.IGNORECASE), whose, hint)
    for words, whose, hint in (
        (
            r"another operation \(install/upgrade/rollback\) is in progress|cannot reuse a name|release: already exists",
            "again",
            "somebody else is at this release",
        ),
        (
            r"asked for the client to provide credentials|unauthorized",
            "ours",
            "the cluster does not know our token: look at the environment's identity",
        ),
        (r"certificate-authority|tls: failed to verify|x509:", "ours", "correct the authority that the settings name for the cluster"),
        (r"failed calling webhook", "again", "one of the cluster's own webhooks does not answer"),
        (r"denied request|admission webhook .* denied", "release", "the cluster's policy says no: correct the chart"),
        (r"exceeded quota", "release", "the namespace's quota is used up: ask for less, or have it raised"),
        (r"violates PodSecurity", "release", "correct the chart's security contexts"),
        (
            r"namespaces \"[^\"]*\" not found",
            "ours",
            "the namespace is made by administrators: apply what `make rbac` prints",
        ),
        (r"is forbidden|could not get apiVersions from Kubernetes: unknown", "ours", "give the environment's identity the Role that `make rbac` prints"),
        (r"conflicts? with|Apply failed with \d+ conflict", "release", "take the change back, or set drift: correct"),
        (r"invalid ownership metadata|cannot be imported into the current release", "release", "adopt the object, or delete it"),
        (r"field is immutable", "release", "an immutable field changes: give the object another name, or delete it first"),
        (r"no matches for kind|ensure CRDs are installed first", "release", "the cluster does not know this kind"),
        (r"hooks? failed|hook .*(failed|timed out)", "release", "look at the hook's Job"),
        (r"failed to create typed patch object|YAML parse error|invalid release name|has no deployed releases", "release", "correct the chart"),
        (
            r"connection refused|connection reset|no such host|i/o timeout|EOF|TLS handshake timeout|too many requests"
            r"|cluster unreachable|server is currently unable|etcdserver",
            "again",
            "",
        ),
    )
)  # fmt: skip
_OURS = frozenset({"HelmIOError", "HelmLibraryError", "HelmInvalidHandleError", "ImportError", "ModuleNotFoundError"})


def fault_of(kind: str, why: str, doing: str) -> AdapterError:
    """Return what a failure of Helm's means: its class and its words."""
    if kind == "TooLate":
        return Transient(f"{doing}: {why}")
    if kind == "Otherwise":
        return Permanent(
            f"{doing}: in the cluster the chart renders {why} otherwise than what was checked; let it not depend on what is"
            " there (lookup, .Release.IsInstall, .Capabilities) or on chance"
        )
    if kind in _OURS:
        return Permanent(f"{doing}: Helm gave up: {why}", ours=True)
    for words, whose, hint in _WORDS:
        if words.search(why):
            said = f"{doing}: {why}" + (f"; {hint}" if hint else "")
            if whose == "again":
                return Transient(said, retry_after=_AGAIN)
            return Permanent(said, ours=whose == "ours")
    if kind == "HelmCancelledError":
        return Permanent(f"{doing}: {why}; hooks took longer than deploy.helm.timeout")
    if kind == "HelmKubeError":
        return Transient(f"{doing}: {why}")
    return Permanent(f"{doing}: {why}")
