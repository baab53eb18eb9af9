"""What can be read of a service's builds: how each ended, and what its steps printed."""

from __future__ import annotations

import re
from collections.abc import Iterator

from shared.app.handling.loaded_service import read_service
from shared.app.operating.finding import NotKnown
from shared.app.parts import App
from shared.app.views.build import NumberedBuildView, ended_by_number, running_by_number
from shared.codec.state import BUILDS, build_row
from shared.domain.state.build import BuildRun, ReportedBuild
from shared.domain.state.release import Release, ServiceState
from shared.domain.values.names import ServiceKey
from shared.ports.errors import NotFound

NUMBER_PATTERN = r"[1-9][0-9]{0,17}"
_NUMBER = re.compile(NUMBER_PATTERN)


def build(app: App, key: ServiceKey, number: str) -> NumberedBuildView:
    """Read one build, of a release or of a branch; raise NotKnown."""
    ended = _ended(app, key, number)
    if ended is None:
        for run, ref, version in _running(read_service(app, key).state):
            if str(run.number) == number:
                return running_by_number(key, run, ref=ref, version=version)
        # It may have ended between the two looks.
        ended = _ended(app, key, number)
    if ended is None:
        raise NotKnown("unknown-build", f"there is no build {number[:20]!r} of {key.service}")
    return ended_by_number(key, ended)


def step_output(app: App, key: ServiceKey, number: str, step: str) -> bytes:
    """Read what a step of a build printed, as the bytes that were kept; raise NotKnown."""
    ended = _ended(app, key, number)
    if ended is None:
        raise NotKnown("unknown-build", f"no build {number[:20]!r} of {key.service} has ended")
    steps = {str(one.step): one.output for one in ended.result.steps}
    if step not in steps:
        names = ", ".join(steps) or "none"
        raise NotKnown("unknown-step", f"build {number} of {key.service} did no step {step[:40]!r}; it did: {names}")
    try:
        if steps[step]:
            return app.evidence.get(steps[step])
    except NotFound:
        pass
    raise NotKnown("unknown-output", f"no output of step {step} of build {number} of {key.service} is kept")


def _ended(app: App, key: ServiceKey, number: str) -> ReportedBuild | None:
    row = app.store.row(str(key), build_row(int(number))) if _NUMBER.fullmatch(number) else None
    return BUILDS.decode(row) if row is not None else None


def _running(state: ServiceState) -> Iterator[tuple[BuildRun, str, str]]:
    for run, about in state.builds_under_way():
        yield run, about.ref, about.version.text if isinstance(about, Release) else ""
