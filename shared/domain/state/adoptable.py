"""What runs in an environment that Slipway did not bring there, as a person may adopt it."""

from __future__ import annotations

from shared.domain.values.artifact import Artifact
from shared.domain.values.records import Record

# What a tool calls a revision that stands: neither under way nor broken off.
DEPLOYED = "deployed"


class Adoptable(Record):
    """A release by its tool's own record. `manifests` and `values` name evidence: what was applied, and by what it was rendered.

    `artifact` is the version of the service whose digests run, None where no version is known by them. `digests` are the
    first that run; `others` names objects that belong to nobody or to another release.
    """

    release_name: str
    revision: str
    chart: str
    chart_version: str
    app_version: str
    status: str
    digests: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    manifests: str = ""
    values: str = ""
    artifact: Artifact | None = None

    @property
    def said(self) -> str:
        """The release for people."""
        return f"release {self.release_name}, chart {self.chart} {self.chart_version}"

    @property
    def number(self) -> str:
        """The tool's own number of its revision."""
        return self.revision.partition("/")[0]
