"""What was found in an environment and can be adopted, as people read it."""

from __future__ import annotations

from shared.app.views.view import View


class AdoptableView(View):
    """A release that runs and that Slipway did not bring there, as an operator may adopt it; `version` is null where none is known by what runs.

    `others` names objects that belong to nobody or to another release, and keep it from being adopted.
    """

    release_name: str
    revision: str
    chart: str
    chart_version: str
    app_version: str
    status: str
    digests: tuple[str, ...]
    others: tuple[str, ...]
    version: str | None
