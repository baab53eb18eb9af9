"""As if the process had just started: no list of authors is remembered."""

from __future__ import annotations

from shared.app.people import authorship


def forget_lists() -> None:
    """Forget which lists were read or kept."""
    authorship._SHORT_LISTS.clear()
    authorship._LONG_LISTS.clear()
