"""A host of pipelines builds: its run has a name and a page, and it says when a run has ended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from shared.app.views import read_builds, read_status
from shared.domain.messages import events as ev
from shared.domain.messages.effects import Build, LookAtBuild
from shared.domain.state.build import NO_HANDLE, BuildHandle
from shared.domain.state.phases import ReleasePhase
from tests.support.app_looks import open_effects
from tests.support.app_parts import DELIVERY, Harness, branch, make_app
from tests.support.crashes import Crash, Fuse, with_fuse
from tests.support.outside import SHIPPING, MemoryBuilder

RUN = BuildHandle(id="run-1", link="https://ci.example.com/runs/1")
AN_HOUR = 3600


@pytest.fixture(params=["memory", "sqlite"])
def slipway(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Harness]:
    """An application whose builds take two looks, an hour apart."""
    made = pushed(make_app(request.param, tmp_path), look_again=AN_HOUR, slow=1)
    yield made
    made.database.close()


def pushed(slipway: Harness, *, look_again: int, slow: int) -> Harness:
    """Push a release whose run will be the first one that the host has named."""
    host = slipway.start().outside.builder
    host.orders.clear()
    host.given.clear()
    host.named, host.look_again, host.slow[branch("1.0.0")] = True, look_again, slow
    slipway.push_release("1.0.0")
    return slipway


def finished(slipway: Harness, run: str = "run-1", repository: str = SHIPPING) -> None:
    """The host says that a run has ended."""
    slipway.send(ev.BuildFinished(id=slipway.app.new_id(), repository=repository, handle=run))
    slipway.pump()


def host_of(slipway: Harness) -> MemoryBuilder:
    """The host that builds."""
    return slipway.outside.builder


def test_a_run_that_ended_is_looked_at_at_once(slipway: Harness) -> None:
    """Not an hour later, when it would be looked at anyway; the builder is asked by the name that it gave."""
    slipway.pump()
    before = slipway.release("1.0.0").phase
    finished(slipway)

    assert (before, slipway.release("1.0.0").phase) == (ReleasePhase.PACKAGING, ReleasePhase.PACKAGED)
    assert host_of(slipway).given == [NO_HANDLE, RUN]
    assert len(host_of(slipway).orders) == 1


def test_a_run_of_which_nobody_tells_is_looked_at_in_its_time(slipway: Harness) -> None:
    """A hook is a help, and no more."""
    slipway.pump()
    slipway.outside.clock.advance(timedelta(seconds=AN_HOUR))
    slipway.pump()

    assert slipway.release("1.0.0").phase == ReleasePhase.PACKAGED


@pytest.mark.parametrize("run", ["run-2", ""])
def test_attack_a_word_of_a_run_that_is_nobodys(slipway: Harness, run: str) -> None:
    """Nothing is asked for it, and nothing is written; a build without a run has no name that could be guessed."""
    slipway.pump()
    host_of(slipway).named = False
    entries = len(slipway.timeline())
    finished(slipway, run)
    finished(slipway, "run-1", repository="unknown")

    assert len(slipway.timeline()) == entries
    assert len(host_of(slipway).given) == 1


def test_attack_a_word_that_comes_too_early_and_often(slipway: Harness) -> None:
    """Each is one look; none of them goes on looking, so that they do not add up."""
    host_of(slipway).slow[branch("1.0.0")] = 4
    slipway.pump()
    for _ in range(3):
        finished(slipway)

    assert len(host_of(slipway).given) == 4
    assert [type(one) for one in open_effects(slipway) if isinstance(one, Build | LookAtBuild)] == [Build]


def test_the_run_is_led_to_while_it_lasts_and_after(slipway: Harness) -> None:
    """From the release, and from the build by its number."""
    links = []
    slipway.pump()
    for _ in range(2):
        release = read_status.release(slipway.app, DELIVERY, "1.0.0", viewer=None).build
        assert release is not None
        links += [release.link, read_builds.build(slipway.app, DELIVERY, str(release.number)).link]
        finished(slipway)

    assert links == [RUN.link] * 4


def test_a_cancelled_build_is_cancelled_by_its_name(slipway: Harness) -> None:
    """The host need not look for it."""
    slipway.pump()
    slipway.outside.delete(branch("1.0.0"))
    slipway.tell_push(branch("1.0.0"))
    slipway.pump()

    assert host_of(slipway).given[-1] == RUN
    assert host_of(slipway).cancelled


def test_a_crash_before_the_name_is_kept_orders_no_second_run(tmp_path: Path) -> None:
    """The builder finds the run by the order's id, and names it once more."""
    slipway = pushed(make_app("memory", tmp_path), look_again=1, slow=3)
    host = slipway.outside.builder
    slipway.pump("events", "inspect-push", "gather-facts", "notify")
    app, receiver = slipway.app, slipway.receiver
    with pytest.raises(Crash):
        with_fuse(slipway, Fuse(3)).deliver_one("build")
    slipway.app, slipway.receiver = app, receiver
    slipway.outside.clock.advance(timedelta(minutes=1))
    slipway.pump()

    assert slipway.release("1.0.0").phase == ReleasePhase.PACKAGED
    assert host.given[:2] == [NO_HANDLE, NO_HANDLE]
    assert host.given[-1] == RUN
    assert len(host.orders) == 1
