"""The page says whose branches cannot be compared."""

from __future__ import annotations

from shared.ports.errors import Transient
from tests.support.app_parts import Harness
from tests.support.doors import Doors


def test_a_repository_that_cannot_be_compared_is_shown(doors: Doors, slipway: Harness) -> None:
    """Pushes may go unnoticed, and somebody has to mend it; what is wrong is text, whatever it says."""
    slipway.outside.troubles.add("source", Transient("<b>git</b> is broken"))
    slipway.tick()
    shown = [doors.get(path, "max").body.decode() for path in ("/", "/services/delivery")]

    assert ["Branches of shipping cannot be compared." in found for found in shown] == [True, True]
    assert ["&lt;b&gt;git&lt;/b&gt; is broken" in found for found in shown] == [True, True]
