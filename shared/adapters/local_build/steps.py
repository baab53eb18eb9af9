"""What is done for each step of a build."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from shared.adapters.local_build import chart_steps, image_steps, unit_tests
from shared.adapters.local_build.work import BuildWork
from shared.ports.builder import Step

# Each returns what it printed, and raises StepFailed, Cancelled, or what the ports raise.
DO: Mapping[Step, Callable[[BuildWork], bytes]] = {
    Step.UNIT_TESTS: unit_tests.unit_tests,
    Step.IMAGE: image_steps.build_image,
    Step.SCAN: image_steps.scan,
    Step.CHART: chart_steps.check_chart,
    Step.PUSH_IMAGE: image_steps.push_image,
    Step.PUSH_CHART: chart_steps.push_chart,
}
