"""Reads a vulnerability scanner's own report: Trivy's and Grype's JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from shared.domain.policies.policy import Severity
from shared.domain.values.names import DIGEST_PATTERN, Digest
from shared.ports.builder import ScanResult

_SEVERITIES = {
    "negligible": Severity.LOW,
    "low": Severity.LOW,
    "medium": Severity.MEDIUM,
    "high": Severity.HIGH,
    "critical": Severity.CRITICAL,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScanReport:
    """What a scanner found, and the digests of what it looked at; the change's own tests left it there."""

    scanner: str
    worst: Severity
    unranked: int
    digests: frozenset[str]

    def about(self, image: Digest | None) -> ScanResult:
        """What the report says of an image: nothing, if it is about another one."""
        if image is None:
            return ScanResult(worst=None, reason="the image was not pushed, so no report can be bound to its digest")
        if str(image) not in self.digests:
            named = ", ".join(sorted(self.digests)) or "no digest"
            return ScanResult(worst=None, reason=f"the report of {self.scanner} is not about {image}: it names {named}")
        unranked = f", {self.unranked} without a severity" if self.unranked else ""
        return ScanResult(worst=self.worst, reason=f"reported by {self.scanner}{unranked}", by_change=True)


class UnknownReport(ValueError):
    """No report that says what was looked at; never to be taken for a clean one."""


def read(content: bytes) -> ScanReport:
    """Read a report; raise UnknownReport for one that is empty, skipped or of another kind."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise UnknownReport(f"the scan report is no JSON: {error}") from error
    try:
        if isinstance(document, dict) and "SchemaVersion" in document:
            return _trivy(document)
        if isinstance(document, dict) and "matches" in document:
            return _grype(document)
    except (AttributeError, KeyError, TypeError) as error:
        raise UnknownReport(f"the scan report is not as its scanner writes it: {error!r}") from error
    raise UnknownReport("the scan report is neither Trivy's nor Grype's JSON")


def _trivy(document: Mapping[str, Any]) -> ScanReport:
    results = document.get("Results") or []
    if not results:
        raise UnknownReport("Trivy's report has no results: it looked at nothing")
    about = document.get("Metadata") or {}
    digests = [each.rpartition("@")[2] for each in about.get("RepoDigests") or []]
    found = [each["Severity"] for result in results for each in result.get("Vulnerabilities") or []]
    return _report("Trivy", found, [*digests, about.get("ImageID")])


def _grype(document: Mapping[str, Any]) -> ScanReport:
    target = document["source"]["target"]
    if not isinstance(target, dict):
        raise UnknownReport("Grype's report is not about an image")
    digests = [each.rpartition("@")[2] for each in target.get("repoDigests") or []]
    found = [each["vulnerability"]["severity"] for each in document["matches"]]
    return _report("Grype", found, [*digests, target.get("manifestDigest"), target.get("imageID")])


def _report(scanner: str, found: Iterable[str], digests: Iterable[str | None]) -> ScanReport:
    ranked = [_SEVERITIES.get(each.lower()) for each in found]
    known = [each for each in ranked if each is not None]
    unranked = len(ranked) - len(known)
    # Something was found; how bad it is nobody said.
    least = Severity.LOW if unranked else Severity.NONE
    return ScanReport(
        scanner=scanner,
        worst=max([least, *known], key=lambda severity: severity.rank),
        unranked=unranked,
        # They are shown: what is no digest may be of any length and any characters.
        digests=frozenset(each for each in digests if each and re.fullmatch(DIGEST_PATTERN, each)),
    )
