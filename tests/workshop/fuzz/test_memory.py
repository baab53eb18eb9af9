"""However many there are, and whatever they ask: what callers send is not kept in memory."""

from __future__ import annotations

import base64
import contextlib
import functools
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from shared.codec.envelope import decode
from shared.codec.errors import UnknownMessage, UnreadableRecord
from shared.inbound.git_hook import read_pushes
from shared.inbound.principal import HEADER, read_principal
from shared.inbound.problems import Unacceptable
from shared.inbound.registry_body import read_changes
from shared.inbound.slipway_yaml import SlipwayYaml
from shared.ports.policies import BrokenPolicy
from tests.codec.test_damage import ALL
from tests.support.app_parts import Harness
from tests.support.codec.stored import Example
from tests.support.doors import HOOK_SECRET, REGISTRY_SECRET, Doors
from tests.support.lively import lively
from tests.support.payloads import changed
from tests.workshop.fuzz.growth import SOMETHING, kept_each

pytestmark = pytest.mark.slow

Ask: TypeAlias = Callable[[Doors, int], object]
S = "/api/services/delivery"


@pytest.fixture
def slipway(tmp_path: Path) -> Iterator[Harness]:
    """An application whose state is on disk."""
    made = lively(tmp_path, "sqlite")
    yield made
    made.database.close()


def hook(doors: Doors, door: str, name: str, secret: str, *where: str | int, to: str) -> None:
    """Send a hook with something in it that was never seen, and let happen what follows."""
    doors.hook(f"/api/hooks/{door}", changed(name, *where, to=to), {"X-Slipway-Secret": secret})
    doors.slipway.pump()


READS: list[Ask] = [
    lambda doors, number: doors.get(f"/api/services/s{number}"),
    lambda doors, number: doors.get(f"{S}?repository=r{number}"),
    lambda doors, number: doors.get(f"{S}/releases/9.9.{number}/why"),
    lambda doors, number: doors.get(f"{S}/builds/{number + 1000}"),
    lambda doors, number: doors.get(f"/api/statuses/{number:040x}"),
    lambda doors, number: doors.get(f"/api/poison/{number + 1000}"),
    lambda doors, number: doors.get(f"/api/services?after=a{number}"),
    lambda doors, number: doors.get(f"/services/delivery?x={number}"),
    lambda doors, number: doors.get(f"/static/{number}.js"),
]
STRANGERS: list[Ask] = [
    lambda doors, number: doors.get(f"/nowhere/{number}"),
    lambda doors, number: doors.host.call(f"M{number}", S),
    lambda doors, number: doors.host.call("GET", S, headers={"Authorization": f"Bearer k{number}"}),
    lambda doors, number: doors.host.call("GET", S, headers={f"X-{number}": f"{number}"}),
    lambda doors, number: doors.hook("/api/hooks/git", b"{}", {"X-Slipway-Secret": f"s{number}"}),
    lambda doors, number: doors.post(f"{S}/environments/qa/rollback", {f"f{number}": 1}, who="max"),
]
WRITES: list[Ask] = [
    lambda doors, number: doors.post(f"{S}/releases/1.0.0/abort", {}, who="max", key=f"key-{number}"),
    lambda doors, number: doors.post(f"{S}/approvals/{number}", {"decision": "approve"}, who="max"),
    lambda doors, number: doors.send("DELETE", f"/api/holds/hold-{number}", who="max"),
    lambda doors, number: hook(doors, "git", "git-hook", HOOK_SECRET, "id", to=f"id-{number}"),
    lambda doors, number: hook(doors, "git", "git-hook", HOOK_SECRET, "repository", to=f"r{number}"),
    lambda doors, number: hook(
        doors, "registry", "cncf-distribution", REGISTRY_SECRET, "events", 0, "id", to=f"id-{number}"
    ),
]


@pytest.mark.parametrize(
    ("asked", "times"),
    [
        pytest.param(READS, 25, id="reads"),
        pytest.param(STRANGERS, 25, id="strangers"),
        pytest.param(WRITES, 40, id="writes"),
    ],
)
def test_what_is_asked_is_not_kept_in_memory(doors: Doors, asked: list[Ask], times: int) -> None:
    """Each time with something new in it, through the real host."""

    def ask(number: int) -> None:
        for one in asked:
            one(doors, number)

    assert kept_each(ask, times=times) < SOMETHING


def principal(number: int) -> object:
    """Somebody else each time."""
    claims = {"claims": [{"typ": "oid", "val": f"id-{number}"}, {"typ": "roles", "val": f"role-{number}"}]}
    return read_principal({HEADER: base64.b64encode(json.dumps(claims).encode()).decode()})


def refused(stored: Example, number: int) -> object:
    """A record with a member too many."""
    return stored.decode(stored.data[:-1] + f', "x": "{number}"}}'.encode())


PARSED: list[Callable[[int], object]] = [
    lambda number: read_pushes(changed("git-hook", "repository", to=f"r{number}")),
    lambda number: read_changes(changed("cncf-distribution", "events", 0, "id", to=f"id-{number}")),
    principal,
    lambda number: SlipwayYaml().compile(
        f"version: 1\nservices: {{s{number}: {{path: p{number}}}}}".encode(), repository="m", commit="c", files=()
    ),
    *(functools.partial(refused, one) for one in ALL.values()),
    lambda number: decode(
        f'{{"schema": 1, "at": "2026-11-23T12:00:00Z", "delivery": {{}}, "message": {{"type": "t{number}"}}}}'
    ),
]


def test_what_is_parsed_is_not_kept_in_memory() -> None:
    """Read or refused, each time with something new in it."""

    def parse(number: int) -> None:
        for one in PARSED:
            with contextlib.suppress(Unacceptable, BrokenPolicy, UnreadableRecord, UnknownMessage):
                one(number)

    assert kept_each(parse, times=25) < SOMETHING


def test_what_is_kept_is_seen() -> None:
    """A text in a set without a limit would be, and once for each time."""
    kept: set[str] = set()

    assert kept_each(lambda number: kept.add(f"key-{number}"), times=25) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("round_", range(2, 14))
def test_what_is_kept_once_is_not_taken_for_more(round_: int) -> None:
    """Something opened where two requests met, say, in whichever round that is: not a reader more for each request."""
    kept: list[str] = []

    def do(number: int) -> None:
        if number == 25 * round_:
            kept.extend(f"{number}-{part}" for part in range(100))

    assert kept_each(do, times=25) < SOMETHING


def test_what_is_kept_a_few_times_is_not_taken_for_more() -> None:
    """However much it is: threads of others open something too, whenever they like."""
    kept: list[str] = []

    def do(number: int) -> None:
        if number in (75, 300, 800):
            kept.extend(f"{number}-{part}" for part in range(1000))

    assert kept_each(do, times=25) < SOMETHING


def test_what_comes_and_goes_is_not_taken_for_more() -> None:
    """Something that is tidied up now and then."""
    kept: list[str] = []

    def do(number: int) -> None:
        kept.append(f"key-{number}")
        if len(kept) == 120:
            kept.clear()

    assert kept_each(do, times=25) < SOMETHING
