"""Who reads: what every page and every answer about what is released begins with."""

from __future__ import annotations

from typing import TYPE_CHECKING

import azure.functions as func

from functions.helpers.answers import headers_of
from shared.bootstrap import app

if TYPE_CHECKING:
    from shared.app.people.authorize import Viewer


def viewer_of(req: func.HttpRequest) -> Viewer:
    """Return who reads; raise Unacceptable (401) or NotAllowed (403)."""
    from shared.app.people.authorize import viewer
    from shared.signing_in import sign_in

    principal = sign_in().principal(headers_of(req))
    directory = app().directory if principal.groups_left_out else None
    return viewer(principal.person, principal.memberships, principal.roles, directory, app().evidence)


def may_read(req: func.HttpRequest) -> bool:
    """Whether who asks may read, for an answer that says less to others; nobody may while nobody can be known."""
    from shared.domain.values.errors import SlipwayError

    try:
        viewer_of(req)
    except SlipwayError:
        return False
    return True
