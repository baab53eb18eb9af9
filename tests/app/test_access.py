"""What use cases act on: a repository has its own host."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.adapters.kept_statuses import KeptStatuses
from shared.app.access import RepositoryAccess
from shared.domain.messages import events as ev
from shared.ports.errors import NotFound
from tests.support.app_parts import Harness, make_app
from tests.support.outside import ADA, MAIN, SHIPPING, Outside

BILLING, FEATURE = "billing", "refs/heads/feature/delivery/x"


class Noted:
    """A port that writes down what it is asked."""

    def __init__(self, port: Any, asked: list[str]) -> None:
        self._port, self._asked = port, asked

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if name in ("repositories", "reconcile_every"):  # which ask nobody
            return found

        def call(*args: Any, **more: Any) -> Any:
            self._asked.append(name)
            return found(*args, **more)

        return call


class TwoHosts:
    """An installation with one repository on each of two hosts, and what each host was asked."""

    def __init__(self, folder: Path) -> None:
        self.slipway: Harness = make_app("memory", folder)
        billing = Outside(repository=BILLING)
        self.worlds = {SHIPPING: self.slipway.outside, BILLING: billing}
        self.asked: dict[str, list[str]] = {name: [] for name in self.worlds}
        app = self.slipway.app
        hosts = tuple(self._host(name, KeptStatuses(app.rows, now=app.now)) for name in self.worlds)
        self.slipway.app = replace(app, hosts=hosts)
        self.slipway.start()

    def _host(self, name: str, statuses: KeptStatuses) -> RepositoryAccess:
        def noted(port: Any) -> Any:
            return Noted(port, self.asked[name])

        world = self.worlds[name]
        return RepositoryAccess(source=noted(world.source), statuses=noted(statuses), builder=noted(world.builder))

    def push(self, repository: str) -> None:
        """Push a change of delivery, and go on until it is built; forget what was asked before."""
        for asked in self.asked.values():
            asked.clear()
        files = {"src/shipping/delivery/app.py": repository.encode()}
        commit = self.worlds[repository].commit(FEATURE, files)
        event = ev.PushReceived(
            id=f"push-{repository}", repository=repository, ref=FEATURE, commit=commit, pushed_by=ADA
        )
        self.slipway.send(event)
        self.slipway.pump()


@pytest.fixture
def two(tmp_path: Path) -> TwoHosts:
    """Two hosts, both compared once."""
    return TwoHosts(tmp_path)


@pytest.mark.parametrize(("pushed", "other"), [(SHIPPING, BILLING), (BILLING, SHIPPING)])
def test_a_push_to_one_host_asks_the_other_nothing(two: TwoHosts, pushed: str, other: str) -> None:
    """Neither its source, nor its statuses, nor its builder."""
    two.push(pushed)

    assert {"tip", "build", "set_status"} <= set(two.asked[pushed])
    assert two.asked[other] == []


def test_each_host_is_compared_in_its_own_time(two: TwoHosts) -> None:
    """One behind a network keeps none waiting, and is not asked with the others."""
    two.worlds[BILLING].source.reconcile_every = timedelta(minutes=10)
    two.slipway.tick()
    for asked in two.asked.values():
        asked.clear()
    two.slipway.tick(timedelta(minutes=1))

    assert (two.asked[SHIPPING], two.asked[BILLING]) == (["tips"], [])


def test_every_repository_of_every_host_is_served(two: TwoHosts) -> None:
    """In the order of their names."""
    app = two.slipway.app

    assert app.repositories() == [BILLING, SHIPPING]
    assert app.repository(BILLING).source.tip(BILLING, MAIN) == two.worlds[BILLING].source.tip(BILLING, MAIN)


@pytest.mark.parametrize("served", [True, False])
def test_a_repository_that_no_host_has_is_refused(tmp_path: Path, served: bool) -> None:
    """Our set-up is at fault; what is served is named."""
    app = make_app("memory", tmp_path).app
    known = app if served else replace(app, hosts=())
    ask: Callable[[str], object] = known.repository

    with pytest.raises(NotFound, match=f"'docs' is not served; known are {SHIPPING if served else 'none'}") as refused:
        ask("docs")

    assert refused.value.ours
