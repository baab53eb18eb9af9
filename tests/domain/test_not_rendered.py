"""What was not rendered is not deployed, whatever a team allows and whoever answers for it."""

from __future__ import annotations

import pytest

from shared.domain.charts.manifests import Finding
from shared.domain.policies.policy import GateRules, Verdict
from shared.domain.state.phases import Phase
from shared.domain.values.records import replace
from tests.support.pilot import QA, Pilot, policy
from tests.support.pilot_more import codes, override, reasons

FAULT = Finding("chart charts/delivery", "templates", "deployment.yaml:3: unexpected end of file")


@pytest.mark.parametrize("comply", list(Verdict))
@pytest.mark.parametrize(
    ("findings", "reason"),
    [((FAULT,), f"{FAULT.object}: {FAULT.field}: {FAULT.problem}"), ((), "nothing was rendered")],
)
def test_nothing_rendered_blocks_and_is_not_overridden(
    comply: Verdict, findings: tuple[Finding, ...], reason: str
) -> None:
    """An environment would be emptied by it."""
    pilot = Pilot(policy(replace(QA, gates=GateRules(comply=comply))))
    pilot.world.rendered = {"manifests": "", "findings": findings}
    pilot.release_to("1.0.0", approve=False)
    override(pilot, "manifests", "1.0.0", "qa")
    pilot.perform()

    assert codes(pilot, "1.0.0", "qa") == ["NotRendered"]
    assert reasons(pilot, "1.0.0")[0].reason == reason
    assert pilot.promotion("1.0.0", "qa").phase is Phase.WAITING


def test_a_finding_in_what_was_rendered_can_be_overridden() -> None:
    """There is something to deploy, and somebody answers for it."""
    pilot = Pilot(policy(QA))
    pilot.world.rendered = {"findings": (FAULT,)}
    pilot.release_to("1.0.0", approve=False)
    before = codes(pilot, "1.0.0", "qa")
    override(pilot, "manifests", "1.0.0", "qa")
    pilot.perform()

    assert before == ["ManifestsDoNotComply"]
    assert pilot.promotion("1.0.0", "qa").phase is Phase.SUCCEEDED
