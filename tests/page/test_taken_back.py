"""Who approves reads beside the buttons what others changed in the cluster, and will be taken back."""

from __future__ import annotations

from pathlib import Path

from shared.domain.policies.policy import Drift
from shared.ports.applier import ClusterObjection
from tests.support.app_parts import make_app
from tests.support.doors import Doors, serving
from tests.support.host import Running
from tests.support.outside import Outside, on_clusters


def test_the_page_says_what_will_be_taken_back(host: Running, tmp_path: Path) -> None:
    """Object, field and who manages it now, in words that cannot be anything else on a page."""
    slipway = make_app("memory", tmp_path, Outside(slipway_yaml=on_clusters(Drift.CORRECT))).start()
    slipway.outside.environments.objections["production/delivery"] = (
        ClusterObjection(
            object="Deployment/delivery", field=".spec.<b>", problem="kubectl changed it since", manager="kubectl"
        ),
    )
    slipway.release_to("1.0.0", approve=False)

    with serving(slipway, host) as doors:
        page = shown(doors)

    assert "will be taken back: Deployment/delivery .spec.&lt;b&gt;: kubectl changed it since" in page
    slipway.database.close()


def shown(doors: Doors) -> str:
    """The first page, as who approves sees it."""
    return doors.get("/", who="rita").body.decode()
