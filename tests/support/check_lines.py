"""What the check of a repository says, by its mark."""

from __future__ import annotations

from infra.local.check.report import CheckReport, Mark


def lines(report: CheckReport, mark: Mark) -> list[str]:
    """What stands under a mark, whatever it is about."""
    return [line.text for about in report.parts.values() for line in about if line.mark is mark]
